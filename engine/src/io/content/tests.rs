use proptest::prelude::*;

use super::{CHUNK, Content, MAX_LEN};
use crate::ids::to_u64;

/// A change of a file.
#[derive(Clone, Debug)]
enum Step {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let offset = 0..3 * CHUNK;
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        (0..2 * CHUNK, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
        (0..2 * CHUNK).prop_map(|len| vec![0; len]),
    ];
    let step = prop_oneof![
        4 => (offset.clone(), bytes).prop_map(|(offset, bytes)| Step::Write(offset, bytes)),
        2 => offset.prop_map(Step::SetLen),
        1 => Just(Step::Clone),
    ];
    prop::collection::vec(step, 0..12)
}

fn bytes_of(content: &Content) -> Vec<u8> {
    let mut bytes = vec![0xEE; usize::try_from(content.len()).expect("a small file") + 10];
    let n = content.read(&mut bytes, 0);
    bytes.truncate(n);
    bytes
}

/// The same content made by one write.
fn rebuilt(bytes: &[u8]) -> Content {
    let mut content = Content::default();
    content.write(bytes, 0);
    content
}

proptest! {
    #[test]
    fn behaves_like_a_vector(steps in steps()) {
        let mut content = Content::default();
        let mut model = Vec::new();
        let mut kept = Vec::new();
        for step in steps {
            match step {
                Step::Write(offset, bytes) => {
                    content.write(&bytes, to_u64(offset));
                    if model.len() < offset + bytes.len() {
                        model.resize(offset + bytes.len(), 0);
                    }
                    model[offset..offset + bytes.len()].copy_from_slice(&bytes);
                }
                Step::SetLen(len) => {
                    content.set_len(to_u64(len));
                    model.resize(len, 0);
                }
                Step::Clone => kept.push((content.clone(), content.digest(), model.clone())),
            }
            prop_assert_eq!(&bytes_of(&content), &model);
            prop_assert_eq!(content.digest(), rebuilt(&model).digest());
        }
        for (content, digest, model) in kept {
            prop_assert_eq!(bytes_of(&content), model);
            prop_assert_eq!(content.digest(), digest);
        }
    }

    #[test]
    fn reads_anywhere(offset in 0..3 * CHUNK, len in 0..3 * CHUNK) {
        let bytes: Vec<u8> = (0..=250u8).cycle().take(2 * CHUNK + 17).collect();
        let content = rebuilt(&bytes);
        let mut buf = vec![0xEE; len];
        let n = content.read(&mut buf, to_u64(offset));
        let expected = &bytes[offset.min(bytes.len())..(offset + len).min(bytes.len())];
        prop_assert_eq!(&buf[..n], expected);
        prop_assert!(buf[n..].iter().all(|byte| *byte == 0xEE));
    }
}

#[test]
fn a_clone_shares_what_is_not_written() {
    let original = rebuilt(&vec![7; 100 * CHUNK]);
    let mut copy = original.clone();
    copy.write(b"x", to_u64(50 * CHUNK));
    let shared = original
        .chunks
        .iter()
        .zip(copy.chunks.iter())
        .filter(|(a, b)| std::sync::Arc::ptr_eq(a.as_ref().expect("written"), b.as_ref().expect("written")))
        .count();
    assert_eq!(shared, 99);
}

#[test]
fn extending_and_writing_zeros_takes_no_memory() {
    let mut content = Content::default();
    content.set_len(MAX_LEN);
    content.write(&[0; CHUNK], 1 << 30);
    assert_eq!(content.len(), MAX_LEN);
    assert!(content.chunks.is_empty());
}

#[test]
fn a_file_cannot_be_longer_than_memory_could_index() {
    assert_eq!(Content::end_of(MAX_LEN - 1, 1).expect("fits"), MAX_LEN);
    for (offset, len) in [(MAX_LEN, 1), (u64::MAX, 1), (u64::MAX, 0)] {
        let error = Content::end_of(offset, len).expect_err("too long");
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
    }
}
