//! What sqlparser's tokenizer must know of SQLite's words and quotes.

use sqlparser::dialect::Dialect;

/// SQLite's rules for the tokenizer. What hooks cannot say is put right in [`tokens`](super::tokens).
#[derive(Debug)]
pub(super) struct SqliteWords;

/// A character that some editors write at the start of a text. SQLite takes it as a blank.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Dialect for SqliteWords {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_' || (!ch.is_ascii() && ch != BYTE_ORDER_MARK)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_' || ch == '$' || !ch.is_ascii()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '`' | '[')
    }

    /// `$a` is a parameter; without this `$a$` would start a string.
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }
}
