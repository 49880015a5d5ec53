//! [`WriteBuffer`]: how many bytes of values were written that are not durable yet.

use std::collections::VecDeque;

use duramen_engine::Lsn;

/// How many bytes of values were written that are not durable yet, and the bound on them.
#[derive(Debug)]
pub(crate) struct WriteBuffer {
    limit_bytes: u64,
    uncommitted_bytes: u64,
    /// The commits that are not known to be durable, oldest first, with their bytes.
    committed: VecDeque<(Lsn, u64)>,
    committed_bytes: u64,
}

impl WriteBuffer {
    pub(crate) fn new(limit_bytes: u64) -> WriteBuffer {
        WriteBuffer { limit_bytes, uncommitted_bytes: 0, committed: VecDeque::new(), committed_bytes: 0 }
    }

    /// Bytes were written.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.uncommitted_bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
    }

    /// What was written since the last commit was committed.
    pub(crate) fn commit(&mut self, lsn: Lsn) {
        let bytes = std::mem::take(&mut self.uncommitted_bytes);
        if bytes > 0 {
            self.committed.push_back((lsn, bytes));
            self.committed_bytes += bytes;
        }
    }

    /// The commit to wait for before more is written; `None` if there is room.
    pub(crate) fn full(&mut self, durable: Lsn) -> Option<Lsn> {
        while let Some((_, bytes)) = self.committed.pop_front_if(|(lsn, _)| *lsn <= durable) {
            self.committed_bytes -= bytes;
        }
        let full = self.committed_bytes + self.uncommitted_bytes > self.limit_bytes;
        self.committed.front().filter(|_| full).map(|(lsn, _)| *lsn)
    }

    /// Whether what is not committed should be, so that there will be room.
    pub(crate) fn should_commit(&self) -> bool {
        self.uncommitted_bytes > 0 && self.committed_bytes + self.uncommitted_bytes > self.limit_bytes
    }
}
