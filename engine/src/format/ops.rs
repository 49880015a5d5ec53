//! The operations of a commit, as they stand in a log record's payload: one after the other until the payload ends.
//!
//! | operation | bytes |
//! |---|---|
//! | create tree | 1, tree (varint), name (sized) |
//! | drop tree | 2, tree (varint) |
//! | put of a new key | 3, tree (varint), key (sized), value (sized) |
//! | put over a key that existed | 4, tree (varint), key (sized), value (sized) |
//! | delete of a key that existed | 5, tree (varint), key (sized) |
//! | delete range | 6, tree (varint), bounds (1), start key (sized), end key (sized), removed (varint) |
//! | put of a key that may have existed | 7, tree (varint), key (sized), value (sized) |
//! | which keys of the commit before existed | 8, how many puts (varint), a bit for each |
//!
//! The last one says of each put of the record before that does not say so itself whether its key existed, and stands behind all
//! operations. Its bits begin with the lowest of the first byte; those left over are 0.
//!
//! *Sized* is a varint length, then the bytes. The byte of bounds has the kind of start in its low four bits and that of
//! end in its high four: 1 unbounded, 2 inclusive, 3 exclusive; an unbounded side has no key.
//!
//! Each operation stands on its own, so cutting the bytes back to a length they had takes back what was added since:
//! that is how a savepoint is rolled back.

use std::ops::Bound;

use crate::codec::{Reader, Short, Write};
use crate::ids::{TreeId, to_u64};
use crate::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

const CREATE_TREE: u8 = 1;
const DROP_TREE: u8 = 2;
const PUT_NEW: u8 = 3;
const PUT_OVER: u8 = 4;
const DELETE: u8 = 5;
const DELETE_RANGE: u8 = 6;
const PUT: u8 = 7;
const EXISTED_BEFORE: u8 = 8;

/// The most that a put takes beside its key and its value, in bytes.
const MAX_PUT_HEAD_BYTES: usize = 1 + 5 + 5 + 5;

const UNBOUNDED: u8 = 1;
const INCLUDED: u8 = 2;
const EXCLUDED: u8 = 3;

/// One change of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// A new tree without entries.
    CreateTree {
        /// Its number.
        tree: TreeId,
        /// Its name.
        name: &'a [u8],
    },
    /// A tree is gone with all it held.
    DropTree {
        /// Its number.
        tree: TreeId,
    },
    /// A key has a value.
    Put {
        /// The tree.
        tree: TreeId,
        /// The key.
        key: &'a [u8],
        /// What it holds from now on.
        value: &'a [u8],
        /// Whether the key was there before, so that counts stay exact without reading a leaf; `None` where the record was
        /// written before anybody looked.
        existed: Option<bool>,
    },
    /// A key that was there is gone.
    Delete {
        /// The tree.
        tree: TreeId,
        /// The key.
        key: &'a [u8],
    },
    /// All keys of a range are gone.
    DeleteRange {
        /// The tree.
        tree: TreeId,
        /// Where the range starts.
        start: Bound<&'a [u8]>,
        /// Where it ends.
        end: Bound<&'a [u8]>,
        /// How many keys were in it.
        removed: u64,
    },
}

/// Collects the operations of a transaction.
#[derive(Clone, Debug, Default)]
pub struct OpWriter {
    bytes: Vec<u8>,
}

impl OpWriter {
    /// No operations yet.
    #[must_use]
    pub fn new() -> OpWriter {
        OpWriter::default()
    }

    /// Adds an operation. Keys and values are within the engine's limits.
    pub fn push(&mut self, op: &Op<'_>) {
        let out = &mut self.bytes;
        match *op {
            Op::CreateTree { tree, name } => {
                start_op(out, CREATE_TREE, tree);
                out.put_sized(name);
            }
            Op::DropTree { tree } => start_op(out, DROP_TREE, tree),
            Op::Put { tree, key, value, existed } => {
                out.reserve(key.len() + value.len() + MAX_PUT_HEAD_BYTES);
                let tag = match existed {
                    Some(true) => PUT_OVER,
                    Some(false) => PUT_NEW,
                    None => PUT,
                };
                start_op(out, tag, tree);
                out.put_sized(key);
                out.put_sized(value);
            }
            Op::Delete { tree, key } => {
                start_op(out, DELETE, tree);
                out.put_sized(key);
            }
            Op::DeleteRange { tree, start, end, removed } => {
                start_op(out, DELETE_RANGE, tree);
                let ((start_kind, start), (end_kind, end)) = (bound_parts(start), bound_parts(end));
                out.put_u8(start_kind | end_kind << 4);
                start.into_iter().chain(end).for_each(|key| out.put_sized(key));
                out.put_varint(removed);
            }
        }
    }

    /// Says behind all operations which keys existed of those puts of the commit before that do not say so.
    pub fn push_existed(&mut self, existed: &[bool]) {
        let out = &mut self.bytes;
        out.put_u8(EXISTED_BEFORE);
        out.put_varint(to_u64(existed.len()));
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        existed.chunks(8).for_each(|bits| out.put_u8(byte(bits)));
    }

