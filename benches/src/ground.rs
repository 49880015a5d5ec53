//! The costs of the engine alone: CPU per put, get and scanned row, size on disk, flushes of a small database.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use duramen_engine::io::{Io, OsFs};
use duramen_engine::{Database, Durability, Options, Result, TreeId, View};

use crate::counting::CountingFs;
use crate::cpu::{median, nanos_each, precise};
use crate::keys::{KeyShape, Random, key, value};

/// Length of an entry of the workloads.
const ENTRY_BYTES: u64 = 24 + 150;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Entries of the loaded database.
    pub rows: u64,
    /// Puts measured for each batch size.
    pub puts: u64,
    /// Gets measured.
    pub gets: u64,
    /// Times each measurement is taken; the median counts.
    pub rounds: usize,
}

impl Scale {
    /// A million rows, as the peers were measured.
    pub const FULL: Scale = Scale { rows: 1_000_000, puts: 200_000, gets: 1_000_000, rounds: 5 };
    /// A tenth of it, in some seconds.
    pub const QUICK: Scale = Scale { rows: 100_000, puts: 20_000, gets: 200_000, rounds: 3 };
}

fn load(dir: &Path, shape: KeyShape, scale: Scale) -> Result<(Database, TreeId)> {
    let db = Database::open(dir, Options::default())?;
    let mut txn = db.begin_write()?;
    let tree = txn.create_tree(b"rows")?;
    for i in 0..scale.rows {
        txn.put(tree, &key(shape, i), &value(i, 0))?;
    }
    txn.commit(Durability::Immediate)?;
    db.checkpoint()?;
    Ok((db, tree))
}

/// CPU of one put over an existing key, in transactions of `batch` puts that are not waited for.
fn put_cost(db: &Database, tree: TreeId, scale: Scale, batch: u64, round: u64) -> Result<f64> {
    let mut random = Random::new(round);
    let mut failure = None;
    let nanos = nanos_each(scale.puts, || {
        let mut done = 0;
        while done < scale.puts && failure.is_none() {
            failure = put_batch(db, tree, scale, batch, &mut random).err();
            done += batch;
        }
    });
    failure.map_or(Ok(nanos), Err)
}

fn put_batch(db: &Database, tree: TreeId, scale: Scale, batch: u64, random: &mut Random) -> Result<()> {
    let mut txn = db.begin_write()?;
    for _ in 0..batch {
        let i = random.below(scale.rows);
        txn.put(tree, &key(KeyShape::Random, i), &value(i, 1))?;
    }
    txn.commit(Durability::None)?;
    Ok(())
}

fn get_cost(db: &Database, tree: TreeId, shape: KeyShape, scale: Scale, round: u64) -> Result<f64> {
    let view = db.begin_read()?;
    let mut random = Random::new(round);
    let mut found = 0;
    let keys: Vec<[u8; 24]> = (0..scale.gets).map(|_| key(shape, random.below(scale.rows))).collect();
    let nanos = nanos_each(scale.gets, || {
        for key in &keys {
            found += u64::from(view.get(tree, key).is_ok_and(|value| value.is_some()));
        }
    });
    assert_eq!(found, scale.gets, "every key is there");
    Ok(nanos)
}

fn scan_cost(db: &Database, tree: TreeId, scale: Scale) -> Result<f64> {
    let view = db.begin_read()?;
    let mut cursor = view.cursor(tree)?;
    let (mut rows, mut bytes) = (0, 0);
    let nanos = nanos_each(scale.rows, || {
        while cursor.next().is_ok_and(|more| more) {
            rows += 1;
            bytes += cursor.key().len() + cursor.value().map_or(0, <[u8]>::len);
        }
    });
    assert_eq!((rows, bytes), (scale.rows, usize::try_from(scale.rows * ENTRY_BYTES).unwrap_or(0)));
    Ok(nanos)
}

