//! [`Sql`]: generated SQL as a tree that knows what may be left out, so that a failing statement can be made smaller
//! without knowing its grammar.
//!
//! Whatever becomes of a tree is text again; whether the smaller text still shows what was found is for whoever runs it.

use std::fmt;

/// SQL text in parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Sql {
    /// Text as it stands.
    Text(String),
    /// Parts with a space between them.
    Seq(Vec<Sql>),
    /// A part that may be left out.
    Optional(Box<Sql>),
    /// Items of which all but the least may be left out.
    List {
        /// The items.
        items: Vec<Sql>,
        /// What stands between them.
        separator: &'static str,
        /// How many must stay.
        least: usize,
    },
    /// A value, which any value inside of it may replace.
    Value(Box<Sql>),
}

/// Text as it stands.
pub fn text(text: impl Into<String>) -> Sql {
    Sql::Text(text.into())
}

/// Parts with a space between them.
#[must_use]
pub fn seq<const N: usize>(parts: [Sql; N]) -> Sql {
    Sql::Seq(parts.into())
}

/// A part that may be left out.
#[must_use]
pub fn optional(part: Sql) -> Sql {
    Sql::Optional(Box::new(part))
}

/// Items with commas between them, of which one must stay.
#[must_use]
pub fn commas(items: Vec<Sql>) -> Sql {
    Sql::List { items, separator: ", ", least: 1 }
}

/// Items with commas between them, which must all stay.
#[must_use]
pub fn all(items: Vec<Sql>) -> Sql {
    let least = items.len();
    Sql::List { items, separator: ", ", least }
}

/// A value.
#[must_use]
pub fn value(part: Sql) -> Sql {
    Sql::Value(Box::new(part))
}

/// Parts one after the other with brackets around them.
#[must_use]
pub fn brackets(part: Sql) -> Sql {
    seq([text("("), part, text(")")])
}

/// What a value may become when nothing inside of it will do.
const SMALL: &[&str] = &["NULL", "1", "0"];

impl Sql {
    /// All trees that are one step smaller, larger steps first.
    #[must_use]
    pub fn smaller(&self) -> Vec<Sql> {
        let mut found = Vec::new();
        self.shrink(&mut |smaller| found.push(smaller));
        found.sort_by_key(Sql::size);
        found
    }

    /// How many parts there are.
    fn size(&self) -> usize {
        match self {
            Sql::Text(text) => 1 + usize::from(!SMALL.contains(&text.as_str()) && !text.is_empty()),
            Sql::Seq(parts) | Sql::List { items: parts, .. } => {
                1 + parts.iter().map(Sql::size).sum::<usize>()
            }
            Sql::Optional(part) | Sql::Value(part) => 1 + part.size(),
        }
    }

    fn shrink(&self, found: &mut dyn FnMut(Sql)) {
        match self {
            Sql::Text(_) => {}
            Sql::Seq(parts) => each(parts, &mut |parts| found(Sql::Seq(parts))),
            Sql::Optional(part) => {
                found(text(""));
                part.shrink(&mut |part| found(optional(part)));
            }
            Sql::List { items, separator, least } => {
                let list = |items| Sql::List { items, separator, least: *least };
                if items.len() > *least {
                    for at in 0..items.len() {
                        let mut fewer = items.clone();
                        fewer.remove(at);
                        found(list(fewer));
                    }
                }
                each(items, &mut |items| found(list(items)));
            }
            Sql::Value(part) => {
                let now = part.to_string();
                if !SMALL.contains(&now.trim()) {
                    SMALL.iter().for_each(|small| found(value(text(*small))));
                }
                part.values(&mut |inner| found(inner.clone()));
                part.shrink(&mut |part| found(value(part)));
            }
        }
    }

    /// The outermost values inside.
    fn values(&self, found: &mut dyn FnMut(&Sql)) {
        match self {
            Sql::Text(_) => {}
            Sql::Value(_) => found(self),
            Sql::Seq(parts) | Sql::List { items: parts, .. } => {
                parts.iter().for_each(|part| part.values(found));
            }
            Sql::Optional(part) => part.values(found),
        }
    }
}

/// Each part made smaller, the others as they are.
fn each(parts: &[Sql], found: &mut dyn FnMut(Vec<Sql>)) {
    for (at, part) in parts.iter().enumerate() {
        part.shrink(&mut |smaller| {
            let mut parts = parts.to_vec();
            parts[at] = smaller;
            found(parts);
        });
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut joined = |parts: &[Sql], separator: &str| {
            let mut first = true;
            for part in parts {
                let part = part.to_string();
                if part.is_empty() {
                    continue;
                }
                if !first {
                    f.write_str(separator)?;
                }
                first = false;
                f.write_str(&part)?;
            }
            Ok(())
        };
        match self {
            Sql::Text(text) => f.write_str(text),
            Sql::Seq(parts) => joined(parts, " "),
            Sql::List { items, separator, .. } => joined(items, separator),
            Sql::Optional(part) | Sql::Value(part) => part.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
