//! What the file of an export is made of, as bytes; `docs/format.md` has it in words.
//!
//! | header, offset | size | field |
//! |---|---|---|
//! | 0 | 8 | `DURAMENX` |
//! | 8 | 4 | version |
//! | 12 | 8 | how many entries there are |
//! | 20 | 8 | reserved: zero |
//! | 28 | 4 | checksum of bytes 0 to 27 |
//!
//! | block, offset | size | field |
//! |---|---|---|
//! | 0 | 1 | kind: 1 tree, 2 entries, 3 end |
//! | 1 | 3 | reserved: zero |
//! | 4 | 4 | length of the content |
//! | 8 | 4 | which block of the file it is, from 0 |
//! | 12 | 4 | checksum of bytes 0 to 11 and of the content |
//! | 16 | | content |

/// What a file begins with.
pub(crate) const MAGIC: [u8; 8] = *b"DURAMENX";
/// The version of what this file describes, and of the keys and values in it.
pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: usize = 32;
pub(crate) const BLOCK_HEAD_BYTES: usize = 16;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The number of a tree, and its name. The blocks behind it have its entries.
    Tree,
    /// Entries: the length of the key and of the value, 4 bytes each, then both.
    Entries,
    /// How many trees there were, 4 bytes, and how many entries, 8. Nothing comes behind it.
    End,
}

/// The head of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) content_bytes: u32,
    pub(crate) number: u32,
    checksum: u32,
}

pub(crate) fn header(entries: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..20].copy_from_slice(&entries.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..28]);
    bytes[28..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Foreign,
    Version(u32),
    Damaged,
}

/// How many entries follow a header.
pub(crate) fn entries_of(bytes: &[u8; HEADER_BYTES]) -> Result<u64, HeaderFault> {
    if bytes[..8] != MAGIC {
        return Err(HeaderFault::Foreign);
    }
    match u32_at(bytes, 8) {
        VERSION if crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) => Err(HeaderFault::Damaged),
        VERSION if bytes[20..28] != [0; 8] => Err(HeaderFault::Damaged),
        VERSION => Ok(u64_at(bytes, 12)),
        version => Err(HeaderFault::Version(version)),
    }
}

impl Kind {
    fn tag(self) -> u8 {
        match self {
            Kind::Tree => 1,
            Kind::Entries => 2,
            Kind::End => 3,
        }
    }

    fn of(tag: u8) -> Option<Kind> {
        [Kind::Tree, Kind::Entries, Kind::End].into_iter().find(|kind| kind.tag() == tag)
    }
}

impl Head {
    pub(crate) fn new(kind: Kind, number: u32, content: &[u8]) -> Option<Head> {
        let content_bytes = u32::try_from(content.len()).ok()?;
        let mut head = Head { kind, content_bytes, number, checksum: 0 };
        head.checksum = head.checksum_with(content);
        Some(head)
    }

    pub(crate) fn to_bytes(self) -> [u8; BLOCK_HEAD_BYTES] {
        let mut bytes = [0; BLOCK_HEAD_BYTES];
        bytes[0] = self.kind.tag();
        bytes[4..8].copy_from_slice(&self.content_bytes.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.number.to_le_bytes());
        bytes[12..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; BLOCK_HEAD_BYTES]) -> Option<Head> {
        let kind = Kind::of(bytes[0]).filter(|_| bytes[1..4] == [0; 3])?;
        Some(Head {
            kind,
            content_bytes: u32_at(bytes, 4),
            number: u32_at(bytes, 8),
            checksum: u32_at(bytes, 12),
        })
    }

    /// Whether this is the content that the head is of.
    pub(crate) fn fits(self, content: &[u8]) -> bool {
        self.checksum == self.checksum_with(content)
    }

    fn checksum_with(self, content: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.to_bytes()[..12]);
        hasher.update(content);
        hasher.finalize()
    }
}

/// Appends an entry to the content of a block; false if it is too long.
pub(crate) fn push_entry(content: &mut Vec<u8>, key: &[u8], value: &[u8]) -> bool {
    let (Ok(key_bytes), Ok(value_bytes)) = (u32::try_from(key.len()), u32::try_from(value.len())) else {
        return false;
    };
    content.extend_from_slice(&key_bytes.to_le_bytes());
    content.extend_from_slice(&value_bytes.to_le_bytes());
    content.extend_from_slice(key);
    content.extend_from_slice(value);
    true
}

/// The first entry of the rest of a block: its key and its value.
pub(crate) fn take_entry<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    let (lengths, behind) = rest.split_first_chunk::<8>()?;
    let key_bytes = usize::try_from(u32_at(lengths, 0)).ok()?;
    let value_bytes = usize::try_from(u32_at(lengths, 4)).ok()?;
    let (key, behind) = behind.split_at_checked(key_bytes)?;
    let (value, behind) = behind.split_at_checked(value_bytes)?;
    *rest = behind;
    Some((key, value))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// The number that content of a tree's block starts with, and what is behind it.
pub(crate) fn take_u32(content: &[u8]) -> Option<(u32, &[u8])> {
    let (number, behind) = content.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), behind))
}

#[cfg(test)]
mod tests;
