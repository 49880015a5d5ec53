use super::cast;
use crate::value::{Affinity, ArenaBuffer, ValueRef};

#[test]
fn casts_force() {
    use Affinity::{Blob as ToBlob, Integer as ToInteger, Numeric, Real as ToReal, Text as ToText};
    use ValueRef::{Blob, Integer, Null, Real};
    let text = ValueRef::text;
    let cases = [
        (Null, ToInteger, Null),
        (text("12.9abc"), ToInteger, Integer(12)),
        (text("1e5"), ToInteger, Integer(1)),
        (text("99999999999999999999"), ToInteger, Integer(i64::MAX)),
        (Real(1e300), ToInteger, Integer(i64::MAX)),
        (Real(-2.9), ToInteger, Integer(-2)),
        (Blob(b" 7 "), ToInteger, Integer(7)),
        (text("12.9abc"), ToReal, Real(12.9)),
        (Integer(3), ToReal, Real(3.0)),
        (text("12.0abc"), Numeric, Integer(12)),
        (text("12.5"), Numeric, Real(12.5)),
        (text("abc"), Numeric, Integer(0)),
        (text("9223372036854775808"), Numeric, Real(9_223_372_036_854_775_808.0)),
        (Real(5.0), Numeric, Real(5.0)),
        (Integer(5), ToText, text("5")),
        (Blob(b"ab"), ToText, text("ab")),
        (Real(5.0), ToBlob, Blob(b"5.0")),
        (text("ab"), ToBlob, Blob(b"ab")),
    ];
    let mut buffer = ArenaBuffer::new();
    for (value, affinity, want) in cases {
        assert_eq!(cast(value, affinity, &buffer.arena()), want, "{value:?} to {affinity:?}");
    }
}
