//! Every keyword, and what is none.

use super::*;

#[test]
fn every_keyword_is_found_in_any_case() {
    for (number, word) in ALL_KEYWORDS.iter().enumerate() {
        assert_eq!(keyword(word), ALL_KEYWORDS_INDEX[number], "{word}");
        assert_eq!(keyword(&word.to_ascii_lowercase()), ALL_KEYWORDS_INDEX[number], "{word}");
    }
}

#[test]
fn other_words_are_none() {
    for word in ["", "a", "selec", "selects", "o_id", "@ELECT", "sélect", "select\u{0}"] {
        assert_eq!(keyword(word), Keyword::NoKeyword, "{word}");
    }
}
