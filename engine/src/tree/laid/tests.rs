use super::Laid;
use crate::error::Error;
use crate::format::node::ValueRef;
use crate::format::page::PageKind;
use crate::ids::PageAddr;
use crate::page::access::PageWrite;
use crate::page::block::{Block, NewValue};
use crate::page::memory::MemoryPages;
use crate::page::meter::Meter;
use crate::tree::write::page_of;

fn delta(prefix: &[u8], entries: &[(&[u8], Option<&[u8]>)]) -> Block {
    let mut block = Block::new(PageKind::Delta, prefix, &Meter::new());
    for (key, value) in entries {
        block.push(key, value.map_or(NewValue::Tombstone, NewValue::Inline));
    }
    block
}

fn written(block: &Block) -> (MemoryPages, PageAddr) {
    let mut pages = MemoryPages::new();
    let addr = pages.append(PageKind::Delta, page_of(block).unwrap()).unwrap();
    (pages, addr)
}

#[test]
fn what_is_laid_over_wins_and_what_is_gone_stays_known_as_gone() {
    let (pages, under) = written(&delta(
        b"k",
        &[(b"ka", Some(b"1")), (b"kb", Some(b"2")), (b"kc", None), (b"kd", Some(b"4"))],
    ));
    let over = delta(b"k", &[(b"ka", None), (b"kc", Some(b"3")), (b"ke", None)]);
    let laid = Laid::new(under, over);
    assert!(laid.made().is_none());
    let most = laid.len_on_disk();
    let block = laid.block(&pages).unwrap();
    assert!(block.size_on_disk() <= most);
    let view = block.view();
    let found: Vec<_> = (0..view.len()).map(|i| (view.key(i), view.value(i))).collect();
    let expected = [
        (&b"ka"[..], ValueRef::Tombstone),
        (b"kb", ValueRef::Inline(b"2")),
        (b"kc", ValueRef::Inline(b"3")),
        (b"kd", ValueRef::Inline(b"4")),
        (b"ke", ValueRef::Tombstone),
    ];
    assert_eq!(found, expected.map(|(key, value)| (key.to_vec(), value)));
    assert_eq!(block.new_entries(), 3);
    assert!(laid.made().is_some_and(|made| std::ptr::eq(made, laid.block(&MemoryPages::new()).unwrap())));
}

#[test]
fn a_page_of_another_place_is_damage() {
    let (pages, under) = written(&delta(b"k", &[(b"ka", Some(b"1"))]));
    for over in [delta(b"", &[(b"x", None)]), delta(b"ka", &[(b"kab", None)])] {
        let laid = Laid::new(under, over);
        assert!(matches!(laid.block(&pages), Err(Error::Corrupt { .. })));
        assert!(laid.made().is_none());
    }
}
