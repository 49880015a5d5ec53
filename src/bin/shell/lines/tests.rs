use super::*;

#[test]
fn keys_come_back_from_their_lines() {
    for key in [
        "",
        "a",
        "a b",
        "a\\nb",
        "ä",
        "\"",
        "\"quoted\"",
        "a\"b",
        "a\tb",
        "a\nb",
        "\r",
        "\u{1}",
        "\u{7f}\u{85}",
    ] {
        let line = format!("{}\t1", key_field(key));
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert_eq!(record(&line), Ok((key.into(), "1")), "{line:?}");
    }
}

#[test]
fn plain_keys_stand_as_they_are() {
    assert_eq!(key_field("C:\\new \"x\""), "C:\\new \"x\"");
    assert_eq!(key_field("a\tb"), r#""a\tb""#);
}

#[test]
fn json_may_hold_tabs() {
    assert_eq!(record("k\t[1,\t2]"), Ok(("k".into(), "[1,\t2]")));
}

#[test]
fn bad_lines_say_what_is_wrong() {
    assert!(record("no tab").expect_err("there is none").contains("no tab"));
    assert!(record("\"open\t1").expect_err("it is not closed").contains("JSON string"));
}

#[test]
fn a_prompt_line_is_split_into_words() {
    let words_of = |line: &str| words(line).expect("it is well formed");
    assert_eq!(words_of("  list --prefix a  --limit 3 "), ["list", "--prefix", "a", "--limit", "3"]);
    assert_eq!(words_of(r#"put a {"x": "y z"} "#), ["put", "a", r#"{"x": "y z"}"#]);
    assert_eq!(words_of(r#"put "a b\"\t" "text" "#), ["put", "a b\"\t", r#""text""#]);
    assert_eq!(words_of(r#"delete "a b" c"#), ["delete", "a b", "c"]);
    assert_eq!(words_of(""), [""; 0]);
    assert!(words("get \"a").is_err());
}
