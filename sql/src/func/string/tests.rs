use crate::func::tests::{TestContext, call_in, shown};
use crate::func::{Call, Place, concat_operator};
use crate::value::{ArenaBuffer, Collation, ValueRef};
use crate::{Error, Limits};

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::text(text)
}

fn int(integer: i64) -> ValueRef<'static> {
    ValueRef::Integer(integer)
}

#[test]
fn lengths() {
    assert_eq!(shown("length", &[text("a€b")]), "I3");
    assert_eq!(shown("length", &[text("a\0b")]), "I1");
    assert_eq!(shown("length", &[ValueRef::Blob(b"a\0b")]), "I3");
    assert_eq!(shown("length", &[ValueRef::Real(1.0)]), "I3");
    assert_eq!(shown("octet_length", &[text("a€b")]), "I5");
}

#[test]
fn parts() {
    assert_eq!(shown("substr", &[text("a€bcd"), int(2), int(2)]), r"T\xe2\x82\xacb");
    assert_eq!(shown("substr", &[text("abcde"), int(-2)]), "Tde");
    assert_eq!(shown("substr", &[text("abcde"), int(0), int(2)]), "Ta");
    assert_eq!(shown("substr", &[text("abcde"), int(4), int(-2)]), "Tbc");
    assert_eq!(shown("substr", &[text("abc"), int(i64::MIN), int(i64::MAX)]), "Tab");
    assert_eq!(shown("substr", &[ValueRef::Blob(b"abc"), int(2), int(9)]), "Xbc");
    assert_eq!(shown("substr", &[ValueRef::Blob(b""), int(1)]), "N");
    assert_eq!(shown("substring", &[int(12345), int(2), int(3)]), "T234");
    assert_eq!(shown("instr", &[text("a€b"), text("b")]), "I3");
    assert_eq!(shown("instr", &[ValueRef::Blob("a€b".as_bytes()), ValueRef::Blob(b"b")]), "I5");
    assert_eq!(shown("instr", &[text(""), text("")]), "I1");
}

#[test]
fn replacing_and_trimming() {
    assert_eq!(shown("replace", &[text("aXbX"), text("X"), text("--")]), "Ta--b--");
    assert_eq!(shown("replace", &[text("abc"), text(""), ValueRef::Null]), "Tabc");
    assert_eq!(shown("replace", &[text("abc"), text("b"), ValueRef::Null]), "N");
    assert_eq!(shown("trim", &[text("  a ")]), "Ta");
    assert_eq!(shown("ltrim", &[text("xyxa"), text("yx")]), "Ta");
    assert_eq!(shown("rtrim", &[text("a€€"), text("€")]), "Ta");
    assert_eq!(shown("upper", &[text("aß\0b")]), r"TA\xc3\x9f\x00B");
}

#[test]
fn joining() {
    assert_eq!(shown("concat", &[ValueRef::Null, int(1), text("b")]), "T1b");
    assert_eq!(shown("concat", &[ValueRef::Null]), "T");
    assert_eq!(shown("concat_ws", &[text(","), ValueRef::Null, int(1), text("b")]), "T1,b");
    assert_eq!(shown("concat_ws", &[ValueRef::Null, int(1)]), "N");
    assert_eq!(shown("char", &[int(97), int(0x20ac), int(-1)]), r"Ta\xe2\x82\xac\xef\xbf\xbd");
}

#[test]
fn encodings() {
    assert_eq!(shown("hex", &[int(12)]), "T3132");
    assert_eq!(shown("unhex", &[text("41-42"), text("-")]), "XAB");
    assert_eq!(shown("unhex", &[text("4-142"), text("-")]), "N");
    assert_eq!(shown("quote", &[text("it's")]), r"T\'it\'\'s\'");
    assert_eq!(shown("quote", &[ValueRef::Real(f64::INFINITY)]), "T9.0e+999");
    assert_eq!(shown("quote", &[ValueRef::Blob(b"\x01\xff")]), r"TX\'01FF\'");
    assert_eq!(shown("unistr_quote", &[text("a\n")]), r"Tunistr(\'a\\u000a\')");
    assert_eq!(shown("unistr", &[text(r"\0041\\\+01F0A1")]), r"TA\\\xf0\x9f\x82\xa1");
    assert_eq!(shown("unistr", &[text(r"\00x1")]), "Einvalid Unicode escape");
    assert_eq!(shown("soundex", &[text("Robert")]), "TR163");
    assert_eq!(shown("soundex", &[text("123")]), "T?000");
    assert_eq!(shown("unicode", &[text("€")]), "I8364");
}

