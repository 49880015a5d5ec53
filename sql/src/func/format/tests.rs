use super::format;
use crate::func::writer::Writer;
use crate::value::ValueRef;

fn printf(text: &str, args: &[ValueRef<'_>]) -> String {
    let mut out = Writer::unstoppable(1000);
    format(text.as_bytes(), args, u64::MAX, &mut out).unwrap();
    String::from_utf8(out.into_bytes()).unwrap()
}

#[test]
fn integers() {
    let int = ValueRef::Integer;
    assert_eq!(printf("%d|%5d|%-5d|%05d|%+d", &[int(7); 5]), "7|    7|7    |00007|+7");
    assert_eq!(printf("%,d", &[int(-1_234_567)]), "-1,234,567");
    assert_eq!(
        printf("%x %#X %o %u", &[int(255), int(255), int(8), int(-1)]),
        "ff 0XFF 10 18446744073709551615"
    );
    assert_eq!(printf("%r %r %r %r", &[int(1), int(12), int(22), int(113)]), "1st 12th 22nd 113th");
    assert_eq!(printf("%.3d|%*d", &[int(7), int(-4), int(7)]), "007|7   ");
    assert_eq!(printf("%lld %d", &[int(i64::MIN)]), "-9223372036854775808 0");
}

#[test]
fn reals() {
    let real = ValueRef::Real;
    assert_eq!(printf("%f|%.2f|%10.1f|%-10.1f|", &[real(2.5); 4]), "2.500000|2.50|       2.5|2.5       |");
    assert_eq!(
        printf("%e %E %.0e", &[real(12345.678), real(1e-7), real(15.0)]),
        "1.234568e+04 1.000000E-07 2e+01"
    );
    assert_eq!(
        printf("%g %g %g %#g", &[real(1e20), real(0.0001), real(100.0), real(1.0)]),
        "1e+20 0.0001 100 1.00000"
    );
    assert_eq!(printf("%!.15g %!g", &[real(0.1), real(1.0)]), "0.1 1.0");
    assert_eq!(printf("%,.2f", &[real(1234567.891)]), "1,234,567.89");
    assert_eq!(printf("%08.2f %+.1f % .1f", &[real(-3.1234), real(2.0), real(2.0)]), "-0003.12 +2.0  2.0");
    assert_eq!(printf("%f %+f", &[real(f64::INFINITY); 2]), "Inf +Inf");
    assert_eq!(printf("%#.1f %.1f", &[real(-0.04); 2]), "0.0 -0.0");
    assert_eq!(printf("%.16g", &[real(2451545.123456789)]), "2451545.123456789");
}

#[test]
fn texts() {
    let text = ValueRef::text;
    assert_eq!(printf("%s|%5s|%-5s|%.2s|", &[text("abc"); 4]), "abc|  abc|abc  |ab|");
    assert_eq!(printf("%!5s|%!.1s|%5s|", &[text("äö"); 3]), "   äö|ä| äö|");
    assert_eq!(printf("%c|%3c|%.3c|", &[text("äb"), text("x"), text("y")]), "ä|  x|yyy|");
    assert_eq!(printf("%q %Q %w", &[text("a'b"), text("a'b"), text("a\"b")]), "a''b 'a''b' a\"\"b");
    assert_eq!(printf("%Q %q %s|", &[ValueRef::Null; 3]), "NULL (NULL) |");
    assert_eq!(
        printf("%#Q %#Q %#q", &[text("a\\b"), text("a\n"), text("a\\")]),
        "'a\\b' unistr('a\\u000a') a\\\\"
    );
    assert_eq!(
        printf("%j %J %J", &[text("a\"\n\u{1}"), text("x"), ValueRef::Null]),
        "a\\\"\\n\\u0001 \"x\" null"
    );
}

#[test]
fn the_rest_of_the_format() {
    let one = [ValueRef::Integer(1)];
    assert_eq!(printf("100%% %d%", &one), "100% 1%");
    assert_eq!(printf("a%yb", &one), "a", "an unknown letter ends it");
    assert_eq!(printf("a%5", &one), "a", "so does the end within a conversion");
    assert_eq!(printf("a%nb%d\0c", &one), "ab1");
}
