//! Collations: the orders in which text can be sorted.
//!
//! Three are built in; programs may add their own by implementing [`Collate`]. A collation also says how text
//! becomes bytes that sort as it does ([`Collation::sort_key`]), so that index keys compare as plain bytes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// An order of text that a program defines.
///
/// Both methods must agree, now and in every later run of the program that opens the same database: indexes are
/// sorted by the keys that were made once.
pub trait Collate: Send + Sync {
    /// How two texts sort.
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering;

    /// Appends bytes to `out` that compare, byte by byte, as the texts do: equal for texts that are equal, smaller
    /// for those that sort before. Bytes of any value and length are allowed.
    fn sort_key(&self, text: &[u8], out: &mut Vec<u8>);
}

/// The order in which a comparison, an index or a sort puts text.
#[derive(Clone, Default)]
pub enum Collation {
    /// Byte by byte.
    #[default]
    Binary,
    /// Byte by byte, with the 26 capital letters of ASCII taken for small ones.
    NoCase,
    /// Byte by byte, spaces at the end not looked at.
    RTrim,
    /// Defined by the program.
    Own(Arc<OwnCollation>),
}

/// An order of text that a program has defined, and its name.
pub struct OwnCollation {
    name: Box<str>,
    order: Box<dyn Collate>,
}

impl Collation {
    /// An order that a program defines under this name.
    #[must_use]
    pub fn own(name: &str, order: impl Collate + 'static) -> Collation {
        Collation::Own(Arc::new(OwnCollation { name: name.into(), order: Box::new(order) }))
    }

    /// The built-in collation of this name, in any case.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Collation> {
        [Collation::Binary, Collation::NoCase, Collation::RTrim]
            .into_iter()
            .find(|collation| collation.name().eq_ignore_ascii_case(name))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Collation::Binary => "BINARY",
            Collation::NoCase => "NOCASE",
            Collation::RTrim => "RTRIM",
            Collation::Own(own) => &own.name,
        }
    }

    /// How two texts sort.
    #[must_use]
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Collation::Binary => a.cmp(b),
            Collation::NoCase => compare_nocase(a, b),
            Collation::RTrim => trim_end(a).cmp(trim_end(b)),
            Collation::Own(own) => own.order.compare(a, b),
        }
    }

    /// Bytes that compare as the text does under this collation.
    #[must_use]
    pub fn sort_key<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Collation::Binary => Cow::Borrowed(text),
            Collation::NoCase => fold(text),
            Collation::RTrim => Cow::Borrowed(trim_end(text)),
            Collation::Own(own) => {
                let mut key = Vec::new();
                own.order.sort_key(text, &mut key);
                Cow::Owned(key)
            }
        }
    }

    /// Whether only equal bytes are equal, so that a sort key is the text itself.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        matches!(self, Collation::Binary)
    }
}

/// Two collations are the same if they are the same built-in one, or the same definition by the program.
impl PartialEq for Collation {
    fn eq(&self, other: &Collation) -> bool {
        match (self, other) {
            (Collation::Own(a), Collation::Own(b)) => Arc::ptr_eq(a, b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Collation {}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn trim_end(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take_while(|&&byte| byte == b' ').count();
    &text[..text.len() - spaces]
}

/// SQLite stops comparing at a NUL byte that both texts have; from there on only their lengths count.
fn compare_nocase(a: &[u8], b: &[u8]) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        match x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase()) {
            Ordering::Equal if *x == 0 => break,
            Ordering::Equal => {}
            order => return order,
        }
    }
    a.len().cmp(&b.len())
}

/// The text in small letters; what follows a NUL byte is replaced by the length, as [`compare_nocase`] sees it.
fn fold(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&0)
        && let Some(nul) = text.iter().position(|&byte| byte == 0)
    {
        let len = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let mut key = text[..=nul].to_ascii_lowercase();
        key.extend_from_slice(&len.to_be_bytes());
        return Cow::Owned(key);
    }
    if text.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;
