//! [`Hold`]: a claim on history.

use std::sync::Arc;

use crate::handle::Handle;
use crate::ids::{Lsn, SegmentId};

/// A claim that history back to a commit stays readable. It ends when dropped, or with the process.
#[derive(Debug)]
pub struct Hold {
    handle: Arc<Handle>,
    lsn: Lsn,
    id: u64,
}

impl Hold {
    pub(crate) fn new(handle: Arc<Handle>, lsn: Lsn) -> Hold {
        let id = handle.holds.add(lsn);
        Hold { handle, lsn, id }
    }

    /// Keeps of the page segments only those before this one; until then it keeps all.
    pub(crate) fn keep_pages_before(&self, segment: SegmentId) {
        self.handle.holds.keep_pages_before(self.lsn, self.id, segment);
    }

    /// The commit back to which history stays.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.handle.holds.remove(self.lsn, self.id);
    }
}
