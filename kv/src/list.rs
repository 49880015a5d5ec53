//! [`ListOptions`]: which entries a list shows, as a range of keys, a direction and a limit.

use crate::error::{Error, Result};

/// Which entries a list shows and in which order. The default is all of them, by ascending key.
///
/// ```
/// use duramen_kv::ListOptions;
///
/// let newest = ListOptions { prefix: Some("message/"), reverse: true, limit: Some(10), ..ListOptions::default() };
/// let range = newest.range()?;
/// assert_eq!(range.start, b"message/");
/// assert_eq!(range.end.as_deref(), Some(&b"message0"[..]));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOptions<'a> {
    /// The first key that may be shown; not together with `start_after`.
    pub start: Option<&'a str>,
    /// The key after which the first one may be shown.
    pub start_after: Option<&'a str>,
    /// The key before which the last one may be shown.
    pub end: Option<&'a str>,
    /// What all keys start with.
    pub prefix: Option<&'a str>,
    /// Whether the largest keys come first. `start` and `end` mean the same as otherwise; the limit takes the
    /// largest keys.
    pub reverse: bool,
    /// The largest number of entries to show, at least 1; `None` for all.
    pub limit: Option<u64>,
}

/// [`ListOptions`] with texts of their own, for a list that is read later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedListOptions {
    /// As [`ListOptions::start`].
    pub start: Option<String>,
    /// As [`ListOptions::start_after`].
    pub start_after: Option<String>,
    /// As [`ListOptions::end`].
    pub end: Option<String>,
    /// As [`ListOptions::prefix`].
    pub prefix: Option<String>,
    /// As [`ListOptions::reverse`].
    pub reverse: bool,
    /// As [`ListOptions::limit`].
    pub limit: Option<u64>,
}

impl OwnedListOptions {
    /// What they ask for.
    #[must_use]
    pub fn as_options(&self) -> ListOptions<'_> {
        ListOptions {
            start: self.start.as_deref(),
            start_after: self.start_after.as_deref(),
            end: self.end.as_deref(),
            prefix: self.prefix.as_deref(),
            reverse: self.reverse,
            limit: self.limit,
        }
    }
}

impl From<&ListOptions<'_>> for OwnedListOptions {
    fn from(options: &ListOptions<'_>) -> OwnedListOptions {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        OwnedListOptions {
            start: owned(options.start),
            start_after: owned(options.start_after),
            end: owned(options.end),
            prefix: owned(options.prefix),
            reverse: options.reverse,
            limit: options.limit,
        }
    }
}

/// The keys that [`ListOptions`] ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRange {
    /// The bytes of the smallest key in the range.
    pub start: Vec<u8>,
    /// The bytes of the smallest key after the range; `None` if it has no upper end.
    pub end: Option<Vec<u8>>,
    /// Whether the largest keys come first.
    pub reverse: bool,
    /// The largest number of entries.
    pub limit: u64,
}

impl ListOptions<'_> {
    /// The range of keys that the options ask for. It may be empty, for instance if the end is before the start.
    pub fn range(&self) -> Result<ListRange> {
        let limit = match self.limit {
            Some(0) => return Err(Error::ListLimitNotPositive),
            Some(limit) => limit,
            None => u64::MAX,
        };
        let from = match (self.start, self.start_after) {
            (Some(_), Some(_)) => return Err(Error::StartAndStartAfter),
            (Some(start), None) => start.as_bytes().to_vec(),
            // The next string after another one is that with a NUL behind it.
            (None, Some(after)) => [after.as_bytes(), &[0]].concat(),
            (None, None) => Vec::new(),
        };
        let prefix = self.prefix.unwrap_or_default().as_bytes();
        let start = from.max(prefix.to_vec());
        let end = match (self.end, after_prefix(prefix)) {
            (Some(end), Some(after)) => Some(after.min(end.as_bytes().to_vec())),
            (Some(end), None) => Some(end.as_bytes().to_vec()),
            (None, after) => after,
        };
        Ok(ListRange { start, end, reverse: self.reverse, limit })
    }

    /// The limit that a number given by a program stands for, with the rules and errors of JavaScript's `list()`:
    /// fractions are cut off, what is below 1 or no number is not positive, what is beyond 32 bits is out of range.
    pub fn limit_from_number(number: f64) -> Result<u64> {
        if !number.is_finite() {
            return Err(Error::ListLimitNotPositive);
        }
        let whole = number.trunc();
        if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&whole) {
            return Err(Error::ListLimitOutOfRange);
        }
        if whole < 1.0 {
            return Err(Error::ListLimitNotPositive);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in the range of i32"
        )]
        Ok(whole as u64)
    }
}

/// The smallest byte string after all that start with `prefix`; `None` if there is none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut after = prefix[..=last].to_vec();
    after[last] += 1;
    Some(after)
}

impl ListRange {
    /// Whether no key can be in the range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

#[cfg(test)]
mod tests;
