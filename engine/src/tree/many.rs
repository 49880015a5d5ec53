//! The values of many keys, looked up side by side.
//!
//! What a lookup takes is mostly waiting for memory: where a node lies is known only when the one above it has arrived,
//! and where an entry lies only when the start of its node has. So a few lookups go on in step. Each finds out where it
//! reads on, without reading there, and then all these places are touched one right after the other: a processor that
//! need not do anything else in between has them all brought in at once.

use crate::error::Result;
use crate::page::access::PageRead;
use crate::page::block::{NewValue, Source};
use crate::tree::node::covered;
use crate::tree::read::{self, InnerView, MAX_DEPTH, NodeRef, Start};

/// How many lookups go on in step. Half as many leave some of the gain, more would not fit what a processor has under way.
const AT_ONCE: usize = 16;

/// One lookup on its way.
struct Lookup<'a, 'k> {
    key: &'k [u8],
    /// How many nodes there can be below.
    depth: usize,
    next: Step<'a>,
    /// What the next step reads.
    ahead: [&'a [u8]; 3],
}

/// What a lookup does next.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// Opens a subtree and searches the heads of its first node.
    Open(Start<'a>),
    /// Goes to a child of a node in which so many heads are below that of the key.
    Child(InnerView<'a>, usize),
    /// Compares the key with those in a base in which so many heads are below its own.
    Entry(Source<'a>, usize),
    /// Nothing: this is the value.
    Done(Option<NewValue<'a>>),
}

impl<'a> Lookup<'a, '_> {
    /// Takes the next step; whether another one follows.
    #[inline]
    fn step(&mut self, pages: &'a (impl PageRead + ?Sized)) -> Result<bool> {
        match self.next {
            Step::Open(start) => self.open(start.open(pages)?),
            Step::Child(node, below) => {
                let found = node.separators().search_from(below, self.key);
                let start = node.start(covered(found).ok_or_else(|| node.first_is_missing())?)?;
                self.depth = self.depth.checked_sub(1).ok_or_else(|| read::too_deep(start))?;
                self.ahead = start.places(pages);
                start.prefetch(pages);
                self.next = Step::Open(start);
            }
            Step::Entry(base, below) => {
                self.next = Step::Done(base.find_from(below, self.key));
            }
            Step::Done(_) => {}
        }
        Ok(!matches!(self.next, Step::Done(_)))
    }

    #[inline]
    fn open(&mut self, node: NodeRef<'a>) {
        (self.next, self.ahead[0]) = match node {
            NodeRef::Empty => (Step::Done(None), &[][..]),
            NodeRef::Inner(node) => {
                let separators = node.separators();
                let below = separators.heads_below(self.key);
                // The child is most often that of the separator before.
                (Step::Child(node, below), separators.bytes_from(below.saturating_sub(1)))
            }
            NodeRef::Leaf(leaf) => {
                match leaf.deltas().find_map(|delta| read::find_in_delta(&delta, self.key)) {
                    Some(value) => (Step::Done(value), &[][..]),
                    None => {
                        let base = leaf.base;
                        let below = base.view.heads_below(self.key);
                        (Step::Entry(base, below), base.view.bytes_from(below))
                    }
                }
            }
        };
        self.ahead[1..].fill(&[]);
    }

    /// Touches what the next step reads.
    #[inline]
    fn touch(&self) {
        const LINE_BYTES: usize = 64;
        for bytes in self.ahead {
            let touched = bytes.iter().step_by(LINE_BYTES).take(5).fold(0, |all, byte| all | byte);
            std::hint::black_box(touched);
        }
    }
}

/// The values at `keys`, in their order. Keys that the tree surely lacks are not looked for.
pub(crate) fn find_many<'a>(
    root: Start<'a>,
    pages: &'a (impl PageRead + ?Sized),
    keys: &[&[u8]],
    lacks: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Option<&'a [u8]>>> {
    let mut values = Vec::with_capacity(keys.len());
    let mut lookups = Vec::with_capacity(keys.len().min(AT_ONCE));
    for group in keys.chunks(AT_ONCE) {
        lookups.extend(group.iter().map(|key| {
            let next = if lacks(key) { Step::Done(None) } else { Step::Open(root) };
            Lookup { key, depth: MAX_DEPTH, next, ahead: [&[]; 3] }
        }));
        let mut go_on = true;
        while go_on {
            go_on = false;
            for lookup in &mut lookups {
                go_on |= lookup.step(pages)?;
            }
            lookups.iter().for_each(Lookup::touch);
        }
        for lookup in lookups.drain(..) {
            let Step::Done(value) = lookup.next else { unreachable!("no lookup goes on") };
            values.push(value.map(|value| read::value_bytes(value, pages)).transpose()?);
        }
    }
    Ok(values)
}
