use super::{ArrayBuffer, View, ViewBuffer, ViewKind};
use crate::label::Label;

fn view(kind: ViewKind, byte_offset: u32, byte_length: Option<u32>) -> View {
    let buffer = ViewBuffer::Own(ArrayBuffer::from(vec![0, 1, 2, 3, 4, 5, 6]));
    View { kind, buffer, byte_offset, byte_length }
}

#[test]
fn bytes_are_the_window() {
    assert_eq!(view(ViewKind::Uint8Array, 1, Some(3)).bytes(), Some(&[1, 2, 3][..]));
    assert_eq!(view(ViewKind::Uint16Array, 2, Some(4)).bytes(), Some(&[2, 3, 4, 5][..]));
    assert_eq!(view(ViewKind::Uint8Array, 7, Some(0)).bytes(), Some(&[][..]));
}

#[test]
fn a_following_view_ends_with_the_last_whole_element() {
    assert_eq!(view(ViewKind::Uint8Array, 4, None).bytes(), Some(&[4, 5, 6][..]));
    assert_eq!(view(ViewKind::Uint16Array, 2, None).bytes(), Some(&[2, 3, 4, 5][..]));
}

#[test]
fn outside_or_unaligned_views_have_no_bytes() {
    assert_eq!(view(ViewKind::Uint8Array, 8, Some(0)).bytes(), None);
    assert_eq!(view(ViewKind::Uint8Array, 7, Some(1)).bytes(), None);
    assert_eq!(view(ViewKind::Uint16Array, 1, Some(2)).bytes(), None);
    assert_eq!(view(ViewKind::Uint16Array, 0, Some(3)).bytes(), None);
    let elsewhere = View { buffer: ViewBuffer::Ref(Label(0)), ..view(ViewKind::Uint8Array, 0, Some(2)) };
    assert_eq!(elsewhere.bytes(), None);
    assert_eq!(elsewhere.bytes_in(&ArrayBuffer::from(vec![7, 8, 9])), Some(&[7, 8][..]));
}

#[test]
fn names_and_sizes() {
    for kind in ViewKind::ALL {
        assert_eq!(ViewKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(ViewKind::from_name("Array"), None);
    let sizes = ViewKind::ALL.map(ViewKind::element_size);
    assert_eq!(sizes, [1, 1, 1, 2, 2, 4, 4, 2, 4, 8, 8, 8, 1]);
}
