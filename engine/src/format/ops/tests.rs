use std::ops::Bound::{Excluded, Included, Unbounded};

use proptest::prelude::*;

use super::*;

const TREE: TreeId = TreeId(300);

fn written(ops: &[Op<'_>]) -> OpWriter {
    let mut writer = OpWriter::new();
    ops.iter().for_each(|op| writer.push(op));
    writer
}

fn read(payload: &[u8]) -> Result<Vec<Op<'_>>, BadOp> {
    let mut ops = Ops::new(payload);
    let mut all = Vec::new();
    while let Some(op) = ops.next_op()? {
        all.push(op);
    }
    Ok(all)
}

#[test]
fn operations_have_known_bytes() {
    let ops = [
        Op::CreateTree { tree: TREE, name: b"t" },
        Op::DropTree { tree: TreeId(1) },
        Op::Put { tree: TREE, key: b"k", value: b"vw", existed: Some(false) },
        Op::Put { tree: TreeId(0), key: b"", value: b"", existed: Some(true) },
        Op::Put { tree: TreeId(1), key: b"k", value: b"v", existed: None },
        Op::Delete { tree: TreeId(1), key: b"k" },
        Op::DeleteRange { tree: TreeId(1), start: Included(b"a"), end: Excluded(b"bc"), removed: 128 },
        Op::DeleteRange { tree: TreeId(1), start: Unbounded, end: Unbounded, removed: 0 },
    ];
    let writer = written(&ops);
    let expected: &[u8] = &[
        1, 0xac, 2, 1, b't', // create
        2, 1, // drop
        3, 0xac, 2, 1, b'k', 2, b'v', b'w', // put, new
        4, 0, 0, 0, // put, over
        7, 1, 1, b'k', 1, b'v', // put
        5, 1, 1, b'k', // delete
        6, 1, 0x32, 1, b'a', 2, b'b', b'c', 0x80, 1, // delete range
        6, 1, 0x11, 0, // delete all
    ];
    assert_eq!(writer.bytes(), expected);
    assert_eq!(read(expected), Ok(ops.to_vec()));
}

#[test]
fn truncation_takes_back_operations() {
    let mut writer = written(&[Op::Delete { tree: TreeId(9), key: b"a" }]);
    let mark = writer.len();
    writer.push(&Op::DropTree { tree: TreeId(7) });
    writer.truncate(mark);
    writer.push(&Op::Delete { tree: TreeId(9), key: b"b" });
    let expected = [Op::Delete { tree: TreeId(9), key: b"a" }, Op::Delete { tree: TreeId(9), key: b"b" }];
    assert_eq!(read(writer.bytes()), Ok(expected.to_vec()));
    writer.truncate(0);
    assert!(writer.is_empty());
    assert_eq!(writer.ops().next_op(), Ok(None));
}

