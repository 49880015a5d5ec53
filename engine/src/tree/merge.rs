//! [`LeafCursor`]: the entries of one leaf in order, base and delta merged as one goes.
//!
//! The place between two entries is two numbers: how many entries of the base and how many of the delta lie before it.
//! Which of the two comes next follows from where the delta's next entry belongs in the base, which is looked up once
//! for each entry of the delta that is passed. So going on never compares keys, and both directions are alike.

use crate::format::node::ValueRef;
use crate::page::block::{NewValue, Source};
use crate::tree::read::{LeafView, position_of};

/// Where an entry of the delta belongs in the base.
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

/// A place in a leaf, most of the time that of an entry.
pub(crate) struct LeafCursor<'a> {
    leaf: LeafView<'a>,
    base_at: usize,
    delta_at: usize,
    /// Whether the entry is the delta's.
    in_delta: bool,
    /// For each entry of the delta where it belongs, once that is known.
    positions: Vec<Option<Position>>,
}

impl<'a> LeafCursor<'a> {
    /// At no entry yet.
    pub(crate) fn new(leaf: LeafView<'a>) -> LeafCursor<'a> {
        let mut cursor = LeafCursor { leaf, base_at: 0, delta_at: 0, in_delta: false, positions: Vec::new() };
        cursor.enter(leaf);
        cursor
    }

    /// Into another leaf, at no entry yet.
    pub(crate) fn enter(&mut self, leaf: LeafView<'a>) {
        self.leaf = leaf;
        (self.base_at, self.delta_at, self.in_delta) = (0, 0, false);
        self.positions.clear();
        self.positions.resize(leaf.delta.map_or(0, |delta| delta.view.len()), None);
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
        is_below(&self.leaf.base) && self.leaf.delta.as_ref().is_none_or(is_below)
    }

    /// Appends what follows the prefix in the entry's key to `suffix`, and gives its value.
    #[inline]
    pub(crate) fn read(&self, suffix: &mut Vec<u8>) -> NewValue<'a> {
        match &self.leaf.delta {
            Some(delta) if self.in_delta => delta.read(self.delta_at, suffix),
            _ => self.leaf.base.read(self.base_at, suffix),
        }
    }

    /// The value at `key`, wherever the place is.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<NewValue<'a>> {
        self.leaf.find(key)
    }

    /// To the first entry; whether there is one. So do all that follow.
    pub(crate) fn first(&mut self) -> bool {
        (self.base_at, self.delta_at) = (0, 0);
        self.settle_forward()
    }

    pub(crate) fn last(&mut self) -> bool {
        (self.base_at, self.delta_at) = (self.leaf.base.view.len(), self.positions.len());
        self.settle_backward()
    }

    /// To the first entry at or above `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) -> bool {
        let (Ok(base_at) | Err(base_at)) = self.leaf.base.view.search(key);
        let (Ok(delta_at) | Err(delta_at)) = self.leaf.delta.map_or(Err(0), |delta| delta.view.search(key));
        (self.base_at, self.delta_at) = (base_at, delta_at);
        self.settle_forward()
    }

    /// To the last entry at or below `key`.
    pub(crate) fn seek_for_prev(&mut self, key: &[u8]) -> bool {
        let behind = |found: Result<usize, usize>| found.map_or_else(|at| at, |at| at + 1);
        self.base_at = behind(self.leaf.base.view.search(key));
        self.delta_at = behind(self.leaf.delta.map_or(Err(0), |delta| delta.view.search(key)));
        self.settle_backward()
    }

    /// To the entry that `n` others come before.
    pub(crate) fn nth(&mut self, mut n: usize) -> bool {
        (self.base_at, self.delta_at) = (0, 0);
        while self.settle_forward() {
            let run = match self.position(self.delta_at) {
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
                self.pass_delta_entry();
            } else {
                self.base_at += run;
            }
        }
        false
    }

    #[inline]
    pub(crate) fn next(&mut self) -> bool {
        if self.in_delta {
            self.pass_delta_entry();
        } else {
            self.base_at += 1;
        }
        self.settle_forward()
    }

    #[inline]
    pub(crate) fn prev(&mut self) -> bool {
        self.settle_backward()
    }

    fn pass_delta_entry(&mut self) {
        if let Some(position) = self.position(self.delta_at) {
            self.base_at = position.behind();
            self.delta_at += 1;
        }
    }

    /// From a place to the next entry behind it.
    #[inline]
    fn settle_forward(&mut self) -> bool {
        while let Some(position) = self.position(self.delta_at) {
            if self.base_at < position.at {
                break;
            }
            if !self.is_tombstone(self.delta_at) {
                self.in_delta = true;
                return true;
            }
            self.base_at = position.behind();
            self.delta_at += 1;
        }
        self.in_delta = false;
        self.base_at < self.leaf.base.view.len()
    }

    /// From a place to the next entry before it.
    #[inline]
    fn settle_backward(&mut self) -> bool {
        while let Some(before) = self.delta_at.checked_sub(1)
            && let Some(position) = self.position(before)
            && self.base_at <= position.behind()
        {
            self.base_at = position.at;
            self.delta_at = before;
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

    fn is_tombstone(&self, delta_at: usize) -> bool {
        self.leaf.delta.is_some_and(|delta| delta.view.value(delta_at) == ValueRef::Tombstone)
    }

    #[inline]
    fn position(&mut self, delta_at: usize) -> Option<Position> {
        let known = self.positions.get_mut(delta_at)?;
        if known.is_none() {
            let found = position_of(&self.leaf.base.view, &self.leaf.delta?.view, delta_at);
            let (Ok(at) | Err(at)) = found;
            *known = Some(Position { at, same: found.is_ok() });
        }
        *known
    }
}
