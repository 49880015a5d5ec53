//! [`Diff`]: what distinguishes two versions of a tree, without looking into what they share.
//!
//! Both versions are walked in key order side by side. Subtrees that wait on both sides and are one and the same node are
//! passed over unopened; of two others the larger one is opened. So the walk costs O(d log n) nodes for d changes, as
//! long as the versions share their pages: nodes that compaction or cleaning moved are compared entry by entry.

use std::cmp::Ordering;

use crate::error::Result;
use crate::format::inner::{ChildPages, LeafPages};
use crate::format::node::NodeView;
use crate::ids::PageAddr;
use crate::page::access::PageRead;
use crate::page::block::{Block, NewValue};
use crate::tree::node::{BlockRef, Child, Inner, InnerRef, Node};
use crate::tree::read::{self, ChildView, Entry, MAX_DEPTH, NodeRef};

/// A key whose entry differs between two versions: its value before and after, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value in the earlier version.
    pub before: Option<&'a [u8]>,
    /// The value in the later version.
    pub after: Option<&'a [u8]>,
}

/// The differences between two versions of a tree, in key order. Pages of one address must be one page in both.
pub struct Diff<'a, P: ?Sized> {
    before: Side<'a, P>,
    after: Side<'a, P>,
    key: Vec<u8>,
}

/// What is next on one side.
enum Head<'a> {
    End,
    Subtree(ChildView<'a>),
    Entry(Entry<'a>),
}

/// What is still to be walked of one version: first the entries of a leaf, then subtrees.
struct Side<'a, P: ?Sized> {
    pages: &'a P,
    entries: std::vec::IntoIter<Entry<'a>>,
    /// With how many nodes are above each; the next one is the last.
    subtrees: Vec<(ChildView<'a>, usize)>,
}

impl<'a, P: PageRead + ?Sized> Diff<'a, P> {
    pub(crate) fn new(before: (ChildView<'a>, &'a P), after: (ChildView<'a>, &'a P)) -> Diff<'a, P> {
        Diff { before: Side::new(before), after: Side::new(after), key: Vec::new() }
    }

    /// The next difference; `None` behind the last one.
    ///
    /// # Errors
    /// Where a page cannot be read. The walk cannot go on then.
    #[expect(clippy::should_implement_trait, reason = "it lends the key, which an iterator cannot")]
    pub fn next(&mut self) -> Result<Option<Change<'_>>> {
        let (before, after) = loop {
            match (self.before.head(), self.after.head()) {
                (Head::End, Head::End) => return Ok(None),
                (Head::Subtree(before), Head::Subtree(after)) => {
                    if is_same_node(&before, &after) {
                        self.before.subtrees.pop();
                        self.after.subtrees.pop();
                        continue;
                    }
                    // One leaf beside another one, both are opened, or the entries of one would wait for nothing.
                    let order = before.count().cmp(&after.count());
                    if order.is_ge() || is_leaf(&before) && is_leaf(&after) {
                        self.before.open()?;
                    } else {
                        self.after.open()?;
                    }
                }
                (Head::Subtree(_), _) => self.before.open()?,
                (_, Head::Subtree(_)) => self.after.open()?,
                (Head::Entry(entry), Head::End) => break (Some(entry), None),
                (Head::End, Head::Entry(entry)) => break (None, Some(entry)),
                (Head::Entry(before), Head::Entry(after)) => match compare_keys(&before, &after) {
                    Ordering::Less => break (Some(before), None),
                    Ordering::Greater => break (None, Some(after)),
                    Ordering::Equal if self.is_same_value(&before, &after)? => {
                        self.before.entries.next();
                        self.after.entries.next();
                    }
                    Ordering::Equal => break (Some(before), Some(after)),
                },
            }
        };
        self.key.clear();
        if let Some(entry) = before.or(after) {
            entry.source.view.append_key(entry.at, &mut self.key);
        }
        let before = before.map(|entry| self.before.take(&entry)).transpose()?;
        let after = after.map(|entry| self.after.take(&entry)).transpose()?;
        Ok(Some(Change { key: &self.key, before, after }))
    }

    fn is_same_value(&self, before: &Entry<'a>, after: &Entry<'a>) -> Result<bool> {
        if before.at == after.at && is_same_page(&before.source.view, &after.source.view) {
            return Ok(true);
        }
        let (before, after) = (before.source.value(before.at), after.source.value(after.at));
        if let (NewValue::Extent(before), NewValue::Extent(after)) = (before, after)
            && before == after
        {
            return Ok(true);
        }
        Ok(read::value_bytes(before, self.before.pages)? == read::value_bytes(after, self.after.pages)?)
    }
}

