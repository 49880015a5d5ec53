//! [`Hold`]: a claim on history.

use std::sync::Arc;

use crate::handle::Handle;
use crate::ids::Lsn;

/// A claim that history back to a commit stays readable. It ends when dropped, or with the process. A clone is another
/// claim on the same.
#[derive(Debug)]
pub struct Hold {
    handle: Arc<Handle>,
    lsn: Lsn,
    root: Option<u64>,
    id: u64,
}

impl Hold {
    /// Keeps a commit and the kept root of this number, which it is reached from. The caller holds the lock of what can be
    /// reached since it looked for both, or has another hold on them.
    pub(crate) fn new(handle: Arc<Handle>, lsn: Lsn, root: Option<u64>) -> Hold {
        let id = handle.holds.add(lsn, root);
        Hold { handle, lsn, root, id }
    }

    /// The commit back to which history stays.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }
}

impl Clone for Hold {
    fn clone(&self) -> Hold {
        Hold::new(self.handle.clone(), self.lsn, self.root)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.handle.holds.remove(self.lsn, self.id);
    }
}
