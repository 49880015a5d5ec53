//! [`Children`]: the children of an inner node in memory, in small groups that copies of the node share.
//!
//! To copy a child is to count one more holder of each block it holds, which touches memory all over. So a path copy
//! takes over the groups as they are, and only the one with the changed child is copied child by child.

use std::ops::Index;
use std::sync::Arc;

const GROUP: usize = 8;
const GROUPS: usize = 8;

/// The most children of an inner node.
pub(crate) const MAX_FANOUT: usize = GROUP * GROUPS;

/// A list of at most [`MAX_FANOUT`] children. Groups are full up to the last one there is, which is filled up with
/// defaults.
#[derive(Clone)]
pub(crate) struct Children<T> {
    groups: [Option<Arc<[T; GROUP]>>; GROUPS],
    len: usize,
}

impl<T: Clone + Default> Children<T> {
    /// A list of these children.
    ///
    /// # Panics
    /// If there are more than [`MAX_FANOUT`].
    pub(crate) fn new(children: impl ExactSizeIterator<Item = T>) -> Children<T> {
        let len = children.len();
        assert!(len <= MAX_FANOUT, "whoever makes a node bounds its children");
        let mut children = children.fuse();
        let groups = std::array::from_fn(|n| {
            (n * GROUP < len).then(|| Arc::new([(); GROUP].map(|()| children.next().unwrap_or_default())))
        });
        Children { groups, len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().flatten().flat_map(|group| group.iter()).take(self.len)
    }

    /// A child to change.
    pub(crate) fn get_mut(&mut self, i: usize) -> &mut T {
        debug_assert!(i < self.len);
        &mut edit(&mut self.groups[i / GROUP])[i % GROUP]
    }

    /// Puts a child in before child `i`.
    ///
    /// # Panics
    /// If there are [`MAX_FANOUT`] already.
    pub(crate) fn insert(&mut self, i: usize, child: T) {
        debug_assert!(i <= self.len);
        let mut carried = child;
        let mut from = i % GROUP;
        for group in &mut self.groups[i / GROUP..=self.len / GROUP] {
            let group = edit(group);
            group[from..].rotate_right(1);
            std::mem::swap(&mut group[from], &mut carried);
            from = 0;
        }
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, i: usize) {
        debug_assert!(i < self.len);
        let mut carried = T::default();
        for n in (i / GROUP..=(self.len - 1) / GROUP).rev() {
            let from = if n == i / GROUP { i % GROUP } else { 0 };
            let group = edit(&mut self.groups[n]);
            std::mem::swap(&mut group[from], &mut carried);
            group[from..].rotate_left(1);
        }
        self.len -= 1;
        if self.len.is_multiple_of(GROUP) {
            self.groups[self.len / GROUP] = None;
        }
    }
}

/// A group to change: made where there is none, copied where others hold it.
fn edit<T: Clone + Default>(group: &mut Option<Arc<[T; GROUP]>>) -> &mut [T; GROUP] {
    Arc::make_mut(group.get_or_insert_with(|| Arc::new(std::array::from_fn(|_| T::default()))))
}

impl<T> Index<usize> for Children<T> {
    type Output = T;

    fn index(&self, i: usize) -> &T {
        debug_assert!(i < self.len);
        let group = self.groups[i / GROUP].as_ref().expect("there is a group for each child");
        &group[i % GROUP]
    }
}

#[cfg(test)]
mod tests;