impl<'a, P: PageRead + ?Sized> Side<'a, P> {
    fn new((root, pages): (ChildView<'a>, &'a P)) -> Side<'a, P> {
        Side { pages, entries: Vec::new().into_iter(), subtrees: vec![(root, 0)] }
    }

    fn head(&self) -> Head<'a> {
        match (self.entries.as_slice().first(), self.subtrees.last()) {
            (Some(entry), _) => Head::Entry(*entry),
            (None, Some((subtree, _))) => Head::Subtree(*subtree),
            (None, None) => Head::End,
        }
    }

    /// Opens the next subtree. There must be one, and no entry before it.
    fn open(&mut self) -> Result<()> {
        let Some((subtree, depth)) = self.subtrees.pop() else { return Ok(()) };
        match subtree.open(self.pages)? {
            NodeRef::Empty => {}
            NodeRef::Leaf(leaf) => self.entries = leaf.merged().into_iter(),
            NodeRef::Inner(_) if depth >= MAX_DEPTH => return Err(read::too_deep(subtree.start())),
            NodeRef::Inner(inner) => {
                for i in (0..inner.len()).rev() {
                    self.subtrees.push((inner.child(i)?, depth + 1));
                }
            }
        }
        Ok(())
    }

    /// Steps over the entry that is next; its value.
    fn take(&mut self, entry: &Entry<'a>) -> Result<&'a [u8]> {
        let value = read::value_bytes(entry.source.value(entry.at), self.pages)?;
        self.entries.next();
        Ok(value)
    }
}

fn compare_keys(a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
    let (left, right) = (&a.source.view, &b.source.view);
    if left.prefix() == right.prefix() {
        left.compare_entry(a.at, right, b.at)
    } else {
        a.key().cmp(&b.key())
    }
}

fn is_leaf(child: &ChildView<'_>) -> bool {
    match child {
        ChildView::Own(Child { node, .. }) => matches!(node, Node::Leaf(_)),
        ChildView::Page(child) => matches!(child.pages, ChildPages::Leaf(..)),
    }
}

/// Whether two views are of the same bytes in memory.
fn is_same_page(a: &NodeView<'_>, b: &NodeView<'_>) -> bool {
    std::ptr::eq(a.bytes(), b.bytes())
}

/// What tells a node from others: where it was written, or else where it is in memory.
#[derive(Clone, Copy)]
enum Identity<'a, T> {
    Page(PageAddr),
    Own(&'a T),
}

impl<T> PartialEq for Identity<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Identity::Page(a), Identity::Page(b)) => a == b,
            (Identity::Own(a), Identity::Own(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }
}

#[derive(PartialEq)]
enum NodeIdentity<'a> {
    Empty,
    Inner(Identity<'a, Inner>),
    /// Of the base and the deltas.
    Leaf([Option<Identity<'a, Block>>; 3]),
}

fn is_same_node(a: &ChildView<'_>, b: &ChildView<'_>) -> bool {
    identity(a) == identity(b)
}

fn identity<'a>(child: &ChildView<'a>) -> NodeIdentity<'a> {
    match child {
        ChildView::Own(child) => match &child.node {
            Node::Empty => NodeIdentity::Empty,
            Node::Inner(InnerRef::Page(addr)) => NodeIdentity::Inner(Identity::Page(*addr)),
            Node::Inner(InnerRef::Own(inner)) => {
                NodeIdentity::Inner(inner.written().map_or(Identity::Own(inner), Identity::Page))
            }
            Node::Leaf(leaf) => {
                let blocks = [Some(&leaf.base), leaf.delta.as_ref(), leaf.top.as_ref()];
                NodeIdentity::Leaf(blocks.map(|block| block.map(identity_of_block)))
            }
        },
        ChildView::Page(child) => match child.pages {
            ChildPages::Empty => NodeIdentity::Empty,
            ChildPages::Inner(addr) => NodeIdentity::Inner(Identity::Page(addr)),
            ChildPages::Leaf(LeafPages { base, deltas }) => {
                let (delta, top) = deltas.both();
                let page = |addr: &PageAddr| Identity::Page(*addr);
                NodeIdentity::Leaf([Some(page(&base)), delta.map(page), top.map(page)])
            }
        },
    }
}

fn identity_of_block(block: &BlockRef) -> Identity<'_, Block> {
    match block {
        BlockRef::Page(addr) => Identity::Page(*addr),
        BlockRef::Own(block) => block.written().map_or(Identity::Own(block), Identity::Page),
        BlockRef::Laid(laid) => {
            let written = laid.made().and_then(|block| block.written());
            written.map_or(Identity::Own(laid.over()), Identity::Page)
        }
    }
}
