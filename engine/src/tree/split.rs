//! Where to cut what does not fit one node, and the nodes that come of it.

use std::ops::Range;

use crate::format::node::{EXTENT_ADDR_MAX_BYTES, HEAD_BYTES, MEMORY_NUMBER_BYTES, ValueRef};
use crate::format::page::{PageKind, SlotWidth};
use crate::page::block::Block;
use crate::tree::node::{Child, Inner, Kid, OwnFences, separator_between};
use crate::tree::params::TreeParams;
use crate::tree::read::Entry;

/// Which way the keys come in, as far as the newest one tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// The newest one is the last: all parts but the last are filled up.
    Ascending,
    /// The newest one is the first: all parts but the first are filled up.
    Descending,
    /// Anything else: parts of the same size.
    Random,
}

impl Growth {
    /// What an entry that came in at `i`, now one of `len`, tells.
    pub(crate) fn of(i: usize, len: usize) -> Growth {
        if i + 1 == len {
            Growth::Ascending
        } else if i == 0 {
            Growth::Descending
        } else {
            Growth::Random
        }
    }

    /// How many entries will be put into a part of `len` ones before it is split itself, about.
    fn expected_in(self, part: &Range<usize>, len: usize) -> usize {
        match self {
            Growth::Ascending if part.end == len => len - part.len(),
            Growth::Descending if part.start == 0 => len - part.len(),
            Growth::Ascending | Growth::Descending => 0,
            Growth::Random => part.len() / 2,
        }
    }
}

/// A node, and the nodes to its right that did not fit into it.
pub(crate) struct Parts {
    pub(crate) first: Child,
    pub(crate) right: Vec<Kid>,
}

