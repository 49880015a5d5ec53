//! [`KvList`]: the entries of a list, read as they are asked for.
//!
//! Invariant: what was read ahead holds as long as nothing was written; after a write the list seeks again behind the last
//! entry that it gave.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::sync::Arc;

use duramen_kv::{ListOptions, OwnedListOptions, Value};

use crate::storage::error::{Error, Result};
use crate::storage::session::{Session, Shared};

/// How many entries, and about how many bytes of values, are read ahead.
const AHEAD_ENTRIES: usize = 128;
const AHEAD_BYTES: usize = 64 << 10;

/// The entries of a list in their order, read as they are asked for. After an error it ends.
#[derive(Debug)]
pub struct KvList {
    shared: Arc<Shared>,
    /// Which list of the session this is, and how often everything was deleted before.
    list: u64,
    deletions: u64,
    /// The entries that are still to be given.
    wanted: OwnedListOptions,
    /// What was read ahead, while the values were in this state.
    ahead: VecDeque<(String, duramen_kv::Result<Value>)>,
    values_changed: u64,
    ended: bool,
}

impl KvList {
    /// Begins a list, and ends the one before it.
    pub(crate) fn begin(
        shared: &Arc<Shared>,
        session: &mut Session,
        options: &ListOptions<'_>,
    ) -> Result<KvList> {
        options.range()?;
        session.lists += 1;
        Ok(KvList {
            shared: shared.clone(),
            list: session.lists,
            deletions: session.deletions(),
            wanted: options.into(),
            ahead: VecDeque::new(),
            values_changed: session.values_changed,
            ended: false,
        })
    }

    fn advance(&mut self) -> Result<Option<(String, Value)>> {
        let KvList { shared, wanted, ahead, values_changed, .. } = self;
        let mut session = shared.lock()?;
        if self.deletions != session.deletions() {
            return Err(Error::ListDeleted);
        }
        if self.list != session.lists {
            return Err(Error::ListEnded);
        }
        if *values_changed != session.values_changed {
            ahead.clear();
        }
        if ahead.is_empty() && wanted.limit != Some(0) {
            *values_changed = session.values_changed;
            read_ahead(&mut session, wanted, ahead)?;
        }
        let Some((key, value)) = ahead.pop_front() else { return Ok(None) };
        session.count_work(1, 0);
        pass(wanted, &key);
        Ok(Some((key, value?)))
    }
}

/// Reads some of the entries that are wanted.
fn read_ahead(
    session: &mut Session,
    wanted: &OwnedListOptions,
    ahead: &mut VecDeque<(String, duramen_kv::Result<Value>)>,
) -> Result<()> {
    session.read_values(|kv| {
        let mut bytes = 0;
        for entry in kv.list(&wanted.as_options())?.take(AHEAD_ENTRIES) {
            let entry = entry?;
            bytes += entry.stored().len();
            ahead.push_back((entry.key().to_owned(), entry.value()));
            if bytes > AHEAD_BYTES {
                break;
            }
        }
        Ok(())
    })
}

/// Takes the entry of this key out of those that are wanted: it was given.
fn pass(wanted: &mut OwnedListOptions, key: &str) {
    let end = if wanted.reverse { &mut wanted.end } else { &mut wanted.start_after };
    key.clone_into(end.get_or_insert_default());
    if !wanted.reverse {
        wanted.start = None;
    }
    wanted.limit = wanted.limit.map(|limit| limit - 1);
}

impl Iterator for KvList {
    type Item = Result<(String, Value)>;

    fn next(&mut self) -> Option<Result<(String, Value)>> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl FusedIterator for KvList {}

#[cfg(test)]
mod tests;
