//! [`LeafCursor`]: the entries of one leaf in order, base and deltas merged as one goes.
//!
//! The place between two entries is two numbers: how many entries of the base and how many changes of the deltas lie before
//! it. Which of the two comes next follows from where the next change belongs in the base, which is looked up once for each
//! change that is passed. So going on never compares keys, and both directions are alike. Two deltas are merged, as entries
//! and not as bytes, when the leaf is entered.

use crate::format::node::{NodeView, ValueRef};
use crate::page::block::{NewValue, Source};
use crate::tree::read::{Layer, LeafView, lay_over, position_of};

/// Where a change belongs in the base.
#[derive(Clone, Copy)]
struct Position {
    /// How many entries of the base are below it.
    at: usize,
    /// Whether the next entry of the base has the same key.
    same: bool,
}

impl Position {
    /// The place in the base behind the entry.
    fn behind(&self) -> usize {
        self.at + usize::from(self.same)
    }
}

/// An entry of a delta.
#[derive(Clone, Copy)]
struct Change {
    /// Above is the delta over the other one.
    layer: Layer,
    at: usize,
    /// Where it belongs, once that is known.
    position: Option<Position>,
}

impl Change {
    fn new(layer: Layer, at: usize) -> Change {
        Change { layer, at, position: None }
    }
}

/// A place in a leaf, most of the time that of an entry.
pub(crate) struct LeafCursor<'a> {
    leaf: LeafView<'a>,
    base_at: usize,
    change_at: usize,
    /// Whether the entry is a delta's.
    in_delta: bool,
    /// What the deltas say, of each key what is newest.
    changes: Vec<Change>,
}

impl<'a> LeafCursor<'a> {
    /// At no entry yet.
    pub(crate) fn new(leaf: LeafView<'a>) -> LeafCursor<'a> {
        let mut cursor = LeafCursor { leaf, base_at: 0, change_at: 0, in_delta: false, changes: Vec::new() };
        cursor.enter(leaf);
        cursor
    }

    /// Into another leaf, at no entry yet.
    pub(crate) fn enter(&mut self, leaf: LeafView<'a>) {
        self.leaf = leaf;
        (self.base_at, self.change_at, self.in_delta) = (0, 0, false);
        self.changes.clear();
        let changes = &mut self.changes;
        match (&leaf.delta, &leaf.top) {
            (None, _) => {}
            (Some(delta), None) => {
                changes.extend((0..delta.view.len()).map(|at| Change::new(Layer::Below, at)));
            }
            (Some(delta), Some(top)) => {
                lay_over(&delta.view, &top.view, |layer, at| changes.push(Change::new(layer, at)));
            }
        }
    }

    /// What all keys of the leaf start with.
    pub(crate) fn prefix(&self) -> &'a [u8] {
        self.leaf.base.view.prefix()
    }