/// Makes leaves of these entries, as many as it takes.
pub(crate) fn leaves(
    entries: &[Entry<'_>],
    fences: &OwnFences,
    growth: Growth,
    params: &TreeParams,
) -> Parts {
    let mut has_long_values = false;
    let sizes: Vec<usize> = entries
        .iter()
        .map(|entry| {
            let (heap_entry, value) = entry.source.view.heap_entry_and_value(entry.at);
            has_long_values |= !matches!(value, ValueRef::Inline(_));
            let longer = if let ValueRef::Memory(_) = value { LONGER_AS_ADDRESS } else { 0 };
            heap_entry.len() + longer + IN_ARRAYS_BYTES
        })
        .collect();
    let ranges = cut(&sizes, params.room_in_leaf(fences.prefix().len()), growth);
    let mut separators = Vec::with_capacity(ranges.len());
    for range in ranges.iter().skip(1) {
        let left = entries[range.start - 1].key();
        let right = entries[range.start].key();
        separators.push(separator_between(&left, &right).to_vec());
    }
    parts(ranges, separators, fences, |range, fences| {
        let heap_bytes = sizes[range.clone()].iter().sum::<usize>() - range.len() * IN_ARRAYS_BYTES;
        let expected = growth.expected_in(&range, entries.len());
        let block = leaf_of(&entries[range], heap_bytes, expected, fences, params);
        if has_long_values { Child::leaf(block) } else { Child::leaf_of_short_values(block) }
    })
}

/// Makes inner nodes of these children, as many as it takes.
pub(crate) fn inners(kids: Vec<Kid>, fences: &OwnFences, growth: Growth, params: &TreeParams) -> Parts {
    let sizes = vec![1; kids.len()];
    let ranges = cut(&sizes, params.fanout(), growth);
    let separators = ranges.iter().skip(1).map(|range| kids[range.start].separator.clone()).collect();
    let mut kids = kids.into_iter();
    parts(ranges, separators, fences, |range, fences| {
        Child::inner(Inner::new(kids.by_ref().take(range.len()).collect(), fences, &params.meter))
    })
}

/// Makes one node of a node and its right siblings, with as many levels above them as it takes.
pub(crate) fn one(mut parts: Parts, fences: &OwnFences, params: &TreeParams) -> Child {
    while !parts.right.is_empty() {
        let mut kids = vec![Kid { separator: Vec::new(), child: parts.first }];
        kids.append(&mut parts.right);
        parts = inners(kids, fences, Growth::Random, params);
    }
    parts.first
}

fn parts(
    ranges: Vec<Range<usize>>,
    separators: Vec<Vec<u8>>,
    fences: &OwnFences,
    mut make: impl FnMut(Range<usize>, &OwnFences) -> Child,
) -> Parts {
    let mut fences = fences.clone();
    let mut nodes = Vec::with_capacity(ranges.len());
    for (i, range) in ranges.into_iter().enumerate() {
        match separators.get(i) {
            Some(separator) => {
                let (own, rest) = fences.split_at(separator);
                nodes.push(make(range, &own));
                fences = rest;
            }
            None => {
                nodes.push(make(range, &fences));
                break;
            }
        }
    }
    let mut nodes = nodes.into_iter();
    let first = nodes.next().unwrap_or(Child::EMPTY);
    let right =
        separators.into_iter().zip(nodes).map(|(separator, child)| Kid { separator, child }).collect();
    Parts { first, right }
}

/// One block of all these entries, whose heap entries take `heap_bytes` together, with room for those that are expected.
pub(crate) fn leaf_of(
    entries: &[Entry<'_>],
    heap_bytes: usize,
    expected: usize,
    fences: &OwnFences,
    params: &TreeParams,
) -> Block {
    let capacity = entries.len() + expected;
    let heap_bytes = heap_bytes + expected * (heap_bytes / entries.len().max(1));
    let mut block = Block::with_room(PageKind::Leaf, fences.prefix(), capacity, heap_bytes, &params.meter);
    // Entries that stand side by side in their node are copied together.
    for run in entries.chunk_by(|a, b| a.at + 1 == b.at && a.source.is_same(&b.source)) {
        block.copy_entries(run[0].source, run[0].at..run[0].at + run.len());
    }
    block
}

/// What an entry takes up in a page beside its place in the heap.
const IN_ARRAYS_BYTES: usize = HEAD_BYTES + SlotWidth::Narrow.bytes();

/// How much longer the heap entry of a long value in memory may be in a page.
const LONGER_AS_ADDRESS: usize = EXTENT_ADDR_MAX_BYTES - MEMORY_NUMBER_BYTES + 1;

/// Cuts things of these sizes into runs of at most `max` together, unless one alone is larger.
fn cut(sizes: &[usize], max: usize, growth: Growth) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    match growth {
        Growth::Ascending => fill(sizes.iter().copied(), max, |run| runs.push(run)),
        Growth::Descending => {
            fill(sizes.iter().rev().copied(), max, |run| {
                runs.push(sizes.len() - run.end..sizes.len() - run.start)
            });
            runs.reverse();
        }
        Growth::Random => halve(sizes, 0..sizes.len(), max, &mut runs),
    }
    runs
}

/// Fills one run after the other.
fn fill(sizes: impl Iterator<Item = usize>, max: usize, mut run: impl FnMut(Range<usize>)) {
    let mut start = 0;
    let mut end = 0;
    let mut filled = 0;
    for size in sizes {
        if end > start && filled + size > max {
            run(start..end);
            start = end;
            filled = 0;
        }
        filled += size;
        end += 1;
    }
    run(start..end);
}

/// Halves a range until each part fits.
fn halve(sizes: &[usize], range: Range<usize>, max: usize, runs: &mut Vec<Range<usize>>) {
    let total: usize = sizes[range.clone()].iter().sum();
    if total <= max || range.len() < 2 {
        runs.push(range);
        return;
    }
    let mut left = 0;
    let mut middle = range.start;
    while middle < range.end && left + sizes[middle] / 2 <= total / 2 {
        left += sizes[middle];
        middle += 1;
    }
    let middle = middle.clamp(range.start + 1, range.end - 1);
    halve(sizes, range.start..middle, max, runs);
    halve(sizes, middle..range.end, max, runs);
}
