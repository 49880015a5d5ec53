//! Hostile bytes for every decoder: each function decodes what it is given and uses what was accepted. None may panic,
//! loop without end or take memory that the bytes do not account for.

use std::path::Path;
use std::sync::Arc;

use duramen_engine::format::inner::ChildRef;
use duramen_engine::format::node::NodeView;
use duramen_engine::format::ops::{Op, OpWriter, Ops};
use duramen_engine::format::page::{PageHeader, extent_value};
use duramen_engine::format::segment::PageSegmentHeader;
use duramen_engine::format::wal::SegmentHeader;
use duramen_engine::io::{Fs, Io, MemFs, OpenMode, write_all_at};
use duramen_engine::wal::{LogReader, LogScan, LogStart};
use duramen_engine::{Access, Background, Database, Durability, Options, Reader, TreeId};
use duramen_kv::Value;

use crate::random::Random;

/// A decoder under test.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    /// What it decodes.
    pub name: &'static str,
    /// Decodes bytes and uses what was accepted.
    pub run: fn(&[u8]),
}

/// Every decoder.
pub const DECODERS: &[Decoder] = &[
    Decoder { name: "operations of a log record", run: operations },
    Decoder { name: "header of a log segment", run: log_header },
    Decoder { name: "log of one segment", run: log },
    Decoder { name: "checkpoint list", run: checkpoint_list },
    Decoder { name: "header of a page segment", run: page_segment_header },
    Decoder { name: "page", run: page },
    Decoder { name: "reference to a child", run: child },
    Decoder { name: "structured value", run: value },
    Decoder { name: "JSON", run: json },
    Decoder { name: "SQL text", run: sql },
];

fn operations(bytes: &[u8]) {
    let mut ops = Ops::new(bytes);
    while let Ok(Some(op)) = ops.next_op() {
        let mut again = OpWriter::new();
        again.push(&op);
        assert_eq!(Ops::new(again.bytes()).next_op(), Ok(Some(op)), "what was read is written as it was");
    }
    if let Some(existed) = ops.existed_before() {
        let mut again = OpWriter::new();
        again.push_existed(existed);
        assert!(bytes.ends_with(again.bytes()), "what was read is written as it was");
    }
}

fn log_header(bytes: &[u8]) {
    if let Ok(header) = SegmentHeader::decode(bytes) {
        assert_eq!(header.encode(), bytes[..header.encode().len()]);
    }
}

fn page_segment_header(bytes: &[u8]) {
    if let Ok(header) = PageSegmentHeader::decode(bytes) {
        assert_eq!(header.encode()[..], bytes[..header.encode().len()]);
    }
}

fn page(bytes: &[u8]) {
    let _ = PageHeader::decode(bytes);
    let _ = extent_value(bytes);
    if NodeView::validate(bytes).is_err() {
        return;
    }
    let view = NodeView::new(bytes);
    for at in 0..view.len() {
        let key = view.key(at);
        assert_eq!(view.search(&key), Ok(at), "each key is found where it is");
        let _ = view.value(at);
    }
}

fn child(bytes: &[u8]) {
    if let Ok(child) = ChildRef::decode(&mut Reader::new(bytes)) {
        let mut again = Vec::new();
        child.encode(&mut again);
        assert_eq!(again, bytes[..again.len()], "a reference has one form");
    }
}

fn value(bytes: &[u8]) {
    if let Ok(value) = Value::from_bytes(bytes) {
        let again = value.to_bytes();
        drop(again);
    }
}

fn json(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Value::from_json(text);
    }
}

fn sql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let limits = duramen_sql::Limits::default();
    let mut start = 0;
    while let Ok(Some(parsed)) = duramen_sql::parse::parse_next(text, start, &limits) {
        assert!(parsed.next > start, "every statement takes some text");
        start = parsed.next;
    }
}

const DIR: &str = "db";

/// Files in memory with one file in the database's directory.
fn files(name: &str, bytes: &[u8]) -> Option<Arc<MemFs>> {
    let fs = MemFs::new();
    fs.create_dir(Path::new(DIR)).ok()?;
    let file = fs.open(&Path::new(DIR).join(name), OpenMode::CreateNew).ok()?;
    write_all_at(&*file, bytes, 0).ok()?;
    Some(Arc::new(fs))
}

