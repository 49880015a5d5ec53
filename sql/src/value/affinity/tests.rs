use super::Affinity;
use crate::value::{ArenaBuffer, ValueRef};

#[test]
fn declared_types_give_an_affinity() {
    let cases = [
        ("INT", Affinity::Integer),
        ("unsigned big int", Affinity::Integer),
        ("CHARINT", Affinity::Integer),
        ("FLOATING POINT", Affinity::Integer),
        ("VARCHAR(255)", Affinity::Text),
        ("clob", Affinity::Text),
        ("Text", Affinity::Text),
        ("BLOB", Affinity::Blob),
        ("BLOBTEXT", Affinity::Text),
        ("REAL", Affinity::Real),
        ("double precision", Affinity::Real),
        ("FLOAT", Affinity::Real),
        ("REALBLOB", Affinity::Blob),
        ("DECIMAL(10,5)", Affinity::Numeric),
        ("", Affinity::Numeric),
        ("DATE", Affinity::Numeric),
    ];
    for (name, affinity) in cases {
        assert_eq!(Affinity::of_type(name), affinity, "{name}");
    }
}

#[test]
fn storing_converts_what_can_be_without_loss() {
    use ValueRef::{Blob, Integer, Null, Real};
    let text = ValueRef::text;
    let cases = [
        (Affinity::Integer, text(" 12 "), Integer(12)),
        (Affinity::Integer, text("12.0"), Integer(12)),
        (Affinity::Integer, text("12.5"), Real(12.5)),
        (Affinity::Integer, text("12x"), text("12x")),
        (Affinity::Integer, Real(3.0), Integer(3)),
        (Affinity::Integer, Real(3.5), Real(3.5)),
        (Affinity::Integer, Real(9.3e18), Real(9.3e18)),
        (Affinity::Integer, text("9223372036854775808"), Real(9_223_372_036_854_775_808.0)),
        (Affinity::Numeric, Blob(b"1"), Blob(b"1")),
        (Affinity::Real, Integer(3), Real(3.0)),
        (Affinity::Real, text("3"), Real(3.0)),
        (Affinity::Real, Null, Null),
        (Affinity::Text, Integer(3), text("3")),
        (Affinity::Text, Real(3.0), text("3.0")),
        (Affinity::Text, Blob(b"1"), Blob(b"1")),
        (Affinity::Blob, Integer(3), Integer(3)),
        (Affinity::FlexNum, text("3.0"), Integer(3)),
        (Affinity::FlexNum, Real(3.0), Real(3.0)),
    ];
    let mut buffer = ArenaBuffer::new();
    for (affinity, value, want) in cases {
        assert_eq!(affinity.apply(value, &buffer.arena()), want, "{affinity:?} of {value:?}");
    }
}

#[test]
fn comparisons_agree_on_an_affinity() {
    use Affinity::{Blob, Integer, None, Numeric, Real, Text};
    let cases = [
        (None, None, None),
        (None, Text, Text),
        (Blob, None, Blob),
        (Blob, Text, Blob),
        (Text, Text, Blob),
        (Text, Integer, Numeric),
        (Blob, Real, Numeric),
        (None, Integer, Integer),
    ];
    for (a, b, want) in cases {
        assert_eq!(a.for_comparison(b), want);
        assert_eq!(b.for_comparison(a), want);
    }
}
