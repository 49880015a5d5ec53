//! What verification must find.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Fs, MemFs};
use duramen_engine::{Durability, Options, Retention};

use crate::support::{open, tiny, verify};

#[test]
fn a_missing_piece_of_history_is_found() {
    let fs = Arc::new(MemFs::new());
    let options = Options { retention: Retention::All, log_segment_bytes: 4 << 10, ..tiny() };
    let db = open(&fs, options.clone());
    let mut txn = db.begin_write().unwrap();
    let tree = txn.create_tree(b"t").unwrap();
    txn.commit(Durability::Immediate).unwrap();
    for i in 0..100u32 {
        let mut txn = db.begin_write().unwrap();
        txn.put(tree, &i.to_be_bytes(), &[0; 200]).unwrap();
        txn.commit(Durability::Immediate).unwrap();
    }
    db.checkpoint().unwrap();
    verify(&db);
    db.close().unwrap();
    for missing in ["db/00000001.wal", "db/00000003.wal"] {
        let damaged = Arc::new((*fs).clone());
        damaged.remove(Path::new(missing)).unwrap();
        let db = open(&damaged, options.clone());
        let report = db.verify(&mut |_| {}).unwrap();
        assert_eq!(report.problems.len(), 1, "{missing}: {:?}", report.problems);
    }
}