#[test]
fn patterns_have_limits() {
    let context = TestContext {
        limits: Limits { like_pattern_bytes: 3, ..Limits::default() },
        ..TestContext::default()
    };
    let like = |pattern| {
        call_in(&context, Place::Statement, "like", &[text(pattern), text("abcd")]).map_err(|e| e.to_string())
    };
    assert!(like("a%d").is_ok());
    assert_eq!(like("ab%d").unwrap_err(), "LIKE or GLOB pattern too complex");
    assert_eq!(
        shown("like", &[text("a"), text("a"), text("ab")]),
        "EESCAPE expression must be a single character"
    );
    let sensitive = TestContext { is_like_case_sensitive: true, ..TestContext::default() };
    let result = call_in(&sensitive, Place::Statement, "like", &[text("A"), text("a")]).unwrap();
    assert_eq!(result.as_ref(), ValueRef::Integer(0));
}

#[test]
fn results_have_limits() {
    let long = "x".repeat(15_000);
    let long = text(&long);
    let too_big = "Estring or blob too big";
    assert_eq!(shown("hex", &[long]), too_big);
    assert_eq!(shown("concat", &[long, long]), too_big);
    assert_eq!(shown("replace", &[long, text("x"), text("xx")]), too_big);
    assert_eq!(shown("zeroblob", &[int(20_001)]), too_big);
    assert_eq!(shown("randomblob", &[int(i64::MAX)]), too_big);
    assert_eq!(shown("printf", &[text("%s%s"), long, long]), too_big);
    assert_eq!(shown("printf", &[text("%2000000000d"), int(1)]), too_big);
    assert_eq!(shown("printf", &[text("%.99999999f"), int(1)]), too_big);
}

#[test]
fn the_operator_joins_texts() {
    let context = TestContext::default();
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    let call = Call {
        arena: &arena,
        context: &context,
        collation: &Collation::Binary,
        place: Place::Statement,
        function: "||",
    };
    assert_eq!(concat_operator(&call, int(1), ValueRef::Real(2.0)).unwrap(), text("12.0"));
    assert_eq!(concat_operator(&call, ValueRef::Blob(b"a"), ValueRef::Null).unwrap(), ValueRef::Null);
    let long = "x".repeat(15_000);
    assert!(concat_operator(&call, text(&long), text(&long)).is_err());
}

#[test]
fn calls_over_long_values_stop() {
    let limits = Limits { length_bytes: 1 << 30, ..Limits::default() };
    let context = TestContext { limits, is_interrupted: true, ..TestContext::default() };
    let long = "é".repeat(1 << 20);
    let (text, one) = (ValueRef::Text(long.as_bytes()), ValueRef::Text(b"x"));
    let (blob, number) = (ValueRef::Blob(long.as_bytes()), ValueRef::Integer(1 << 20));
    let calls: &[(&str, &[ValueRef<'_>])] = &[
        ("length", &[text]),
        ("substr", &[text, number, number]),
        ("substr", &[text, ValueRef::Integer(-5), number]),
        ("instr", &[text, one]),
        ("upper", &[text]),
        ("trim", &[text, text]),
        ("replace", &[text, one, one]),
        ("concat", &[text, one]),
        ("concat_ws", &[one, text, text]),
        ("hex", &[blob]),
        ("unhex", &[text, text]),
        ("quote", &[text]),
        ("quote", &[blob]),
        ("unistr_quote", &[text]),
        ("unistr", &[text]),
        ("soundex", &[ValueRef::Text(&[b'a'; 1 << 20])]),
        ("printf", &[ValueRef::Text(b"%s"), text]),
        ("printf", &[ValueRef::Text(b"%q"), text]),
        ("printf", &[ValueRef::Text(b"%J"), text]),
        ("printf", &[ValueRef::Text(b"%9999999s"), one]),
        ("printf", &[ValueRef::Text(b"%.9999999c"), one]),
        ("like", &[ValueRef::Text(b"%x%"), text]),
        ("like", &[ValueRef::Text(b"%x_"), text]),
        ("glob", &[ValueRef::Text(b"*x"), text]),
        ("randomblob", &[number]),
    ];
    for (name, args) in calls {
        let result = call_in(&context, Place::Statement, name, args);
        assert!(matches!(result, Err(Error::Interrupted)), "{name} gave {:?}", result.map(|_| "a value"));
    }
}
