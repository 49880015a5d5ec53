//! [`Op`]: one call of a program into the file system, and the record of all of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use crate::ids::to_u64;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpKind {
    /// Opens a file that exists.
    Open,
    /// Creates a file.
    Create,
    /// Reads from a file.
    Read,
    /// Writes to a file.
    Write,
    /// Asks for the length of a file.
    Len,
    /// Cuts or extends a file.
    SetLen,
    /// Makes a file's bytes durable.
    Sync,
    /// Renames a file.
    Rename,
    /// Gives a file a second name.
    Link,
    /// Removes a file.
    Remove,
    /// Lists a directory.
    List,
    /// Makes a directory.
    CreateDir,
    /// Makes the names in a directory durable.
    SyncDir,
    /// Locks a directory.
    Lock,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// What it does.
    pub kind: OpKind,
    /// The file (by the path it was opened under) or directory. For a new name of a file: the one it has.
    pub path: Arc<Path>,
    /// Where it reads or writes, in bytes; the new length for [`OpKind::SetLen`]; 0 for others.
    pub offset: u64,
    /// How many bytes were asked to be read or written; 0 for others.
    pub len: u64,
}

/// All operations so far, and a hash that tells two runs apart.
#[derive(Debug, Default)]
pub(super) struct Trace {
    ops: Vec<Op>,
    hasher: DefaultHasher,
}

impl Trace {
    /// Notes an operation; `detail` is what else tells it from others: the bytes written, the other name.
    pub(super) fn push(&mut self, op: Op, detail: &[u8]) {
        op.kind.hash(&mut self.hasher);
        op.path.hash(&mut self.hasher);
        self.hasher.write_u64(op.offset);
        self.hasher.write_u64(op.len);
        detail.hash(&mut self.hasher);
        self.ops.push(op);
    }

    pub(super) fn len(&self) -> u64 {
        to_u64(self.ops.len())
    }

    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }

    pub(super) fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}
