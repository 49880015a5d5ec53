//! [`Bookmark`]: a moment of a database as a text that is passed around.
//!
//! | digits | field |
//! |---|---|
//! | 8 | epoch of the commit |
//! | 8-8 | number of the commit |
//! | 16 | the first half of the database's id |
//! | 8 | 0, or 1 for the moment before a restore to come |
//! | 8 | CRC-32 of all of the above as bytes, big-endian |
//!
//! in lower-case hex, with a dash after the first three groups of eight: 59 characters. Texts of one database sort as its
//! commits do.
//!
//! A bookmark with a 1 is that of the commit which was the newest when a restore was put off to the next session. It
//! means the commit that was the newest when the restore then came.

use std::fmt;
use std::str::FromStr;

use duramen_engine::{DatabaseId, Lsn};

const BYTES: usize = 28;
const LSN_BYTES: usize = 12;
const TAG_BYTES: usize = 8;
const FLAGS_AT: usize = LSN_BYTES + TAG_BYTES;
const CRC_AT: usize = BYTES - 4;
const BEFORE_RESTORE: u32 = 1;
/// Length of the text.
const TEXT_BYTES: usize = 2 * BYTES + 3;
/// Where the dashes are.
const DASHES: [usize; 3] = [8, 17, 26];

/// A moment of a database: right after one of its commits. Bookmarks of one database sort in commit order, and so do
/// their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bookmark {
    lsn: Lsn,
    tag: [u8; TAG_BYTES],
    flags: u32,
}

impl Bookmark {
    /// The moment right after a commit of a database.
    #[must_use]
    pub fn new(database: DatabaseId, lsn: Lsn) -> Bookmark {
        Bookmark { lsn, tag: tag_of(database), flags: 0 }
    }

    /// The moment right before the next restore that a session of a database begins with, as seen from a commit.
    #[must_use]
    pub fn before_restore(database: DatabaseId, lsn: Lsn) -> Bookmark {
        Bookmark { flags: BEFORE_RESTORE, ..Bookmark::new(database, lsn) }
    }

    /// Whether it is the moment before the restore that follows its commit, and not that of its commit.
    #[must_use]
    pub fn is_before_restore(&self) -> bool {
        self.flags == BEFORE_RESTORE
    }

    /// The moment right after another commit of the same database.
    #[must_use]
    pub(crate) fn with_lsn(&self, lsn: Lsn) -> Bookmark {
        Bookmark { lsn, flags: 0, ..*self }
    }

    /// The commit.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// Whether it is a moment of this database.
    #[must_use]
    pub fn is_of(&self, database: DatabaseId) -> bool {
        self.tag == tag_of(database)
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&self.lsn.epoch.to_be_bytes());
        bytes[4..LSN_BYTES].copy_from_slice(&self.lsn.number.to_be_bytes());
        bytes[LSN_BYTES..LSN_BYTES + TAG_BYTES].copy_from_slice(&self.tag);
        bytes[FLAGS_AT..CRC_AT].copy_from_slice(&self.flags.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_be_bytes());
        bytes
    }
}

fn tag_of(database: DatabaseId) -> [u8; TAG_BYTES] {
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&database.0[..TAG_BYTES]);
    tag
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.bytes().iter().enumerate() {
            if matches!(i, 4 | 8 | 12) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A text is no bookmark; check how it was passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotABookmark {
    text: String,
    why: &'static str,
}

impl fmt::Display for NotABookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" is no bookmark: {}", self.text, self.why)
    }
}

impl std::error::Error for NotABookmark {}

impl FromStr for Bookmark {
    type Err = NotABookmark;

    fn from_str(text: &str) -> Result<Bookmark, NotABookmark> {
        parse(text.as_bytes()).map_err(|why| NotABookmark { text: text.to_string(), why })
    }
}

fn parse(text: &[u8]) -> Result<Bookmark, &'static str> {
    if text.len() != TEXT_BYTES {
        return Err("it must have 59 characters");
    }
    let (mut bytes, mut digits) = ([0u8; BYTES], 0);
    for (i, character) in text.iter().enumerate() {
        if DASHES.contains(&i) {
            if *character != b'-' {
                return Err("it must have dashes after 8, 16 and 24 digits");
            }
            continue;
        }
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'a'..=b'f' => character - b'a' + 10,
            _ => return Err("it must be of the digits 0 to 9 and a to f"),
        };
        bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
        digits += 1;
    }
    let (epoch, number) = bytes[..LSN_BYTES].split_at(4);
    let (Ok(epoch), Ok(number)) = (epoch.try_into(), number.try_into()) else {
        return Err("it is too short");
    };
    let lsn = Lsn { epoch: u32::from_be_bytes(epoch), number: u64::from_be_bytes(number) };
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&bytes[LSN_BYTES..LSN_BYTES + TAG_BYTES]);
    let mut flags = [0; 4];
    flags.copy_from_slice(&bytes[FLAGS_AT..CRC_AT]);
    let flags = u32::from_be_bytes(flags);
    let bookmark = Bookmark { lsn, tag, flags };
    if bookmark.bytes() == bytes && flags <= BEFORE_RESTORE {
        Ok(bookmark)
    } else {
        Err("its check digits do not fit; was it mistyped?")
    }
}

#[cfg(test)]
mod tests;
