//! [`Cursor`]: the entries of a tree in order, both ways.

use crate::error::{Error, Result};
use crate::page::access::PageRead;
use crate::page::block::NewValue;
use crate::tree::merge::LeafCursor;
use crate::tree::read::{self, InnerView, LeafView, MAX_DEPTH, NodeRef, Start, covers};

/// A place in a tree that does not change while the cursor lives.
///
/// A new cursor is before the first entry for [`next`](Cursor::next) and behind the last one for
/// [`prev`](Cursor::prev). Methods that move it answer whether it is at an entry now. One that ran off an end comes back
/// with a step the other way. An error leaves it nowhere, and each further step answers the same error, so that a loop
/// cannot take damage for the end; positioning it anew makes a new start.
///
/// To position it anew it goes up only as far as it has to: keys that are near each other are found at little cost.
pub struct Cursor<'a, P: ?Sized> {
    root: Start<'a>,
    pages: &'a P,
    /// The inner nodes on a way down from the root, and which child of each leads on.
    path: Vec<Step<'a>>,
    leaf: Option<LeafCursor<'a>>,
    /// Whether the path leads to the leaf.
    is_in_leaf: bool,
    /// Whether all of the leaf is below the end that was asked about, once it was.
    leaf_is_below: Option<bool>,
    /// The key of the entry. It starts with the prefix of the leaf, which stays from one entry to the next.
    key: Vec<u8>,
    prefix_len: usize,
    /// Whether that is the prefix of this leaf: who asks for a value alone needs none.
    has_prefix: bool,
    /// The value of the entry.
    value: NewValue<'a>,
    place: Place,
}

struct Step<'a> {
    node: InnerView<'a>,
    at: usize,
    /// How many of the children that come next were asked for, of at most how many.
    asked: usize,
    ahead: usize,
}

/// So many nodes at most are asked for ahead of the one that is read. It begins with two and doubles, so that a short range asks for
/// little that it does not read.
const AHEAD_MAX: usize = 32;

impl<'a> Step<'a> {
    fn new(node: InnerView<'a>, at: usize) -> Step<'a> {
        Step { node, at, asked: 0, ahead: 0 }
    }

    /// The child beside the one it is at, which it is at then.
    fn go_on(&mut self, direction: Direction, pages: &(impl PageRead + ?Sized)) -> Result<Option<Start<'a>>> {
        let Some(at) = self.beside(direction, 1) else { return Ok(None) };
        self.at = at;
        self.asked = self.asked.saturating_sub(1);
        if self.asked <= self.ahead / 2 {
            self.ahead = (2 * self.ahead).clamp(2, AHEAD_MAX);
            for n in self.asked + 1..=self.ahead {
                let Some(at) = self.beside(direction, n) else { break };
                self.node.start(at)?.prefetch(pages);
            }
            self.asked = self.ahead;
        }
        self.node.start(at).map(Some)
    }

