//! [`Cursor`]: the entries of a tree in order, both ways.

use crate::error::{Error, Result};
use crate::page::access::PageRead;
use crate::tree::merge::LeafCursor;
use crate::tree::read::{self, ChildView, InnerView, MAX_DEPTH, NodeRef};

/// A place in a tree that does not change while the cursor lives.
///
/// A new cursor is before the first entry for [`next`](Cursor::next) and behind the last one for
/// [`prev`](Cursor::prev). Methods that move it answer whether it is at an entry now. One that ran off an end comes back
/// with a step the other way. An error leaves it nowhere, and each further step answers the same error, so that a loop
/// cannot take damage for the end; positioning it anew makes a new start.
pub struct Cursor<'a, P: ?Sized> {
    root: ChildView<'a>,
    pages: &'a P,
    /// The inner nodes above the leaf, and which child of each leads there.
    path: Vec<Step<'a>>,
    leaf: Option<LeafCursor<'a>>,
    key: Vec<u8>,
    place: Place,
}

struct Step<'a> {
    node: InnerView<'a>,
    at: usize,
}

enum Place {
    New,
    Before,
    Entry,
    Behind,
    Failed(Error),
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Backward,
}

impl<'a, P: PageRead + ?Sized> Cursor<'a, P> {
    pub(crate) fn new(root: ChildView<'a>, pages: &'a P) -> Cursor<'a, P> {
        Cursor { root, pages, path: Vec::new(), leaf: None, key: Vec::new(), place: Place::New }
    }

    /// To the first entry.
    pub fn first(&mut self) -> Result<bool> {
        self.start();
        let found = self.descend(self.root, Direction::Forward);
        self.arrive(found, Direction::Forward)
    }

    /// To the last entry.
    pub fn last(&mut self) -> Result<bool> {
        self.start();
        let found = self.descend(self.root, Direction::Backward);
        self.arrive(found, Direction::Backward)
    }

    /// To the first entry at or above `key`.
    pub fn seek(&mut self, key: &[u8]) -> Result<bool> {
        self.start();
        let found = self.descend_to(key).map(|in_leaf| in_leaf && self.in_leaf(|leaf| leaf.seek(key)));
        self.arrive(found, Direction::Forward)
    }

    /// To the last entry at or below `key`.
    pub fn seek_for_prev(&mut self, key: &[u8]) -> Result<bool> {
        self.start();
        let found =
            self.descend_to(key).map(|in_leaf| in_leaf && self.in_leaf(|leaf| leaf.seek_for_prev(key)));
        self.arrive(found, Direction::Backward)
    }

    /// To the entry that `n` others come before.
    pub fn nth(&mut self, n: u64) -> Result<bool> {
        self.start();
        let found = self.descend_to_nth(n);
        self.arrive(found, Direction::Forward)
    }

    /// To the entry behind this one.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend the key")]
    pub fn next(&mut self) -> Result<bool> {
        match &self.place {
            Place::Entry => {
                let found = self.in_leaf(LeafCursor::next);
                self.arrive(Ok(found), Direction::Forward)
            }
            Place::New | Place::Before => self.first(),
            Place::Behind => Ok(false),
            Place::Failed(error) => Err(error.clone()),
        }
    }

    /// To the entry before this one.
    #[inline]
    pub fn prev(&mut self) -> Result<bool> {
        match &self.place {
            Place::Entry => {
                let found = self.in_leaf(LeafCursor::prev);
                self.arrive(Ok(found), Direction::Backward)
            }
            Place::New | Place::Behind => self.last(),
            Place::Before => Ok(false),
            Place::Failed(error) => Err(error.clone()),
        }
    }

    /// Whether the cursor is at an entry.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        matches!(self.place, Place::Entry)
    }

    /// The key of the entry.
    ///
    /// # Panics
    /// If the cursor is not at an entry.
    #[must_use]
    #[inline]
    pub fn key(&self) -> &[u8] {
        assert!(self.is_valid(), "the cursor is not at an entry");
        &self.key
    }

    /// The value of the entry, read in place.
    ///
    /// # Panics
    /// If the cursor is not at an entry.
    ///
    /// # Errors
    /// Where the value lies in an extent page that cannot be read.
    #[inline]
    pub fn value(&self) -> Result<&'a [u8]> {
        let leaf = self.leaf.as_ref().filter(|_| self.is_valid()).expect("the cursor is not at an entry");
        let entry = leaf.entry();
        read::value_bytes(entry.source.value(entry.at), self.pages)
    }

    fn start(&mut self) {
        self.path.clear();
        self.place = Place::New;
    }

    #[inline]
    fn in_leaf(&mut self, step: impl FnOnce(&mut LeafCursor<'a>) -> bool) -> bool {
        self.leaf.as_mut().is_some_and(step)
    }

    /// Notes where a movement ended: at an entry of the leaf where one was found, else at the next one that way.
    #[inline]
    fn arrive(&mut self, found: Result<bool>, direction: Direction) -> Result<bool> {
        let found = match found {
            Ok(false) => self.reach_next_leaf(direction),
            found => found,
        };
        match found {
            Ok(true) => {
                self.load_key();
                self.place = Place::Entry;
            }
            Ok(false) => {
                self.place = match direction {
                    Direction::Forward => Place::Behind,
                    Direction::Backward => Place::Before,
                }
            }
            Err(ref error) => self.place = Place::Failed(error.clone()),
        }
        found
    }

    #[inline]
    fn load_key(&mut self) {
        if let Some(leaf) = &self.leaf {
            let entry = leaf.entry();
            self.key.clear();
            entry.source.view.append_key(entry.at, &mut self.key);
        }
    }

    /// To the nearest entry in another leaf, the given way.
    #[cold]
    fn reach_next_leaf(&mut self, direction: Direction) -> Result<bool> {
        while let Some(step) = self.path.last_mut() {
            let next = match direction {
                Direction::Forward => Some(step.at + 1).filter(|at| *at < step.node.len()),
                Direction::Backward => step.at.checked_sub(1),
            };
            let Some(next) = next else {
                self.path.pop();
                continue;
            };
            step.at = next;
            let child = step.node.child(next)?;
            if self.descend(child, direction)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// To the first or last entry below `child`, or to an empty place on the way there.
    fn descend(&mut self, mut child: ChildView<'a>, direction: Direction) -> Result<bool> {
        while self.path.len() < MAX_DEPTH {
            let node = match child.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    let leaf = LeafCursor::new(leaf, self.leaf.take());
                    let leaf = self.leaf.insert(leaf);
                    return Ok(match direction {
                        Direction::Forward => leaf.first(),
                        Direction::Backward => leaf.last(),
                    });
                }
                NodeRef::Inner(node) => node,
            };
            let at = match direction {
                Direction::Forward => 0,
                Direction::Backward => node.len() - 1,
            };
            child = node.child(at)?;
            self.path.push(Step { node, at });
        }
        Err(read::too_deep(&child))
    }

    /// To the leaf that covers `key`, or to an empty place there.
    fn descend_to(&mut self, key: &[u8]) -> Result<bool> {
        let mut child = self.root;
        while self.path.len() < MAX_DEPTH {
            let node = match child.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    self.leaf = Some(LeafCursor::new(leaf, self.leaf.take()));
                    return Ok(true);
                }
                NodeRef::Inner(node) => node,
            };
            let at = node.position(key)?;
            child = node.child(at)?;
            self.path.push(Step { node, at });
        }
        Err(read::too_deep(&child))
    }

    fn descend_to_nth(&mut self, mut n: u64) -> Result<bool> {
        let mut child = self.root;
        while self.path.len() < MAX_DEPTH {
            let node = match child.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    let leaf = LeafCursor::new(leaf, self.leaf.take());
                    let leaf = self.leaf.insert(leaf);
                    return Ok(usize::try_from(n).is_ok_and(|n| leaf.nth(n)));
                }
                NodeRef::Inner(node) => node,
            };
            let mut at = 0;
            child = node.child(at)?;
            while n >= child.count() && at + 1 < node.len() {
                n -= child.count();
                at += 1;
                child = node.child(at)?;
            }
            self.path.push(Step { node, at });
        }
        Err(read::too_deep(&child))
    }
}