fn disk_bytes(dir: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

/// Flushes and size of a database that gets ten durable puts, each a commit of its own, and is closed.
fn small_database(dir: &Path) -> Result<(u64, u64)> {
    let fs = CountingFs::new(OsFs);
    let counts = fs.counts();
    let io = Io { fs: Arc::new(fs), ..Io::os() };
    let db = Database::open_with(io, dir, Options::default())?;
    for i in 0..10 {
        let mut txn = db.begin_write()?;
        let tree = txn.open_tree(b"rows")?;
        txn.put(tree, &key(KeyShape::Random, i), &value(i, 0))?;
        txn.commit(Durability::Immediate)?;
    }
    db.close()?;
    Ok((counts.syncs(), disk_bytes(dir).unwrap_or(0)))
}

/// Bytes written to files for each byte of keys and values that random puts of 1,000 a commit gave the database.
fn write_amplification(dir: &Path, scale: Scale) -> Result<f64> {
    let (db, _) = load(dir, KeyShape::Random, scale)?;
    db.close()?;
    let fs = CountingFs::new(OsFs);
    let counts = fs.counts();
    let io = Io { fs: Arc::new(fs), ..Io::os() };
    let db = Database::open_with(io, dir, Options::default())?;
    let tree = db.begin_write()?.open_tree(b"rows")?;
    let mut random = Random::new(9);
    for _ in 0..scale.puts / 1000 {
        put_batch(&db, tree, scale, 1000, &mut random)?;
    }
    db.checkpoint()?;
    db.close()?;
    Ok(precise(counts.written_bytes.load(Ordering::Relaxed)) / precise(scale.puts * ENTRY_BYTES))
}

/// Runs everything and writes the table in Markdown. `say` gets a line at a time.
///
/// # Errors
/// What the database answers.
pub fn report(dir: &Path, scale: Scale, say: &mut dyn FnMut(&str)) -> Result<()> {
    say(&format!(
        "{} rows of 24 + 150 B, {} puts and {} gets a measurement, median of {}",
        scale.rows, scale.puts, scale.gets, scale.rounds
    ));
    say("");
    say("| what | figure |");
    say("|---|---:|");
    let (db, tree) = load(&dir.join("random"), KeyShape::Random, scale)?;
    let rounds = |measure: &mut dyn FnMut(u64) -> Result<f64>| -> Result<f64> {
        let mut figures = Vec::new();
        for round in 0..scale.rounds {
            figures.push(measure(u64::try_from(round).unwrap_or(0) + 1)?);
        }
        Ok(median(figures))
    };
    let size = precise(disk_bytes(&dir.join("random")).unwrap_or(0)) / precise(scale.rows * ENTRY_BYTES);
    say(&format!("| size on disk after one load, log included / data | {size:.2} |"));
    db.compact(&mut |_, _| {})?;
    let info = db.info()?;
    let size = precise(info.page_bytes) / precise(scale.rows * ENTRY_BYTES);
    say(&format!("| pages after compaction / data | {size:.3} |"));
    let nanos = rounds(&mut |round| get_cost(&db, tree, KeyShape::Random, scale, round))?;
    say(&format!("| get, random keys, CPU ns | {nanos:.0} |"));
    let nanos = rounds(&mut |_| scan_cost(&db, tree, scale))?;
    say(&format!("| scan, CPU ns a row | {nanos:.1} |"));
    for batch in [1, 10, 100, 1000] {
        let nanos = rounds(&mut |round| put_cost(&db, tree, scale, batch, round))?;
        say(&format!("| put, {batch} a transaction, CPU ns | {nanos:.0} |"));
    }
    let nanos = rounds(&mut |round| get_cost(&db, tree, KeyShape::Random, scale, round))?;
    say(&format!("| get after those puts, CPU ns | {nanos:.0} |"));
    drop(db);
    let (db, tree) = load(&dir.join("prefix"), KeyShape::CommonPrefix, scale)?;
    let nanos = rounds(&mut |round| get_cost(&db, tree, KeyShape::CommonPrefix, scale, round))?;
    say(&format!("| get, keys with a common prefix, CPU ns | {nanos:.0} |"));
    drop(db);
    let amplification = write_amplification(&dir.join("amplification"), scale)?;
    say(&format!("| bytes written / bytes put, 1000 a transaction | {amplification:.2} |"));
    let (syncs, bytes) = small_database(&dir.join("small"))?;
    say(&format!("| create, 10 durable puts, close: flushes | {syncs} |"));
    say(&format!("| the same: bytes on disk | {bytes} |"));
    Ok(())
}
