//! Keeping a tree from wasting away under deletes: neighbours that became thin are joined, and a root with one child
//! gives way to it.
//!
//! Joining is an improvement, never needed: a neighbour that cannot be read stays as it is, and whoever wants its
//! entries gets the error.

use crate::error::Result;
use crate::page::access::PageRead;
use crate::tree::edit::Editor;
use crate::tree::fetch::damaged_in_memory;
use crate::tree::node::{Child, Fences, Inner, InnerRef, Kid, Node, OwnFences};
use crate::tree::read::{InnerView, LeafView};
use crate::tree::split;

impl<P: PageRead + ?Sized> Editor<'_, P> {
    /// Joins child `at`, which lost entries, with its neighbours where they are thin.
    pub(crate) fn tidy(&self, inner: &mut Inner, at: usize, fences: Fences<'_>) {
        for i in [Some(at), at.checked_sub(1)].into_iter().flatten() {
            if i + 1 < inner.len()
                && self.are_thin(&inner.children[i], &inner.children[i + 1])
                && let Ok(Some(joined)) = self.joined(inner, i, fences)
            {
                inner.join(i, joined);
            }
        }
    }

    /// Whether two neighbours should be one. Nothing is read to decide it.
    fn are_thin(&self, left: &Child, right: &Child) -> bool {
        let (quarter, half) = (self.params.leaf_bytes / 4, self.params.leaf_bytes / 2);
        let fanout = self.params.fanout();
        let is_few = |inner: &InnerRef| matches!(inner, InnerRef::Own(inner) if inner.len() * 4 <= fanout);
        match (&left.node, &right.node) {
            (Node::Empty, Node::Empty) => true,
            (Node::Empty, Node::Leaf(leaf)) | (Node::Leaf(leaf), Node::Empty) => leaf.len_on_disk() < quarter,
            (Node::Empty, Node::Inner(inner)) | (Node::Inner(inner), Node::Empty) => is_few(inner),
            (Node::Leaf(left), Node::Leaf(right)) => {
                let (left, right) = (left.len_on_disk(), right.len_on_disk());
                left.min(right) < quarter && left.max(right) < half
            }
            (Node::Inner(left), Node::Inner(right)) => is_few(left) || is_few(right),
            (Node::Leaf(_), Node::Inner(_)) | (Node::Inner(_), Node::Leaf(_)) => false,
        }
    }

    /// Children `i` and `i + 1` as one, unless that one would be too large.
    fn joined(&self, inner: &Inner, i: usize, fences: Fences<'_>) -> Result<Option<Child>> {
        let (left, right) = (&inner.children[i], &inner.children[i + 1]);
        let both = inner.fences_of(i, i + 1, fences);
        let (left_fences, right_fences) =
            (inner.fences_of(i, i, fences), inner.fences_of(i + 1, i + 1, fences));
        if left.is_empty() && right.is_empty() {
            return Ok(Some(Child::EMPTY));
        }
        if matches!((&left.node, &right.node), (Node::Inner(_), _) | (_, Node::Inner(_))) {
            let mut kids = self.kids(left, &left_fences)?;
            append_kids(&mut kids, inner.separators().key(i + 1), self.kids(right, &right_fences)?);
            let joined = (kids.len() * 4 <= self.params.fanout() * 3)
                .then(|| Child::inner(Inner::new(kids, &both, &self.params.meter)));
            return Ok(joined);
        }
        let left = self.leaf(left, &left_fences)?;
        let right = self.leaf(right, &right_fences)?;
        let mut entries = left.map_or_else(Vec::new, |leaf| leaf.merged());
        entries.extend(right.map_or_else(Vec::new, |leaf| leaf.merged()));
        let count = inner.children[i].count + inner.children[i + 1].count;
        if crate::ids::to_u64(entries.len()) != count {
            return Err(damaged_in_memory("leaf", format!("{count} entries"), entries.len().to_string()));
        }
        let heap_bytes = entries.iter().map(|entry| entry.source.view.heap_entry(entry.at).len()).sum();
        let block = split::leaf_of(&entries, heap_bytes, 0, &both, self.params);
        Ok((!self.params.overflows(&block)).then(|| Child::leaf(block)))
    }

    fn leaf<'c>(&'c self, child: &'c Child, fences: &OwnFences) -> Result<Option<LeafView<'c>>> {
        match &child.node {
            Node::Leaf(leaf) => LeafView::open_between(self.pages, leaf, fences).map(Some),
            Node::Empty | Node::Inner(_) => Ok(None),
        }
    }

    /// The children of an inner node; an empty child counts as a node with nothing but itself in it.
    fn kids(&self, child: &Child, fences: &OwnFences) -> Result<Vec<Kid>> {
        match &child.node {
            Node::Inner(InnerRef::Own(inner)) => InnerView::Own(inner).kids(),
            Node::Inner(InnerRef::Page(addr)) => InnerView::open_between(self.pages, addr, fences)?.kids(),
            Node::Empty | Node::Leaf(_) => Ok(vec![Kid { separator: Vec::new(), child: child.clone() }]),
        }
    }

    /// Takes away levels at the root that are there for one child only.
    pub(crate) fn shrink_root(&self, root: &mut Child) {
        while let Some(below) = self.only_below(root) {
            *root = below;
        }
    }

    /// What can stand in for a root with one child beside empty ones.
    fn only_below(&self, root: &Child) -> Option<Child> {
        let Node::Inner(InnerRef::Own(inner)) = &root.node else { return None };
        if inner.len() == 1 {
            return Some(inner.children[0].clone());
        }
        let mut full = inner.children.iter().filter(|child| !child.is_empty());
        let only = full.next()?;
        if full.next().is_some() || !matches!(only.node, Node::Inner(_)) {
            return None;
        }
        let mut kids = Vec::new();
        for (i, child) in inner.children.iter().enumerate() {
            let fences = inner.fences_of(i, i, Fences::NONE);
            append_kids(&mut kids, inner.separators().key(i), self.kids(child, &fences).ok()?);
        }
        (kids.len() <= self.params.fanout())
            .then(|| Child::inner(Inner::new(kids, &OwnFences::default(), &self.params.meter)))
    }
}

/// Appends the children of one inner node to those of its left neighbour, whose upper fence is `separator`. Where empty
/// children meet, one is enough.
fn append_kids(kids: &mut Vec<Kid>, separator: Vec<u8>, mut more: Vec<Kid>) {
    if let Some(first) = more.first_mut() {
        first.separator = separator;
    }
    for kid in more {
        if kids.last().is_none_or(|last| !last.child.is_empty() || !kid.child.is_empty()) {
            kids.push(kid);
        }
    }
}