    /// Whether all keys of the leaf are below `end`, which may be any bytes.
    pub(crate) fn is_below(&self, end: &[u8]) -> bool {
        let is_below = |source: &Source<'_>| {
            source.view.len().checked_sub(1).is_none_or(|last| source.view.is_below(last, end))
        };
        is_below(&self.leaf.base) && self.leaf.deltas().all(|delta| is_below(&delta))
    }

    /// Appends what follows the prefix in the entry's key to `suffix`, and gives its value.
    #[inline]
    pub(crate) fn read(&self, suffix: &mut Vec<u8>) -> NewValue<'a> {
        if self.in_delta {
            let change = self.changes[self.change_at];
            self.delta(change.layer).read(change.at, suffix)
        } else {
            self.leaf.base.read(self.base_at, suffix)
        }
    }

    /// The value at `key`, wherever the place is.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<NewValue<'a>> {
        self.leaf.find(key)
    }

    /// To the first entry; whether there is one. So do all that follow.
    pub(crate) fn first(&mut self) -> bool {
        (self.base_at, self.change_at) = (0, 0);
        self.settle_forward()
    }

    pub(crate) fn last(&mut self) -> bool {
        (self.base_at, self.change_at) = (self.leaf.base.view.len(), self.changes.len());
        self.settle_backward()
    }

    /// To the first entry at or above `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) -> bool {
        let (Ok(base_at) | Err(base_at)) = self.leaf.base.view.search(key);
        let change_at = self.changes_before(|delta, at| delta.compare_key(at, key).is_lt());
        (self.base_at, self.change_at) = (base_at, change_at);
        self.settle_forward()
    }

    /// To the last entry at or below `key`.
    pub(crate) fn seek_for_prev(&mut self, key: &[u8]) -> bool {
        self.base_at = match self.leaf.base.view.search(key) {
            Ok(at) => at + 1,
            Err(at) => at,
        };
        self.change_at = self.changes_before(|delta, at| delta.compare_key(at, key).is_le());
        self.settle_backward()
    }

    /// To the entry that `n` others come before.
    pub(crate) fn nth(&mut self, mut n: usize) -> bool {
        (self.base_at, self.change_at) = (0, 0);
        while self.settle_forward() {
            let run = match self.position(self.change_at) {
                _ if self.in_delta => 1,
                Some(position) => position.at - self.base_at,
                None => self.leaf.base.view.len() - self.base_at,
            };
            if n < run {
                self.base_at += n;
                return true;
            }
            n -= run;
            if self.in_delta {
                self.pass_change();
            } else {
                self.base_at += run;
            }
        }
        false
    }

    #[inline]
    pub(crate) fn next(&mut self) -> bool {
        if self.in_delta {
            self.pass_change();
        } else {
            self.base_at += 1;
        }
        self.settle_forward()
    }

    #[inline]
    pub(crate) fn prev(&mut self) -> bool {
        self.settle_backward()
    }

    fn pass_change(&mut self) {
        if let Some(position) = self.position(self.change_at) {
            self.base_at = position.behind();
            self.change_at += 1;
        }
    }

    /// From a place to the next entry behind it.
    #[inline]
    fn settle_forward(&mut self) -> bool {
        while let Some(position) = self.position(self.change_at) {
            if self.base_at < position.at {
                break;
            }
            if !self.is_tombstone(self.change_at) {
                self.in_delta = true;
                return true;
            }
            self.base_at = position.behind();
            self.change_at += 1;
        }
        self.in_delta = false;
        self.base_at < self.leaf.base.view.len()
    }

    /// From a place to the next entry before it.
    #[inline]
    fn settle_backward(&mut self) -> bool {
        while let Some(before) = self.change_at.checked_sub(1)
            && let Some(position) = self.position(before)
            && self.base_at <= position.behind()
        {
            self.base_at = position.at;
            self.change_at = before;
            if !self.is_tombstone(before) {
                self.in_delta = true;
                return true;
            }
        }
        self.in_delta = false;
        match self.base_at.checked_sub(1) {
            Some(before) => {
                self.base_at = before;
                true
            }
            None => false,
        }
    }

    /// How many changes are before a place, of which it is known for each entry of a delta.
    fn changes_before(&self, is_before: impl Fn(&NodeView<'_>, usize) -> bool) -> usize {
        self.changes.partition_point(|change| is_before(&self.delta(change.layer).view, change.at))
    }

    fn is_tombstone(&self, change_at: usize) -> bool {
        let change = self.changes[change_at];
        self.delta(change.layer).view.value(change.at) == ValueRef::Tombstone
    }

    /// The delta of a change.
    #[inline]
    fn delta(&self, layer: Layer) -> Source<'a> {
        let delta = if layer == Layer::Above { self.leaf.top } else { self.leaf.delta };
        delta.expect("changes are of deltas that there are")
    }

    #[inline]
    fn position(&mut self, change_at: usize) -> Option<Position> {
        let change = *self.changes.get(change_at)?;
        if change.position.is_some() {
            return change.position;
        }
        let found = position_of(&self.leaf.base.view, &self.delta(change.layer).view, change.at);
        let (Ok(at) | Err(at)) = found;
        self.changes[change_at].position = Some(Position { at, same: found.is_ok() });
        self.changes[change_at].position
    }
}
