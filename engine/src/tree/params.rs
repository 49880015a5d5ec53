//! [`TreeParams`]: how large nodes get.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::format::page::PAGE_HEADER_BYTES;
use crate::page::block::Block;
use crate::page::meter::Meter;
use crate::tree::absent::Nudge;
use crate::tree::children::MAX_FANOUT;

/// A value longer than this gets an extent, and is not written again whenever its neighbours change. That takes some seventy
/// bytes more, a fourteenth of the shortest of them, and a look at one more page to read it, which ranges feel the most.
const INLINE_VALUE_BYTES: usize = 1023;
/// A shorter one gets an extent where it would take more than this part of a leaf.
const INLINE_PART: usize = 4;

/// How large the nodes of a tree get. The tree is correct with any of these; tests use tiny ones to reach every split.
#[derive(Clone, Debug)]
pub struct TreeParams {
    /// The length from which a leaf is split. A larger one makes fewer, dearer pages. A leaf of one entry may be longer.
    pub leaf_bytes: usize,
    /// The most children of an inner node, in memory and on disk: 4 to 64. More make a shallower tree and longer copies.
    pub inner_fanout: usize,
    /// The most entries of a delta; with more it is merged with its base. Most are merged with fewer, by a checkpoint. One that a
    /// checkpoint made of two may have twice as many.
    pub delta_entries: usize,
    /// The longest value that lies in its leaf; longer ones go to an extent of their own.
    pub inline_value_bytes: usize,
    /// The number of entries from which a tree may get a filter for absent keys.
    pub filter_entries: u64,
    /// Who is told that a tree wants one.
    pub(crate) nudge: Nudge,
    /// Which checkpoint may be writing what is in memory.
    pub(crate) era: Era,
    /// Counts what the nodes in memory hold.
    pub meter: Meter,
}

/// How many checkpoints have begun. What was in memory before the newest one may be what it is writing. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Era(Arc<AtomicU32>);

impl Era {
    /// Another one has begun.
    pub(crate) fn begin_next(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl TreeParams {
    /// The parameters for leaves of this length.
    #[must_use]
    pub fn for_leaves(leaf_bytes: usize, meter: Meter) -> TreeParams {
        TreeParams {
            leaf_bytes,
            inner_fanout: 64,
            delta_entries: 32,
            inline_value_bytes: INLINE_VALUE_BYTES.min(leaf_bytes / INLINE_PART),
            filter_entries: 1000,
            nudge: Nudge::default(),
            era: Era::default(),
            meter,
        }
    }

    /// The most children of an inner node.
    pub(crate) fn fanout(&self) -> usize {
        self.inner_fanout.clamp(4, MAX_FANOUT)
    }

    /// How many bytes the entries of a leaf may take. Never less than half a leaf, however long its prefix is.
    pub(crate) fn room_in_leaf(&self, prefix_len: usize) -> usize {
        self.leaf_bytes.saturating_sub(PAGE_HEADER_BYTES + prefix_len).max(self.leaf_bytes / 2)
    }

    /// Whether a leaf must be split.
    pub(crate) fn overflows(&self, leaf: &Block) -> bool {
        let prefix_len = leaf.prefix_len();
        leaf.size_on_disk() - PAGE_HEADER_BYTES - prefix_len > self.room_in_leaf(prefix_len) && leaf.len() > 1
    }
}

impl Default for TreeParams {
    fn default() -> TreeParams {
        TreeParams::for_leaves(8192, Meter::new())
    }
}
