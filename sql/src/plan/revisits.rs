//! [`Revisits`]: what counts as read of rows that were found, before they are written.
//!
//! Here the rows that a statement is to write are found first, and kept in memory. SQLite does so only where it must: it
//! puts them aside in a table of its own, goes through that, and looks each row up again. Rows read are what objects are
//! billed by, so its steps are counted, wherever it would take them.

use duramen_engine::TreeId;

use super::physical::{Node, Scan, SelectPlan};

/// What counts as read of rows that were found; see the head of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisits {
    /// How often the rows put aside are gone through.
    listed: u64,
    /// How often each of them is looked up.
    sought: u64,
}

impl Revisits {
    /// Rows that are put aside, and written from there.
    pub(super) const LISTED: Revisits = Revisits { listed: 1, sought: 0 };

    /// What counts as read, of so many rows. To go to the first one counts, even if there is none.
    #[must_use]
    pub fn count(self, rows: usize) -> u64 {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.listed * rows.max(1) + self.sought * rows
    }
}

/// What is known of an `UPDATE` or `DELETE`.
pub(super) struct Change<'c> {
    /// What finds the rows.
    pub(super) find: &'c SelectPlan,
    /// Whether it is of a view, for which triggers run instead.
    pub(super) of_view: bool,
    /// Whether the table has rowids.
    pub(super) has_rowid: bool,
    /// Whether there is a limit.
    pub(super) limited: bool,
    /// Whether something else may write, or look at rows, while these are written.
    pub(super) watched: bool,
    /// What an `UPDATE` sets; nothing of a `DELETE`.
    pub(super) sets: Option<Sets>,
}

/// What an `UPDATE` sets.
pub(super) struct Sets {
    /// Whether rows get another place.
    pub(super) key: bool,
    /// The indexes that get other entries.
    pub(super) indexes: Vec<TreeId>,
    /// Whether other rows may have to go.
    pub(super) replaces: bool,
}

impl Change<'_> {
    pub(super) fn revisits(&self) -> Revisits {
        let (updates, deletes) = (u64::from(self.sets.is_some()), u64::from(self.sets.is_none()));
        if self.of_view {
            // The rows of a view are put aside before they are looked at at all.
            return Revisits { listed: 1 + updates, sought: 1 + deletes };
        }
        // Rows up to a limit are found by a query of their own, and then one by one.
        let limited = u64::from(self.limited);
        if !self.limited && !self.puts_aside() {
            return Revisits::default();
        }
        // The rowids of rows to be deleted are a set of numbers, which is no table.
        let listed = updates.max(u64::from(!self.has_rowid));
        Revisits { listed: limited + listed, sought: limited + u64::from(self.has_rowid) }
    }

    /// Whether rows are put aside and not written where they are found.
    fn puts_aside(&self) -> bool {
        let scan = scan_of(&self.find.query.root);
        if scan.is_some_and(|scan| scan.is_single) {
            return false;
        }
        let index = scan.and_then(Scan::index);
        let is_met_again = |sets: &Sets| {
            sets.key
                || sets.replaces && !sets.indexes.is_empty()
                || index.is_some_and(|index| sets.indexes.contains(&index))
        };
        self.watched || self.sets.as_ref().is_some_and(is_met_again)
    }
}

/// The scan of a query that reads one table.
fn scan_of(node: &Node) -> Option<&Scan> {
    match node {
        Node::Scan(scan) => Some(scan),
        Node::Filter(input, _) => scan_of(input),
        _ => None,
    }
}