    /// The `n`-th child from the one it is at, if there are so many.
    fn beside(&self, direction: Direction, n: usize) -> Option<usize> {
        match direction {
            Direction::Forward => Some(self.at + n).filter(|at| *at < self.node.len()),
            Direction::Backward => self.at.checked_sub(n),
        }
    }
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
    pub(crate) fn new(root: Start<'a>, pages: &'a P) -> Cursor<'a, P> {
        Cursor {
            root,
            pages,
            path: Vec::new(),
            leaf: None,
            is_in_leaf: false,
            leaf_is_below: None,
            key: Vec::new(),
            prefix_len: 0,
            has_prefix: false,
            value: NewValue::Tombstone,
            place: Place::New,
        }
    }

    /// To the first entry.
    pub fn first(&mut self) -> Result<bool> {
        self.start_at_root();
        let found = self.descend(self.root, Direction::Forward);
        self.arrive(found, Direction::Forward)
    }

    /// To the last entry.
    pub fn last(&mut self) -> Result<bool> {
        self.start_at_root();
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

    /// The value at `key`, read in place. The cursor is nowhere afterwards, but near.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&'a [u8]>> {
        self.start();
        if !self.descend_to(key)? {
            return Ok(None);
        }
        let Some(leaf) = &self.leaf else { return Ok(None) };
        leaf.find(key).map(|value| read::value_bytes(value, self.pages)).transpose()
    }

    /// To the entry that `n` others come before.
    pub fn nth(&mut self, n: u64) -> Result<bool> {
        self.start_at_root();
        let found = self.descend_to_nth(n);
        self.arrive(found, Direction::Forward)
    }

    /// To the entry behind this one.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend the key")]
    pub fn next(&mut self) -> Result<bool> {
        if self.is_valid() && self.in_leaf(LeafCursor::next) {
            self.read_entry();
            return Ok(true);
        }
        self.leave(Direction::Forward)
    }

    /// To the entry before this one.
    #[inline]
    pub fn prev(&mut self) -> Result<bool> {
        if self.is_valid() && self.in_leaf(LeafCursor::prev) {
            self.read_entry();
            return Ok(true);
        }
        self.leave(Direction::Backward)
    }

    /// A step that does not end in the leaf where it started.
    #[cold]
    fn leave(&mut self, direction: Direction) -> Result<bool> {
        match (&self.place, direction) {
            (Place::Entry, _) => self.arrive(Ok(false), direction),
            (Place::New | Place::Before, Direction::Forward) => self.first(),
            (Place::New | Place::Behind, Direction::Backward) => self.last(),
            (Place::Behind, Direction::Forward) | (Place::Before, Direction::Backward) => Ok(false),
            (Place::Failed(error), _) => Err(error.clone()),
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

    /// Whether the key of the entry is below `end`, which is the same one each time since the cursor was positioned: so
    /// most entries need not be compared with it.
    ///
    /// # Panics
    /// If the cursor is not at an entry.
    #[must_use]
    #[inline]
    pub fn is_below(&mut self, end: &[u8]) -> bool {
        match self.leaf_is_below {
            Some(true) => true,
            Some(false) => self.key() < end,
            None => {
                self.leaf_is_below = self.leaf.as_ref().map(|leaf| leaf.is_below(end));
                self.key() < end
            }
        }
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
        assert!(self.is_valid(), "the cursor is not at an entry");
        match self.value {
            NewValue::Inline(bytes) => Ok(bytes),
            _ => self.value_elsewhere(),
        }
    }

    #[cold]
    fn value_elsewhere(&self) -> Result<&'a [u8]> {
        read::value_bytes(self.value, self.pages)
    }

    fn start(&mut self) {
        self.place = Place::New;
        self.leaf_is_below = None;
    }

    fn start_at_root(&mut self) {
        self.start();
        self.path.clear();
        self.is_in_leaf = false;
    }

    #[inline]
    fn in_leaf(&mut self, step: impl FnOnce(&mut LeafCursor<'a>) -> bool) -> bool {
        self.leaf.as_mut().is_some_and(step)
    }

    /// Notes where a movement ended: at an entry of the leaf where one was found, else at the next one that way.
    fn arrive(&mut self, found: Result<bool>, direction: Direction) -> Result<bool> {
        let found = match found {
            Ok(false) => self.reach_next_leaf(direction),
            found => found,
        };
        match found {
            Ok(true) => {
                if !self.has_prefix {
                    self.read_prefix();
                }
                self.read_entry();
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

    /// Takes key and value of the entry that the leaf is at.
    #[inline]
    fn read_entry(&mut self) {
        if let Some(leaf) = &self.leaf {
            self.key.truncate(self.prefix_len);
            self.value = leaf.read(&mut self.key);
        }
    }

    /// Makes the key the prefix of the leaf.
    fn read_prefix(&mut self) {
        const SUFFIX_BYTES: usize = 32;
        let Some(leaf) = &self.leaf else { return };
        let prefix = leaf.prefix();
        self.key.clear();
        // Room for most suffixes as well: a key that grows piece by piece asks for memory each time.
        self.key.reserve(prefix.len() + SUFFIX_BYTES);
        self.key.extend_from_slice(prefix);
        self.prefix_len = self.key.len();
        self.has_prefix = true;
    }

    /// Goes into a leaf, at none of its entries yet.
    #[inline]
    fn enter(&mut self, leaf: LeafView<'a>) -> &mut LeafCursor<'a> {
        self.is_in_leaf = true;
        self.has_prefix = false;
        self.leaf_is_below = None;
        match &mut self.leaf {
            Some(cursor) => {
                cursor.enter(leaf);
                cursor
            }
            none => none.insert(LeafCursor::new(leaf)),
        }
    }

    /// To the nearest entry in another leaf, the given way.
    #[cold]
    fn reach_next_leaf(&mut self, direction: Direction) -> Result<bool> {
        self.is_in_leaf = false;
        while let Some(step) = self.path.last_mut() {
            let Some(start) = step.go_on(direction, self.pages)? else {
                self.path.pop();
                continue;
            };
            if self.descend(start, direction)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// To the first or last entry of a subtree, or to an empty place on the way there.
    fn descend(&mut self, mut start: Start<'a>, direction: Direction) -> Result<bool> {
        while self.path.len() < MAX_DEPTH {
            let node = match start.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    let leaf = self.enter(leaf);
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
            start = node.start(at)?;
            self.path.push(Step::new(node, at));
        }
        Err(read::too_deep(start))
    }

    /// To the leaf that covers `key`, or to an empty place there.
    fn descend_to(&mut self, key: &[u8]) -> Result<bool> {
        let shared = self.path.iter().take_while(|step| covers(&step.node, step.at, key)).count();
        if self.is_in_leaf && shared == self.path.len() && self.leaf.is_some() {
            return Ok(true);
        }
        self.is_in_leaf = false;
        self.path.truncate(shared + 1);
        let mut start = match self.path.last_mut() {
            None => self.root,
            Some(step) => {
                step.at = step.node.position(key)?;
                (step.asked, step.ahead) = (0, 0);
                step.node.start(step.at)?
            }
        };
        while self.path.len() < MAX_DEPTH {
            let node = match start.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    self.enter(leaf);
                    return Ok(true);
                }
                NodeRef::Inner(node) => node,
            };
            let at = node.position(key)?;
            start = node.start(at)?;
            self.path.push(Step::new(node, at));
        }
        Err(read::too_deep(start))
    }

    fn descend_to_nth(&mut self, mut n: u64) -> Result<bool> {
        let mut start = self.root;
        while self.path.len() < MAX_DEPTH {
            let node = match start.open(self.pages)? {
                NodeRef::Empty => return Ok(false),
                NodeRef::Leaf(leaf) => {
                    let leaf = self.enter(leaf);
                    return Ok(usize::try_from(n).is_ok_and(|n| leaf.nth(n)));
                }
                NodeRef::Inner(node) => node,
            };
            let (mut at, mut child) = (0, node.child(0)?);
            while n >= child.count() && at + 1 < node.len() {
                n -= child.count();
                at += 1;
                child = node.child(at)?;
            }
            start = child.start();
            self.path.push(Step::new(node, at));
        }
        Err(read::too_deep(start))
    }
}

#[cfg(test)]
mod tests;
