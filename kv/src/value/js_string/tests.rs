use super::JsString;

#[test]
fn well_formed_units_become_text() {
    let string = JsString::from_utf16(&[0x61, 0xd83d, 0xde00]);
    assert_eq!(string, JsString::from("a😀"));
    assert_eq!(string.to_utf16(), [0x61, 0xd83d, 0xde00]);
    assert_eq!(string.utf16_len(), 3);
}

#[test]
fn lone_surrogates_are_kept() {
    let units = [0xde00, 0x61, 0xd83d];
    let string = JsString::from_utf16(&units);
    assert_eq!(string.as_str(), None);
    assert_eq!(string.to_utf16(), units);
    assert_eq!(string.utf16_len(), 3);
    assert_eq!(string.to_str_lossy(), "\u{fffd}a\u{fffd}");
    assert_eq!(format!("{string:?}"), r#""\u{de00}a\u{d83d}""#);
    assert_eq!(string.clone().into_string(), Err(string));
}

#[test]
fn text_converts_both_ways() {
    assert_eq!(JsString::from("x").into_string(), Ok("x".to_owned()));
    let x = JsString::from("x");
    assert!(x == "x" && x != *"y");
    assert_eq!(format!("{:?}", JsString::from("\"")), r#""\"""#);
}
