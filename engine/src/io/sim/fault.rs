//! [`Fault`]: what goes wrong, and at which operation.

use std::io;

use super::op::{Op, OpKind};

/// Something that goes wrong at certain operations.
///
/// ```
/// use duramen_engine::io::sim::{Action, Fault, OpKind};
/// use std::io::ErrorKind;
///
/// // The disk is full from operation 20 on.
/// let full = Fault::always(20, Action::Fail(ErrorKind::StorageFull)).on(&[OpKind::Write, OpKind::Create]);
/// // A hundred interrupted reads in a row.
/// let bumpy = Fault { times: 100, ..Fault::once(0, Action::Fail(ErrorKind::Interrupted)) }.on(&[OpKind::Read]);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    /// The first operation it may hit, counted from 0.
    pub at: u64,
    /// How many operations it hits, the first that fit from [`Fault::at`] on.
    pub times: u64,
    /// The kinds it hits; all where empty. A kind that the action cannot happen to is never hit.
    pub kinds: Vec<OpKind>,
    /// It hits only paths that end in this text.
    pub path_end: String,
    /// What happens.
    pub action: Action,
}

/// What happens instead of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It answers an error and has done nothing. (A failed sync that may be repeated with success; see
    /// [`Action::FailSync`] for what file systems do.)
    Fail(io::ErrorKind),
    /// It reads or writes at most that many bytes. A read gives at least one, since none would be the end of the
    /// file; a write may answer 0.
    Short(usize),
    /// A write that reports success and can be read back, but never reaches the medium, whatever is synced later.
    LoseWrite,
    /// A sync of a file that fails, as one file system or another does it.
    FailSync(SyncFailure),
}

/// What a failed sync of a file leaves behind. In all three cases the writes it covered never reach the medium, also
/// not by another sync, which succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncFailure {
    /// An error; reads go on showing what was written (ext4, XFS) until the cache is dropped.
    CacheKept,
    /// An error; reads show what is on the medium (Btrfs).
    CacheReverted,
    /// Success; the next sync of the file answers the error (ext4 with `data=journal`).
    ReportedLate,
}

impl Fault {
    /// A fault that hits one operation: the first that fits, from number `at` on.
    #[must_use]
    pub fn once(at: u64, action: Action) -> Fault {
        Fault { at, times: 1, kinds: Vec::new(), path_end: String::new(), action }
    }

    /// A fault that hits every operation that fits, from number `at` on.
    #[must_use]
    pub fn always(at: u64, action: Action) -> Fault {
        Fault { times: u64::MAX, ..Fault::once(at, action) }
    }

    /// The same fault, for operations of these kinds only.
    #[must_use]
    pub fn on(self, kinds: &[OpKind]) -> Fault {
        Fault { kinds: kinds.to_vec(), ..self }
    }

    /// The same fault, for paths that end in `path_end` only.
    #[must_use]
    pub fn in_files(self, path_end: &str) -> Fault {
        Fault { path_end: path_end.into(), ..self }
    }

    fn hits(&self, index: u64, op: &Op) -> bool {
        let possible = match self.action {
            Action::Fail(_) => true,
            Action::Short(_) => matches!(op.kind, OpKind::Read | OpKind::Write),
            Action::LoseWrite => op.kind == OpKind::Write,
            Action::FailSync(_) => op.kind == OpKind::Sync,
        };
        possible
            && self.times > 0
            && self.at <= index
            && (self.kinds.is_empty() || self.kinds.contains(&op.kind))
            && op.path.to_string_lossy().ends_with(&self.path_end)
    }
}

/// The faults to come.
#[derive(Debug, Default)]
pub(super) struct Script {
    faults: Vec<Fault>,
    crash_at: Option<u64>,
    hits: u64,
}

impl Script {
    pub(super) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn crash_at(&mut self, index: u64) {
        self.crash_at = Some(self.crash_at.map_or(index, |earlier| earlier.min(index)));
    }

    pub(super) fn clear(&mut self) {
        *self = Script { hits: self.hits, ..Script::default() };
    }

    /// How many operations were hit so far.
    pub(super) fn hits(&self) -> u64 {
        self.hits
    }

    /// What goes wrong at operation `index`, if anything: an error, or an action that is none.
    pub(super) fn next(&mut self, index: u64, op: &Op) -> io::Result<Option<Action>> {
        if self.crash_at.is_some_and(|at| at <= index) {
            return Err(io::Error::other("the simulated machine has crashed"));
        }
        let Some(fault) = self.faults.iter_mut().find(|fault| fault.hits(index, op)) else { return Ok(None) };
        if fault.times < u64::MAX {
            fault.times -= 1;
        }
        self.hits += 1;
        match fault.action {
            Action::Fail(kind) => Err(injected(kind, index)),
            action => Ok(Some(action)),
        }
    }
}

/// The error of a fault, which says where it was put in.
pub(super) fn injected(kind: io::ErrorKind, index: u64) -> io::Error {
    io::Error::new(kind, format!("fault injected at operation {index}"))
}

#[cfg(test)]
mod tests;
