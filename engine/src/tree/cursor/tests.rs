use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::error::Result;
use crate::ids::PageAddr;
use crate::page::access::PageRead;
use crate::page::memory::MemoryPages;
use crate::page::meter::Meter;
use crate::tree::{BulkBuilder, Existence, KeyChange, Root, TreeParams};

/// Pages of which is noted which were asked for, and which were read.
struct Noted {
    pages: MemoryPages,
    asked: RefCell<BTreeSet<u32>>,
    read: RefCell<BTreeSet<u32>>,
}

impl PageRead for Noted {
    fn page(&self, addr: &PageAddr) -> Result<&[u8]> {
        self.read.borrow_mut().insert(addr.unit);
        self.pages.page(addr)
    }

    fn prefetch(&self, addr: &PageAddr) {
        self.asked.borrow_mut().insert(addr.unit);
    }

    fn prefetches(&self) -> bool {
        true
    }
}

impl Noted {
    /// How many pages were asked for and how many were read without, since the last time.
    fn counts(&self) -> (usize, usize) {
        let (asked, read) = (self.asked.take(), self.read.take());
        (asked.len(), read.difference(&asked).count())
    }
}

const KEYS: u32 = 4000;

fn params() -> TreeParams {
    TreeParams { inner_fanout: 16, ..TreeParams::for_leaves(512, Meter::new()) }
}

/// A tree of some hundred leaves.
fn packed() -> (Root, Noted) {
    let mut pages = MemoryPages::new();
    let mut builder = BulkBuilder::new(params());
    for n in 0..KEYS {
        builder.push(&mut pages, &n.to_be_bytes(), &[7; 20]).unwrap();
    }
    let root = Root::from_child(builder.finish(&mut pages).unwrap());
    (root, Noted { pages, asked: RefCell::default(), read: RefCell::default() })
}

#[test]
fn a_scan_asks_for_most_leaves_before_it_reads_them_both_ways() {
    let (root, pages) = packed();
    let all = pages.pages.len();
    for backward in [false, true] {
        let mut cursor = root.cursor(&pages);
        let mut entries = 0;
        while if backward { cursor.prev() } else { cursor.next() }.unwrap() {
            entries += 1;
        }
        assert_eq!(entries, KEYS);
        let (asked, unasked) = pages.counts();
        assert!(unasked < all / 6 && asked + unasked == all, "{asked} asked, {unasked} not, of {all}");
    }
}

#[test]
fn lookups_and_short_ranges_ask_for_little() {
    let (root, pages) = packed();
    let mut cursor = root.cursor(&pages);
    for n in (0..KEYS).step_by(97) {
        assert!(cursor.seek(&n.to_be_bytes()).unwrap());
    }
    assert_eq!(pages.counts().0, 0);
    let in_leaf = 512 / 30;
    for _ in 0..2 * in_leaf {
        cursor.prev().unwrap();
    }
    assert!((1..=6).contains(&pages.counts().0));
}

#[test]
fn a_batch_asks_for_all_leaves_it_changes() {
    let (mut root, pages) = packed();
    let keys: Vec<[u8; 4]> = (0..KEYS).step_by(83).map(u32::to_be_bytes).collect();
    let change = |key| KeyChange { key, value: Some(&[8][..]), existence: Existence::Look };
    let mut changes: Vec<KeyChange<'_>> = keys.iter().map(|key| change(&key[..])).collect();
    root.change_many(&pages, &params(), &mut changes).unwrap();
    let (asked, unasked) = pages.counts();
    assert!(asked >= keys.len() && unasked < asked / 2, "{asked} asked, {unasked} not");
}
