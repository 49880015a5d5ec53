//! [`Limits`]: how long keys and values may be, and how many keys one call may name.
//!
//! Keys are UTF-8 strings, ordered by their bytes; every string is a key, the empty one too. What bounds them and the
//! values is a choice: a profile of the service whose programs should run here, or nothing but the engine.

use duramen_engine::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

use crate::error::{Error, Result};

/// How much longer than [`Limits::max_value_bytes`] the stored form of a value may be, so that a string or buffer of
/// just that length can be stored: the form adds some bytes to it.
const VALUE_SLACK_BYTES: usize = 34;

/// How long keys and values may be, and how many keys one call may name; where it is `None`, the engine's own limits
/// [`MAX_KEY_BYTES`] and [`MAX_VALUE_BYTES`] hold.
///
/// The default is [`Limits::SQL_BACKED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest key, in bytes of UTF-8.
    pub max_key_bytes: Option<usize>,
    /// The longest value, in bytes of its stored form; that may go beyond it by 34 bytes, so that a string or buffer
    /// of this length still fits.
    pub max_value_bytes: Option<usize>,
    /// The longest key and value together, in bytes of UTF-8 and of the stored form.
    pub max_entry_bytes: Option<usize>,
    /// The largest number of keys or entries in one call.
    pub max_batch_keys: Option<usize>,
}

impl Limits {
    /// Those of a Durable Object backed by SQL: key and value together at most 2 MiB.
    pub const SQL_BACKED: Limits = Limits { max_entry_bytes: Some(2 << 20), ..Limits::UNLIMITED };

    /// Those of a Durable Object backed by the older key-value store: keys of at most 2,048 bytes, values of at most
    /// 128 KiB, 128 keys in a call.
    pub const KEY_VALUE_BACKED: Limits = Limits {
        max_key_bytes: Some(2048),
        max_value_bytes: Some(128 << 10),
        max_entry_bytes: None,
        max_batch_keys: Some(128),
    };

    /// None but the engine's.
    pub const UNLIMITED: Limits =
        Limits { max_key_bytes: None, max_value_bytes: None, max_entry_bytes: None, max_batch_keys: None };

    /// Refuses a key that is too long.
    pub fn check_key(&self, key: &str) -> Result<()> {
        let max = self.max_key_bytes.unwrap_or(MAX_KEY_BYTES).min(MAX_KEY_BYTES);
        if key.len() > max { Err(Error::KeyTooLarge { len: key.len(), max }) } else { Ok(()) }
    }

    /// Refuses an entry whose key, value or both together are too long; `value_len` is the length of the value's
    /// stored form. The engine takes what this lets through.
    pub fn check_entry(&self, key: &str, value_len: usize) -> Result<()> {
        self.check_key(key)?;
        let (max, enforced) = match self.max_value_bytes {
            Some(max) => (max, max.saturating_add(VALUE_SLACK_BYTES).min(MAX_VALUE_BYTES)),
            None => (MAX_VALUE_BYTES, MAX_VALUE_BYTES),
        };
        if value_len > enforced {
            return Err(Error::ValueTooLarge { len: value_len, max });
        }
        let len = key.len().saturating_add(value_len);
        match self.max_entry_bytes {
            Some(max) if len > max => Err(Error::EntryTooLarge { len, max }),
            _ => Ok(()),
        }
    }

    /// Refuses a call with too many keys.
    pub fn check_batch(&self, count: usize) -> Result<()> {
        match self.max_batch_keys {
            Some(max) if count > max => Err(Error::TooManyKeys { count, max }),
            _ => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::SQL_BACKED
    }
}

#[cfg(test)]
mod tests;
