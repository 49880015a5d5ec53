//! [`Feed`]: what each commit after a moment changed, by key.
//!
//! Most commits are in the log with their operations. Of those that removed whole ranges or trees, of bulk commits and of
//! restores the changes are what differs between the versions before and after. Each of these is reached from the one before,
//! so however many there are, the log is replayed once at most.

use std::collections::BTreeMap;

use duramen_engine::{
    Commit, CommitKind, Commits, Diff, History, Op, PastView, PastViews, Timestamp, TreeId, View,
};

use crate::bookmark::Bookmark;
use crate::error::Result;

/// What the key holds after the commit, or nothing; by tree and key.
type Values = BTreeMap<(TreeId, Vec<u8>), Option<Vec<u8>>>;

/// A key that a commit has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The tree.
    pub tree: TreeId,
    /// The key.
    pub key: Vec<u8>,
    /// What it holds after the commit; `None` where it was removed.
    pub value: Option<Vec<u8>>,
}

/// What one commit changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommitChanges {
    /// The moment right after the commit; a feed that begins after it goes on with the next one.
    pub bookmark: Bookmark,
    /// Its time.
    pub time: Timestamp,
    /// How it came about.
    pub kind: CommitKind,
    /// The keys, by tree, in order.
    pub changes: Vec<KeyChange>,
}

/// The commits after a moment with their changes, up to the newest when the feed was begun. It keeps the history that it
/// has yet to read. After an error it ends; one that is begun after the last bookmark goes on.
#[derive(Debug)]
pub struct Feed {
    views: PastViews,
    /// `None` after an error.
    commits: Option<Commits>,
    last: Bookmark,
    /// A view of that moment, where one was made for the commit before.
    view: Option<PastView>,
}

impl Feed {
    pub(crate) fn new(history: History, after: Bookmark) -> Result<Feed> {
        let commits = history.log_from(after.lsn())?;
        Ok(Feed { views: PastViews::of(history), commits: Some(commits), last: after, view: None })
    }

    fn changes(&mut self, commit: Commit) -> Result<CommitChanges> {
        let before = self.view.take();
        let listed = match commit.kind() {
            CommitKind::Operations => by_operations(&commit)?,
            _ => None,
        };
        let values = match listed {
            Some(values) => values,
            None => {
                let before = before.map_or_else(|| self.views.at(self.last.lsn()), Ok)?;
                by_difference(&before, self.view.insert(self.views.at(commit.lsn())?))?
            }
        };
        let changes = values.into_iter().map(|((tree, key), value)| KeyChange { tree, key, value }).collect();
        let bookmark = self.last.with_lsn(commit.lsn());
        Ok(CommitChanges { bookmark, time: commit.time(), kind: commit.kind(), changes })
    }
}

impl Iterator for Feed {
    type Item = Result<CommitChanges>;

    fn next(&mut self) -> Option<Result<CommitChanges>> {
        let commit = self.commits.as_mut()?.next()?;
        let changes = commit.map_err(Into::into).and_then(|commit| self.changes(commit));
        match &changes {
            Ok(changes) => self.last = changes.bookmark,
            // The next commit would follow one that nobody was told of.
            Err(_) => self.commits = None,
        }
        Some(changes)
    }
}

/// The changes as the log has them; `None` where it does not name each key.
fn by_operations(commit: &Commit) -> Result<Option<Values>> {
    let mut values = Values::new();
    for op in commit.operations() {
        match op? {
            Op::CreateTree { .. } => {}
            Op::Put { tree, key, value, .. } => {
                drop(values.insert((tree, key.to_vec()), Some(value.to_vec())))
            }
            Op::Delete { tree, key } => drop(values.insert((tree, key.to_vec()), None)),
            Op::DropTree { .. } | Op::DeleteRange { .. } => return Ok(None),
        }
    }
    Ok(Some(values))
}

fn by_difference(before: &PastView, after: &PastView) -> Result<Values> {
    let mut trees: Vec<TreeId> =
        before.trees().into_iter().chain(after.trees()).map(|(_, tree)| tree).collect();
    trees.sort_unstable();
    trees.dedup();
    let mut values = Values::new();
    for tree in trees {
        let mut diff = Diff::new(&**before, &**after, tree)?;
        while let Some(change) = diff.next()? {
            values.insert((tree, change.key.to_vec()), change.after.map(<[u8]>::to_vec));
        }
    }
    Ok(values)
}