    /// The operations as a record's payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length in bytes: what [`truncate`](OpWriter::truncate) takes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no operation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes back what was added since [`len`](OpWriter::len) was this.
    pub fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.bytes.len(), "a length the writer had");
        self.bytes.truncate(len);
    }

    /// The operations, in the order they were added.
    #[must_use]
    pub fn ops(&self) -> Ops<'_> {
        Ops::new(&self.bytes)
    }
}

fn start_op(out: &mut Vec<u8>, tag: u8, tree: TreeId) {
    out.put_u8(tag);
    out.put_varint(tree.0.into());
}

fn bound_parts(bound: Bound<&[u8]>) -> (u8, Option<&[u8]>) {
    match bound {
        Bound::Unbounded => (UNBOUNDED, None),
        Bound::Included(key) => (INCLUDED, Some(key)),
        Bound::Excluded(key) => (EXCLUDED, Some(key)),
    }
}

/// A payload that is no list of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadOp {
    /// Where in the payload the bad operation starts.
    pub offset: u64,
    /// What was found there.
    pub found: &'static str,
}

/// Reads the operations of a payload, one after the other.
#[derive(Clone, Debug)]
pub struct Ops<'a> {
    payload: &'a [u8],
    reader: Reader<'a>,
    existed: Option<Vec<bool>>,
}

impl<'a> Ops<'a> {
    /// Reads from the start of `payload`.
    #[must_use]
    pub fn new(payload: &'a [u8]) -> Ops<'a> {
        Ops { payload, reader: Reader::new(payload), existed: None }
    }

    /// The next operation; `None` after the last one.
    ///
    /// # Errors
    /// When the bytes are no operation. It is the same error every time from then on.
    pub fn next_op(&mut self) -> Result<Option<Op<'a>>, BadOp> {
        if self.reader.is_empty() {
            return Ok(None);
        }
        let mut reader = self.reader;
        let bad = |found| BadOp { offset: to_u64(self.payload.len() - self.reader.rest().len()), found };
        let op = if reader.rest().first() == Some(&EXISTED_BEFORE) {
            self.existed = Some(read_existed(&mut reader).map_err(bad)?);
            None
        } else {
            Some(read_op(&mut reader).map_err(bad)?)
        };
        self.reader = reader;
        Ok(op)
    }

    /// Whether the keys existed of those puts of the commit before that do not say so, where the payload tells that. Known once all
    /// operations were read.
    #[must_use]
    pub fn existed_before(&self) -> Option<&[bool]> {
        self.existed.as_deref()
    }
}

const CUT_SHORT: &str = "an operation cut short";

fn read_op<'a>(reader: &mut Reader<'a>) -> Result<Op<'a>, &'static str> {
    let short = |Short| CUT_SHORT;
    let tag = reader.u8().map_err(short)?;
    if !(CREATE_TREE..=PUT).contains(&tag) {
        return Err("an unknown operation");
    }
    let tree = TreeId(reader.varint_u32().map_err(short)?);
    Ok(match tag {
        CREATE_TREE => Op::CreateTree { tree, name: read_key(reader)? },
        DROP_TREE => Op::DropTree { tree },
        DELETE => Op::Delete { tree, key: read_key(reader)? },
        DELETE_RANGE => {
            let kinds = reader.u8().map_err(short)?;
            let start = read_bound(reader, kinds & 0xf)?;
            let end = read_bound(reader, kinds >> 4)?;
            Op::DeleteRange { tree, start, end, removed: reader.varint().map_err(short)? }
        }
        _ => {
            let key = read_key(reader)?;
            let value = reader.sized().map_err(short)?;
            if value.len() > MAX_VALUE_BYTES {
                return Err("a value longer than values may be");
            }
            let existed = match tag {
                PUT_OVER => Some(true),
                PUT_NEW => Some(false),
                _ => None,
            };
            Op::Put { tree, key, value, existed }
        }
    })
}

fn read_existed(reader: &mut Reader<'_>) -> Result<Vec<bool>, &'static str> {
    let short = |Short| CUT_SHORT;
    reader.u8().map_err(short)?;
    let puts = reader.varint().map_err(short)?;
    let bits = reader.rest();
    if puts.div_ceil(8) != to_u64(bits.len()) {
        return Err("another number of bits than there are puts");
    }
    let mut existed: Vec<bool> =
        bits.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect();
    let left_over = existed.split_off(usize::try_from(puts).unwrap_or(usize::MAX).min(existed.len()));
    if left_over.contains(&true) {
        return Err("bits for more puts than there are");
    }
    *reader = Reader::new(&[]);
    Ok(existed)
}

fn read_key<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], &'static str> {
    let key = reader.sized().map_err(|Short| CUT_SHORT)?;
    if key.len() > MAX_KEY_BYTES {
        return Err("a key longer than keys may be");
    }
    Ok(key)
}

fn read_bound<'a>(reader: &mut Reader<'a>, kind: u8) -> Result<Bound<&'a [u8]>, &'static str> {
    match kind {
        UNBOUNDED => Ok(Bound::Unbounded),
        INCLUDED => Ok(Bound::Included(read_key(reader)?)),
        EXCLUDED => Ok(Bound::Excluded(read_key(reader)?)),
        _ => Err("an unknown kind of bound"),
    }
}

#[cfg(test)]
mod tests;
