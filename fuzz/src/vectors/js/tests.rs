use super::*;

fn read(text: &str) -> Js {
    Js::read(&serde_json::from_str(text).expect("JSON"), 1000.0).expect("a value")
}

fn text(text: &str) -> Js {
    Js::String(text.into())
}

#[test]
fn json_means_itself() {
    assert_eq!(read("null"), Js::Null);
    assert_eq!(
        read("[1, \"a\", true]"),
        Js::Array(vec![Some(Js::Number(1.0)), Some(text("a")), Some(Js::Bool(true))])
    );
    let object = read(r#"{"b": 1, "10": 2, "9": 3}"#);
    assert_eq!(
        object,
        Js::Object(vec![
            ("9".into(), Js::Number(3.0)),
            ("10".into(), Js::Number(2.0)),
            ("b".into(), Js::Number(1.0))
        ])
    );
    assert_eq!(object.property("10"), Js::Number(2.0));
    assert_eq!(object.property("c"), Js::Undefined);
}

#[test]
fn tags_are_values() {
    assert_eq!(read(r#"{"$":"undefined"}"#), Js::Undefined);
    assert!(matches!(read(r#"{"$":"num","v":"-0"}"#), Js::Number(zero) if zero.is_sign_negative()));
    assert_eq!(read(r#"{"$":"now","plus":60}"#), Js::Number(1060.0));
    assert_eq!(read(r#"{"$":"u8","hex":"00ff"}"#), Js::View(ViewKind::Uint8Array, vec![0, 255]));
    assert_eq!(read(r#"{"$":"repeatblob","byte":7,"n":3}"#), Js::Buffer(vec![7, 7, 7]));
    assert_eq!(read(r#"{"$":"concat","parts":["a",{"$":"repeat","s":"b","n":3}]}"#), text("abbb"));
    assert_eq!(
        read(r#"{"$":"sparse","length":3,"entries":[[1,"x"]]}"#),
        Js::Array(vec![None, Some(text("x")), None])
    );
    assert_eq!(
        read(r#"{"$":"manykeys","n":2,"prefix":"k","pad":2}"#),
        Js::Array(vec![Some(text("k00")), Some(text("k01"))])
    );
    assert_eq!(
        read(r#"{"$":"args","n":2,"from":5}"#),
        Js::Array(vec![Some(Js::Number(5.0)), Some(Js::Number(6.0))])
    );
    assert!(Js::read(&serde_json::json!({"$": "nonsense"}), 0.0).is_err());
}

#[test]
fn truth_is_that_of_the_language() {
    for json in ["null", "0", "\"\"", "false", r#"{"$":"num","v":"NaN"}"#, r#"{"$":"bigint","v":"0"}"#] {
        assert!(!read(json).is_truthy(), "{json}");
    }
    for json in ["\"no\"", "1", "[]", "{}", r#"{"$":"bigint","v":"3"}"#] {
        assert!(read(json).is_truthy(), "{json}");
    }
}
