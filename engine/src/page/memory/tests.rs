use super::*;
use crate::error::Error;
use crate::format::node::NodeView;
use crate::format::page::extent_value;
use crate::page::block::{Block, NewValue};
use crate::page::meter::Meter;

fn leaf() -> Vec<u8> {
    let mut block = Block::new(PageKind::Leaf, b"k", &Meter::new());
    block.push(b"k1", NewValue::Inline(b"one"));
    block.to_page_bytes(|_| unreachable!("no long values")).unwrap()
}

#[test]
fn pages_in_memory_are_read_back_and_checked() {
    let mut pages = MemoryPages::new();
    let node = pages.append(PageKind::Leaf, leaf()).unwrap();
    let extent = pages.append_extent(b"a long value").unwrap();
    assert_eq!(NodeView::new(pages.page(&node).unwrap()).search(b"k1"), Ok(0));
    assert_eq!(extent_value(pages.page(&extent).unwrap()), Ok(&b"a long value"[..]));
    assert_eq!(pages.len(), 2);
    assert_eq!(pages.total_bytes(), usize::try_from(node.len + extent.len).unwrap());

    for wrong in [
        PageAddr { unit: 2, ..node },
        PageAddr { len: node.len + 1, ..node },
        PageAddr { crc: node.crc ^ 1, ..node },
        PageAddr { unit: extent.unit, ..node },
    ] {
        assert!(matches!(pages.page(&wrong), Err(Error::Corrupt(_))), "{wrong:?}");
    }
    pages.page_mut(&node)[30] ^= 1;
    assert!(matches!(pages.page(&node), Err(Error::Corrupt(_))));
}