#[test]
fn hostile_bytes_are_refused() {
    for (payload, offset, found) in [
        (&[0u8][..], 0, "an unknown operation"),
        (&[9, 0], 0, "an unknown operation"),
        (&[2, 1, 1], 2, CUT_SHORT),
        (&[5, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, b'k'], 0, CUT_SHORT),
        (&[2, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 0, CUT_SHORT),
        (&[6, 1, 0x10, 0], 0, "an unknown kind of bound"),
        (&[6, 1, 0x41, 0], 0, "an unknown kind of bound"),
    ] {
        let mut ops = Ops::new(payload);
        let error = loop {
            match ops.next_op() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{payload:?} was read to the end"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, BadOp { offset, found }, "{payload:?}");
        assert_eq!(ops.next_op(), Err(error), "the error stays");
    }
    let mut long_key = vec![5, 1];
    long_key.put_sized(&vec![0; MAX_KEY_BYTES + 1]);
    assert_eq!(read(&long_key).map_err(|bad| bad.found), Err("a key longer than keys may be"));
}

#[test]
fn which_keys_existed_before_stands_behind_all_operations() {
    let ops = [Op::Delete { tree: TreeId(1), key: b"k" }];
    for existed in
        [&[][..], &[true], &[false; 8], &[true, true, false, true, false, false, false, false, true]]
    {
        let mut writer = written(&ops);
        writer.push_existed(existed);
        let mut read = writer.ops();
        assert_eq!(read.next_op(), Ok(Some(ops[0])));
        assert_eq!((read.next_op(), read.next_op()), (Ok(None), Ok(None)));
        assert_eq!(read.existed_before(), Some(existed));
    }
    let mut writer = written(&ops);
    writer.push_existed(&[true, true, false, true, false, false, false, false, true]);
    assert_eq!(writer.bytes()[4..], [8, 9, 0b1011, 1]);
    assert_eq!(Ops::new(&[8, 9, 0b1011]).next_op().map_err(|bad| bad.offset), Err(0));
    assert_eq!(Ops::new(&[8, 9, 0b1011, 1, 2, 0]).next_op().map_err(|bad| bad.offset), Err(0));
    let left_over = Ops::new(&[8, 9, 0b1011, 3]).next_op();
    assert_eq!(left_over.map_err(|bad| bad.found), Err("bits for more puts than there are"));
}

#[derive(Clone, Debug)]
enum OwnedOp {
    Create(u32, Vec<u8>),
    Drop(u32),
    Put(u32, Vec<u8>, Vec<u8>, Option<bool>),
    Delete(u32, Vec<u8>),
    Range(u32, Bound<Vec<u8>>, Bound<Vec<u8>>, u64),
}

impl OwnedOp {
    fn borrow(&self) -> Op<'_> {
        match self {
            OwnedOp::Create(tree, name) => Op::CreateTree { tree: TreeId(*tree), name },
            OwnedOp::Drop(tree) => Op::DropTree { tree: TreeId(*tree) },
            OwnedOp::Put(tree, key, value, existed) => {
                Op::Put { tree: TreeId(*tree), key, value, existed: *existed }
            }
            OwnedOp::Delete(tree, key) => Op::Delete { tree: TreeId(*tree), key },
            OwnedOp::Range(tree, start, end, removed) => Op::DeleteRange {
                tree: TreeId(*tree),
                start: start.as_ref().map(Vec::as_slice),
                end: end.as_ref().map(Vec::as_slice),
                removed: *removed,
            },
        }
    }
}

fn any_bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Unbounded), any::<Vec<u8>>().prop_map(Included), any::<Vec<u8>>().prop_map(Excluded)]
}

fn any_op() -> impl Strategy<Value = OwnedOp> {
    prop_oneof![
        (any::<u32>(), any::<Vec<u8>>()).prop_map(|(tree, name)| OwnedOp::Create(tree, name)),
        any::<u32>().prop_map(OwnedOp::Drop),
        (any::<u32>(), any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Option<bool>>())
            .prop_map(|(tree, key, value, existed)| OwnedOp::Put(tree, key, value, existed)),
        (any::<u32>(), any::<Vec<u8>>()).prop_map(|(tree, key)| OwnedOp::Delete(tree, key)),
        (any::<u32>(), any_bound(), any_bound(), any::<u64>())
            .prop_map(|(tree, start, end, removed)| OwnedOp::Range(tree, start, end, removed)),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(ops in prop::collection::vec(any_op(), 0..20), cut in any::<prop::sample::Index>()) {
        let ops: Vec<Op<'_>> = ops.iter().map(OwnedOp::borrow).collect();
        let mut writer = OpWriter::new();
        let mut lens = vec![0];
        for op in &ops {
            writer.push(op);
            lens.push(writer.len());
        }
        prop_assert_eq!(read(writer.bytes()), Ok(ops.clone()));
        let kept = cut.index(lens.len());
        writer.truncate(lens[kept]);
        prop_assert_eq!(read(writer.bytes()), Ok(ops[..kept].to_vec()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(payload: Vec<u8>) {
        let mut ops = Ops::new(&payload);
        let mut writer = OpWriter::new();
        while let Ok(Some(op)) = ops.next_op() {
            writer.push(&op);
        }
        prop_assert!(writer.len() <= payload.len(), "only the shortest form is written");
    }
}
