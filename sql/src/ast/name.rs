//! Names as they were written, and where.

use std::ops::Range;

/// A range of bytes in the text of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Where the range starts, as an index into the text.
    #[must_use]
    pub fn offset(self) -> usize {
        self.range().start
    }

    /// The same range for slicing the text.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        const _: () = assert!(usize::BITS >= u32::BITS);
        self.start as usize..self.end as usize
    }
}

/// How a name was quoted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quote {
    /// `name`
    #[default]
    None,
    /// `"name"`: where a column is expected and none has this name, it is the string `'name'`.
    Double,
    /// `` `name` ``
    Backtick,
    /// `[name]`
    Bracket,
    /// `'name'`: a string in a place where only a name makes sense.
    Single,
}

/// A name, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name in its own letters. Compare with [`Name::is`]: case does not count.
    pub text: Box<str>,
    /// How it was quoted.
    pub quote: Quote,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Name {
    /// Whether this is the same name as `other`. ASCII letters match in either case, other letters only themselves.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }

    /// Whether the name was written without quotes and is this word, as `true` and `false` must be.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.quote == Quote::None && self.is(word)
    }
}

/// The name of a table, view, index or trigger, or of a table function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualifiedName {
    /// The schema before the dot: `main`, `temp` or an attached one.
    pub schema: Option<Name>,
    /// The name itself.
    pub name: Name,
}

impl QualifiedName {
    /// Where the whole name stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.schema.as_ref().map_or(self.name.span, |schema| schema.span.to(self.name.span))
    }
}