fn log(bytes: &[u8]) {
    let Some(fs) = files("00000001.wal", bytes) else { return };
    let scan = LogScan { database: None, start: LogStart::Oldest, until: None, durable: 0 };
    if let Ok(Some(mut reader)) = LogReader::open(fs.clone(), Path::new(DIR), scan) {
        while let Ok(Some(_)) = reader.next_record() {}
    }
    open(fs);
}

fn checkpoint_list(bytes: &[u8]) {
    if let Some(fs) = files("checkpoints", bytes) {
        open(fs);
    }
}

fn open(fs: Arc<MemFs>) {
    let options =
        Options { access: Access::OpenExisting, background: Background::Inline, ..Options::default() };
    if let Ok(db) = Database::open_with(Io::repeatable(fs, 1), DIR, options) {
        let _ = db.verify(&mut |_| {});
    }
}

/// Whole samples to damage: the bytes that the engine itself writes.
///
/// # Errors
/// What the engine answers while it makes them.
pub fn samples() -> duramen_engine::Result<Vec<Vec<u8>>> {
    let fs = Arc::new(MemFs::new());
    let options =
        Options { background: Background::Inline, leaf_bytes: 256, inner_fanout: 4, ..Options::default() };
    let db = Database::open_with(Io::repeatable(fs.clone(), 1), DIR, options)?;
    let mut txn = db.begin_write()?;
    let tree = txn.create_tree(b"sample")?;
    for i in 0..60u32 {
        txn.put(tree, &i.to_be_bytes(), &[7; 30])?;
    }
    txn.put(tree, b"long", &[8; 2000])?;
    txn.commit(Durability::Immediate)?;
    db.checkpoint()?;
    db.close()?;
    let mut ops = OpWriter::new();
    ops.push(&Op::CreateTree { tree: TreeId(1), name: b"sample" });
    ops.push(&Op::Put { tree: TreeId(1), key: b"key", value: b"value", existed: Some(false) });
    ops.push_existed(&[true, false, true]);
    let mut samples = vec![ops.bytes().to_vec(), br#"{"a":[1,2.5,null,"x"],"b":{"c":true}}"#.to_vec()];
    samples.push(
        b"SELECT a, count(*) FROM t LEFT JOIN u USING (x) WHERE b IN (1, 2) GROUP BY a ORDER BY 2 DESC;"
            .to_vec(),
    );
    if let Ok(Ok(bytes)) =
        Value::from_json(r#"{"a":[1,2.5,null,"x"],"b":{"c":true}}"#).map(|value| value.to_bytes())
    {
        samples.push(bytes);
    }
    for name in fs.list(Path::new(DIR)).unwrap_or_default() {
        let bytes = duramen_engine::io::read_file(&*fs, &Path::new(DIR).join(&name)).unwrap_or_default();
        // The pages of a segment by themselves: they start at multiples of 64 bytes.
        if name.ends_with(".pages") {
            samples.extend(
                bytes.chunks(64).enumerate().skip(1).map(|(at, _)| bytes[at * 64..].to_vec()).take(20),
            );
        }
        samples.push(bytes);
    }
    Ok(samples)
}

/// The input of one run: random bytes, or a sample with some damage.
#[must_use]
pub fn input(samples: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    if samples.is_empty() || random.below(4) == 0 {
        let len = usize::try_from(random.below(300)).unwrap_or(0);
        return random.bytes(len);
    }
    let pick = |random: &mut Random, n: usize| usize::try_from(random.below(n as u64)).unwrap_or(0);
    let mut bytes = samples[pick(random, samples.len())].clone();
    for _ in 0..random.below(4) {
        if bytes.is_empty() {
            break;
        }
        // Most of what decides lies at the start.
        let reach = if random.below(2) == 0 { bytes.len().min(64) } else { bytes.len() };
        let at = pick(random, reach);
        match random.below(3) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = u8::try_from(random.below(256)).unwrap_or(0),
            _ => bytes.truncate(at),
        }
    }
    bytes
}
