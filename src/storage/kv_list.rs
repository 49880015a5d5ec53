//! [`KvList`]: the entries of a list, read as they are asked for.
//!
//! Invariant: what was read ahead holds as long as nothing was written; after a write the list seeks again behind the last
//! entry that it gave.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::sync::Arc;

use duramen_kv::{ListOptions, Value};

use crate::storage::error::{Error, Result};
use crate::storage::session::{Session, Shared};

/// How many entries, and about how many bytes of values, are read ahead.
const AHEAD_ENTRIES: usize = 64;
const AHEAD_BYTES: usize = 64 << 10;

/// The entries of a list in their order, read as they are asked for. After an error it ends.
#[derive(Debug)]
pub struct KvList {
    shared: Arc<Shared>,
    /// Which list of the session this is, and how often everything was deleted before.
    list: u64,
    deletions: u64,
    wanted: Wanted,
    /// What was read ahead, while the values were in this state.
    ahead: VecDeque<(String, Vec<u8>)>,
    values_changed: u64,
    ended: bool,
}

/// The entries that are still to be given.
#[derive(Debug)]
struct Wanted {
    start: Option<String>,
    start_after: Option<String>,
    end: Option<String>,
    prefix: Option<String>,
    reverse: bool,
    limit: Option<u64>,
}

impl Wanted {
    fn options(&self) -> ListOptions<'_> {
        ListOptions {
            start: self.start.as_deref(),
            start_after: self.start_after.as_deref(),
            end: self.end.as_deref(),
            prefix: self.prefix.as_deref(),
            reverse: self.reverse,
            limit: self.limit,
        }
    }

    /// The entry of this key was given.
    fn gave(&mut self, key: &str) {
        if self.reverse {
            self.end = Some(key.to_owned());
        } else {
            self.start = None;
            self.start_after = Some(key.to_owned());
        }
        self.limit = self.limit.map(|limit| limit - 1);
    }
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
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(KvList {
            shared: shared.clone(),
            list: session.lists,
            deletions: session.deletions(),
            wanted: Wanted {
                start: owned(options.start),
                start_after: owned(options.start_after),
                end: owned(options.end),
                prefix: owned(options.prefix),
                reverse: options.reverse,
                limit: options.limit,
            },
            ahead: VecDeque::new(),
            values_changed: session.values_changed,
            ended: false,
        })
    }

    fn advance(&mut self) -> Result<Option<(String, Value)>> {
        let shared = self.shared.clone();
        let mut session = shared.lock()?;
        if self.deletions != session.deletions() {
            return Err(Error::ListDeleted);
        }
        if self.list != session.lists {
            return Err(Error::ListEnded);
        }
        if self.values_changed != session.values_changed {
            self.ahead.clear();
        }
        if self.ahead.is_empty() && self.wanted.limit != Some(0) {
            self.read_ahead(&mut session)?;
        }
        let Some((key, stored)) = self.ahead.pop_front() else { return Ok(None) };
        session.count_work(1, 0);
        self.wanted.gave(&key);
        Ok(Some((key, Value::from_bytes(&stored)?)))
    }

    fn read_ahead(&mut self, session: &mut Session) -> Result<()> {
        self.values_changed = session.values_changed;
        let options = self.wanted.options();
        let ahead = &mut self.ahead;
        session.read_values(|kv| {
            let mut bytes = 0;
            for entry in kv.list(&options)?.take(AHEAD_ENTRIES) {
                let entry = entry?;
                bytes += entry.stored().len();
                ahead.push_back((entry.key().to_owned(), entry.stored().to_vec()));
                if bytes > AHEAD_BYTES {
                    break;
                }
            }
            Ok(())
        })
    }
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
