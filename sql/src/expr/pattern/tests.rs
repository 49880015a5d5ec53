use super::{Pattern, Style};

fn like(pattern: &str, text: &str) -> bool {
    Pattern::compile(pattern.as_bytes(), Style::Like, None).matches(text.as_bytes())
}

fn escaped(pattern: &str, escape: char, text: &str) -> bool {
    Pattern::compile(pattern.as_bytes(), Style::Like, Some(escape.into())).matches(text.as_bytes())
}

fn glob(pattern: &str, text: &str) -> bool {
    Pattern::compile(pattern.as_bytes(), Style::Glob, None).matches(text.as_bytes())
}

#[test]
fn like_has_two_wildcards() {
    assert!(like("", ""));
    assert!(!like("", "a"));
    assert!(like("%", ""));
    assert!(like("%%", "abc"));
    assert!(like("aBc", "AbC"));
    assert!(like("a%", "ABC"));
    assert!(like("%c", "ABC"));
    assert!(!like("%c", "abcd"));
    assert!(like("%B%", "abc"));
    assert!(like("a_c", "abc") && like("a_c", "a€c") && !like("a_c", "ac"));
    assert!(like("%a%b%c%", "xxaxxbxxc") && !like("%a%b%c%", "xxaxxcxxb"));
    assert!(like("%ab%abc", "abxababc"));
    assert!(like("ä%", "äb") && !like("Ä", "ä"), "only ASCII has two cases");
    assert!(like("%_%_%", "ab") && !like("%_%_%", "a"));
    assert!(like("a%", "a\0b") && like("a", "a\0b") && !like("%b", "a\0b"), "texts end at a NUL byte");
    assert!(like("%b%", "ab\0b") && !like("%b%", "a\0b") && !like("%b%", "a\0bb"));
    let exact = Pattern::compile(b"a%", Style::LikeCaseSensitive, None);
    assert!(exact.matches(b"abc") && !exact.matches(b"Abc"));
}

#[test]
fn a_word_is_found_wherever_it_is() {
    for len in 3..40_usize {
        for at in 0..=len - 3 {
            let text = format!("{}sON{}", "s".repeat(at), "x".repeat(len - 3 - at));
            assert!(like("%Son%", &text) && !like("%sun%", &text), "{text}");
            assert!(glob("*ON*", &text) && !glob("*on*", &text), "{text}");
        }
    }
}

#[test]
fn an_escape_makes_the_next_character_itself() {
    assert!(escaped("10\\%", '\\', "10%") && !escaped("10\\%", '\\', "100"));
    assert!(escaped("\\_%", '\\', "_x") && !escaped("\\_%", '\\', "ax"));
    assert!(!escaped("a\\", '\\', "a\\"), "nothing follows");
    assert!(escaped("a%%", '%', "a%") && !escaped("a%%", '%', "abc"), "it is no wildcard any more");
    assert!(escaped("éé", 'é', "é"));
}

#[test]
fn glob_has_sets() {
    assert!(glob("a*c?", "abbbcd") && !glob("a*c?", "abbbc"));
    assert!(glob("[abc]x", "bx") && !glob("[abc]x", "Bx"));
    assert!(glob("[^a-c]", "d") && !glob("[^a-c]", "b"));
    assert!(glob("[]a]", "]") && glob("[^]a]", "b"));
    assert!(glob("[a-]", "-") && glob("[a-c-e]", "-") && !glob("[a-c-e]", "d"));
    assert!(!glob("[abc", "a"), "no end, no match");
    assert!(glob("*[0-9]", "abc7") && !glob("*[0-9]", "abc"));
    assert!(glob("[α-ω]", "λ"));
}

#[test]
fn what_matches_begins_with_the_prefix() {
    let compile = |pattern: &str| Pattern::compile(pattern.as_bytes(), Style::Like, None);
    let cases = [
        ("ABc%", "abc", true),
        ("a_%", "a", false),
        ("%a", "", false),
        ("abc", "abc", false),
        ("é%", "é", true),
        ("é%x", "é", false),
    ];
    for (pattern, prefix, is_prefix_only) in cases {
        let compiled = compile(pattern);
        assert_eq!(
            (compiled.prefix(), compiled.is_prefix_only()),
            (prefix.as_bytes(), is_prefix_only),
            "{pattern}"
        );
    }
}

/// The plainest way to match: try everything.
fn matches_by_trying(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skipped| matches_by_trying(rest, &text[skipped..])),
        Some(('_', rest)) => !text.is_empty() && matches_by_trying(rest, &text[1..]),
        Some((letter, rest)) => {
            text.first().is_some_and(|first| first.eq_ignore_ascii_case(letter))
                && matches_by_trying(rest, &text[1..])
        }
    }
}

proptest::proptest! {
    #[test]
    fn like_matches_as_by_trying(pattern in "[aAb%_é]{0,8}", text in "[aAbé]{0,8}") {
        let by_trying = matches_by_trying(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
        proptest::prop_assert_eq!(like(&pattern, &text), by_trying);
    }

    #[test]
    fn no_bytes_make_it_panic(pattern: Vec<u8>, text: Vec<u8>, escape: Option<u8>) {
        for style in [Style::Like, Style::LikeCaseSensitive, Style::Glob] {
            let compiled = Pattern::compile(&pattern, style, escape.map(u32::from));
            let _ = compiled.matches(&text);
        }
    }
}
