//! [`RegExp`]: the source and flags of a regular expression, kept and not run.

use std::fmt;
use std::str::FromStr;

use super::js_string::JsString;
use crate::error::Error;

/// Flag letters in the order JavaScript lists them, each with its bit in the stored form. The bit between `s` and
/// `d` belongs to an experimental flag that is not stored.
const FLAGS: [(char, u32); 8] = [
    ('d', 1 << 7),
    ('g', 1),
    ('i', 1 << 1),
    ('m', 1 << 2),
    ('s', 1 << 5),
    ('u', 1 << 4),
    ('v', 1 << 8),
    ('y', 1 << 3),
];

/// A regular expression. Its source is not checked; a JavaScript runtime refuses to read one it cannot compile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegExp {
    /// The pattern between the slashes.
    pub source: JsString,
    /// The flags after them.
    pub flags: RegExpFlags,
}

/// The flags of a [`RegExp`], a set of the letters `dgimsuvy` without `u` and `v` together.
///
/// ```
/// use duramen_kv::RegExpFlags;
///
/// let flags: RegExpFlags = "gid".parse()?;
/// assert_eq!(flags.to_string(), "dgi");
/// assert!("gg".parse::<RegExpFlags>().is_err());
/// # Ok::<(), duramen_kv::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct RegExpFlags(u32);

impl RegExpFlags {
    /// The flags with these bits of the stored form, if they make a valid set.
    pub(crate) fn from_bits(bits: u32) -> Option<RegExpFlags> {
        let known = FLAGS.iter().fold(0, |all, (_, bit)| all | bit);
        let unicode_modes = (1 << 4) | (1 << 8);
        (bits & !known == 0 && bits & unicode_modes != unicode_modes).then_some(RegExpFlags(bits))
    }

    /// The bits of the stored form.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }
}

impl FromStr for RegExpFlags {
    type Err = Error;

    fn from_str(letters: &str) -> Result<RegExpFlags, Error> {
        let refused = || Error::Convert(format!("not a set of regular expression flags: {letters:?}"));
        let mut bits = 0;
        for letter in letters.chars() {
            let (_, bit) = FLAGS.iter().find(|(flag, _)| *flag == letter).ok_or_else(refused)?;
            if bits & bit != 0 {
                return Err(refused());
            }
            bits |= bit;
        }
        RegExpFlags::from_bits(bits).ok_or_else(refused)
    }
}

impl fmt::Display for RegExpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FLAGS.iter().filter(|(_, bit)| self.0 & bit != 0).try_for_each(|(flag, _)| write!(f, "{flag}"))
    }
}

impl fmt::Debug for RegExpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests;
