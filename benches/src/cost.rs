//! What duramen costs in figures that are the same from run to run: calls of the file system, bytes, allocations. Times
//! are not among them, so two runs can be compared on any machine, and CI compares each with the last one kept.
//!
//! Everything runs on one thread on a file system in memory, with background work done by the thread that commits.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use duramen_engine::io::{Io, MemFs};
use duramen_engine::{Background, Database, Durability, Options, Result, TreeId, View};

use crate::counting::{CountingFs, Counts};
use crate::keys::{KeyShape, Random, key, value};

/// Rows of the loaded database.
const ROWS: u64 = 50_000;
/// Bytes of a row.
const ROW_BYTES: u64 = 24 + 150;

/// A figure may grow by this part of itself before it counts as worse: hashing of pages into maps is the only thing here
/// that is not the same everywhere.
const TOLERANCE_PERMILLE: u64 = 20;

/// Counts of a run by name, in an order that stays.
pub type Costs = BTreeMap<String, u64>;

struct Bench {
    db: Database,
    tree: TreeId,
    io: Arc<Counts>,
    allocations: fn() -> u64,
    costs: Costs,
}

impl Bench {
    /// Counts what `work` asks for, divided by `times`.
    fn count(
        &mut self,
        name: &str,
        times: u64,
        work: impl FnOnce(&Database, TreeId) -> Result<()>,
    ) -> Result<()> {
        let before = (self.io.totals(), (self.allocations)());
        work(&self.db, self.tree)?;
        let (after, allocations) = (self.io.totals(), (self.allocations)() - before.1);
        let each = |after: u64, before: u64| (after - before) * 1000 / times;
        for (what, figure) in [
            ("flushes", each(after.syncs, before.0.syncs)),
            ("writes", each(after.writes, before.0.writes)),
            ("bytes written", each(after.written_bytes, before.0.written_bytes)),
            ("reads", each(after.reads, before.0.reads)),
            ("allocations", allocations * 1000 / times),
        ] {
            self.costs.insert(format!("{name}: {what}"), figure);
        }
        Ok(())
    }
}

/// Runs the workloads. Figures are thousandths for each operation. `allocations` tells how many there were so far.
///
/// # Errors
/// What the database answers.
pub fn measure(allocations: fn() -> u64) -> Result<Costs> {
    let fs = CountingFs::new(MemFs::new());
    let io = fs.counts();
    let outside = Io { fs: Arc::new(fs), ..Io::memory(1) };
    let options = Options { background: Background::Inline, ..Options::default() };
    let db = Database::open_with(outside, "db", options)?;
    let mut txn = db.begin_write()?;
    let tree = txn.create_tree(b"rows")?;
    txn.commit(Durability::Immediate)?;
    let mut bench = Bench { db, tree, io, allocations, costs: Costs::new() };
    bench.count("load in random order, a row", ROWS, |db, tree| {
        let mut txn = db.begin_write()?;
        for i in 0..ROWS {
            txn.put(tree, &key(KeyShape::Random, i), &value(i, 0))?;
        }
        txn.commit(Durability::Immediate).map(drop)
    })?;
    bench.count("checkpoint after it, a row", ROWS, |db, _| db.checkpoint().map(drop))?;
    for batch in [1, 100, 1000] {
        let puts = 20 * 1000;
        bench.count(&format!("durable overwrite, {batch} a commit"), puts, |db, tree| {
            let mut random = Random::new(batch);
            for _ in 0..puts / batch {
                let mut txn = db.begin_write()?;
                for _ in 0..batch {
                    let i = random.below(ROWS);
                    txn.put(tree, &key(KeyShape::Random, i), &value(i, batch))?;
                }
                txn.commit(Durability::Immediate)?;
            }
            Ok(())
        })?;
    }
    bench.count("get", ROWS, |db, tree| {
        let view = db.begin_read()?;
        (0..ROWS).try_for_each(|i| view.get(tree, &key(KeyShape::Random, i)).map(drop))
    })?;
    bench.count("get of many, a key", ROWS, |db, tree| {
        let view = db.begin_read()?;
        let keys: Vec<_> = (0..ROWS).map(|i| key(KeyShape::Random, i)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        keys.chunks(100).try_for_each(|keys| view.get_many(tree, keys).map(drop))
    })?;
    bench.count("view and get", ROWS, |db, tree| {
        (0..ROWS).try_for_each(|i| db.begin_read()?.get(tree, &key(KeyShape::Random, i)).map(drop))
    })?;
    bench.count("scan, a row", ROWS, |db, tree| {
        let view = db.begin_read()?;
        let mut cursor = view.cursor(tree)?;
        while cursor.next()? {
            std::hint::black_box(cursor.value()?);
        }
        Ok(())
    })?;
    bench.count("removal in one transaction, a row", ROWS / 2, |db, tree| {
        let mut txn = db.begin_write()?;
        (0..ROWS / 2).try_for_each(|i| txn.delete(tree, &key(KeyShape::Random, i)).map(drop))?;
        txn.commit(Durability::Immediate).map(drop)
    })?;
    bench.count("compaction, a row", ROWS / 2, |db, _| db.compact(&mut |_, _| {}).map(drop))?;
    let pages = bench.db.info()?.page_bytes;
    bench.costs.insert(
        "pages after compaction, for each byte of data".into(),
        pages * 1000 / (ROWS / 2 * ROW_BYTES),
    );
    Ok(bench.costs)
}

/// The figures as they are kept: a line each, in thousandths.
#[must_use]
pub fn to_text(costs: &Costs) -> String {
    let mut text = String::from(
        "# Costs of duramen in thousandths an operation; the program `cost` compares with these.\n",
    );
    for (name, figure) in costs {
        let _ = writeln!(text, "{figure:>10}  {name}");
    }
    text
}

fn from_text(text: &str) -> Costs {
    let figures = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (figure, name) = line.trim_start().split_once("  ")?;
        Some((name.to_owned(), figure.parse().ok()?))
    });
    figures.collect()
}

/// What is worse than what `file` holds, past the tolerance, a line each.
///
/// # Errors
/// Where the file cannot be read.
pub fn worse_than(costs: &Costs, file: &Path) -> std::io::Result<Vec<String>> {
    let kept = from_text(&std::fs::read_to_string(file)?);
    let mut worse = Vec::new();
    for (name, figure) in costs {
        match kept.get(name) {
            None => worse.push(format!("{name}: {figure}, and nothing to compare it with")),
            Some(kept) if *figure > kept + (kept * TOLERANCE_PERMILLE / 1000).max(5) => {
                worse.push(format!("{name}: {figure} thousandths, {kept} before"));
            }
            Some(_) => {}
        }
    }
    Ok(worse)
}

#[cfg(test)]
mod tests;
