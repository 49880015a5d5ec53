//! Tokens of odd texts.

use proptest::prelude::*;
use sqlparser::keywords::Keyword;

use super::*;

/// All tokens of a text.
fn tokens(text: &str) -> Vec<(Kind, &str)> {
    let mut tokens = Tokens::new(text, text.len());
    let mut all = Vec::new();
    loop {
        let token = tokens.get(all.len());
        all.push((token.kind, &text[token.span.range()]));
        if matches!(token.kind, Kind::End | Kind::Illegal) {
            return all;
        }
    }
}

fn kinds(text: &str) -> Vec<Kind> {
    tokens(text).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn tokens_are_sqlites() {
    use Kind as K;
    let word = K::Word(Keyword::NoKeyword);
    for (text, kinds_of_text) in [
        ("0x1F x'1F' 0X1f", vec![K::Integer, K::Blob, K::Integer, K::End]),
        ("1 1. .5 1e5 1_0", vec![K::Integer, K::Real, K::Real, K::Real, K::Integer, K::End]),
        ("1a", vec![K::Illegal]),
        ("~~a", vec![K::Tilde, K::Tilde, word, K::End]),
        ("a<@b", vec![word, K::Less, K::Parameter, K::End]),
        ("a|/b", vec![word, K::Pipe, K::Slash, word, K::End]),
        ("N'a'", vec![word, K::Text, K::End]),
        ("[a]]", vec![K::QuotedName, K::Illegal]),
        ("'t'._a", vec![K::Text, K::Dot, word, K::End]),
        (":1.5", vec![K::Parameter, K::Real, K::End]),
        ("$a(') ' ", vec![K::Parameter, K::Illegal]),
        ("a/* b", vec![word, K::End]),
        ("/*", vec![K::Slash, K::Star, K::End]),
        ("indexed isnull", vec![K::Indexed, K::IsNull, K::End]),
        ("a == b != c", vec![word, K::Eq, word, K::NotEq, word, K::End]),
        ("a -> b ->> c", vec![word, K::Arrow, word, K::LongArrow, word, K::End]),
        ("\u{feff}a\u{feff}\u{a0}b", vec![word, K::End]),
        ("é1$ ñ", vec![word, word, K::End]),
        ("a \u{b}b", vec![word, word, K::End]),
        ("a\u{b}b", vec![word, K::Illegal]),
        ("\u{0}", vec![K::Illegal]),
        ("", vec![K::End]),
    ] {
        assert_eq!(kinds(text), kinds_of_text, "{text}");
    }
}

#[test]
fn what_follows_a_statement_is_not_read() {
    let text = "a ; b 'c";
    let mut tokens = Tokens::new(text, text.len());
    assert_eq!(tokens.get(1).kind, Kind::Semicolon);
    assert_eq!(tokens.read, 3);
    assert_eq!(tokens.get(10).kind, Kind::Illegal);
}

proptest! {
    /// Tokens are where their spans say, in the order of the text, with blanks and comments between them.
    #[test]
    fn nothing_is_lost_between_tokens(
        fragments in prop::collection::vec(
            prop::sample::select(vec![
                "'", "''", "'a b'", "\"", "\"b\"", "`", "[", "]", "[ d]", "a", "N'", "x'", "x'00'", "1", ".5", ".", "._a", "e5",
                "0x1f", "_", "$a", ":", ":b", "@", "?1", "#", "~~", "<@", "->>", "--", "||", "|/", "!", "=>", "/", "/*", "*/",
                "\n", " ", "\t", "é", "\u{feff}", "\u{a0}", "日本", ";", ",", "(", "(x)", "\\",
            ]),
            0..40,
        ),
    ) {
        let text = fragments.concat();
        let mut read = 0;
        let mut tokens = Tokens::new(&text, text.len());
        for number in 0.. {
            let token = tokens.get(number);
            let between = &text[read..token.span.range().start];
            let is_blank = |part: &str| part.trim_matches(['\t', '\n', ' ', '\u{feff}']).is_empty();
            prop_assert!(is_blank(between) || between.contains("--") || between.contains("/*"), "{text}: {between}");
            read = token.span.range().end;
            if matches!(token.kind, Kind::End | Kind::Illegal) {
                break;
            }
            prop_assert!(!token.span.range().is_empty());
        }
    }

    /// No text makes the parser panic, and no error names a place outside of the text.
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
        let limits = crate::Limits::default();
        if let Err(error) = super::super::parse_next(&text, 0, &limits) {
            prop_assert!(error.offset().is_none_or(|offset| offset <= text.len()), "{text}: {error}");
        }
    }
}
