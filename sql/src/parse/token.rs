//! What a token is.

use sqlparser::keywords::Keyword;

use crate::ast::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word without quotes; [`Keyword::NoKeyword`] if it is none that sqlparser knows.
    Word(Keyword),
    /// `INDEXED` and `ISNULL`, the words of SQLite's grammar that sqlparser does not know.
    Indexed,
    IsNull,
    /// `"a"`, `` `a` ``, `[a]`
    QuotedName,
    /// `'a'`
    Text,
    /// `x'53'`
    Blob,
    /// A number without point and exponent, perhaps hexadecimal.
    Integer,
    /// A number with point or exponent.
    Real,
    /// `?`, `?1`, `:a`, `@a`, `$a`
    Parameter,
    LeftParen,
    RightParen,
    Comma,
    Dot,
    Semicolon,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Concat,
    Arrow,
    LongArrow,
    Ampersand,
    Pipe,
    Tilde,
    ShiftLeft,
    ShiftRight,
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    /// What no token starts with, and quoted text that is not closed.
    Illegal,
    /// The end of the text.
    End,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}
