//! Durable commits and small databases, the engines in turns within one process: flushes cost whatever the disk of the
//! minute makes them cost, so nothing else compares them fairly.
//!
//! An engine whose flush does not wait for the disk works on in the turns of the others, so such engines take their turns among
//! themselves, behind the others. All rest between the load and the first transaction, and take their turns in another order each
//! time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::engine::{Commit, Done, Failure, Kind, Memory, Role, Store};
use super::figures::{Figures, Notes};
use super::floor;
use super::options::Options;
use super::probe::{Latencies, disk_bytes, evict};
use super::rows::Rows;
use crate::cpu::{median, precise};
use crate::keys::{KeyShape, Random};

const COMMITS: &str = "Durable commits, in turns (µs a transaction)";
const SMALL: &str = "Small databases";

/// How long engines may go on with what a load left them to do.
const REST: Duration = Duration::from_secs(4);

/// Measures both.
///
/// # Errors
/// What the engines answer.
pub fn measure(options: &Options, kinds: &[Kind], dir: &Path, figures: &mut Figures) -> Done {
    let rows = Rows::of(options, KeyShape::Random);
    let (loose, mut durable): (Vec<Kind>, Vec<Kind>) =
        kinds.iter().copied().partition(|kind| kind.role == Role::NotDurable);
    durable.extend([floor::ZEROED, floor::APPENDING]);
    for kinds in [durable, loose] {
        in_turns(options, rows, &kinds, dir, figures)?;
    }
    small(rows, kinds, &dir.join("small"), figures)
}

/// Durable commits of some engines.
fn in_turns(options: &Options, rows: Rows, kinds: &[Kind], dir: &Path, figures: &mut Figures) -> Done {
    let loaded = options.rows().min(100_000);
    let mut turns = Vec::new();
    for kind in kinds.iter().copied() {
        let dir = dir.join(kind.name.replace(": ", "-"));
        std::fs::create_dir_all(&dir)?;
        let store = (kind.open)(&dir, Memory::AsDefault)?;
        if kind.role != Role::Floor {
            rows.load(&*store, loaded)?;
        }
        turns.push((kind, store));
    }
    std::thread::sleep(REST);
    for (batch, transactions) in [(1, 400), (100, 100), (1000, 40)] {
        commits(options, rows, &turns, Group { batch, transactions, loaded }, figures)?;
    }
    turns.into_iter().try_for_each(|(_, store)| store.close())
}

/// Transactions of a size.
#[derive(Clone, Copy)]
struct Group {
    batch: u64,
    transactions: u64,
    loaded: u64,
}

fn commits(
    options: &Options,
    rows: Rows,
    turns: &[(Kind, Box<dyn Store>)],
    group: Group,
    figures: &mut Figures,
) -> Done {
    let mut latencies = vec![Latencies::default(); turns.len()];
    let mut random = Random::new(group.batch);
    let mut order: Vec<usize> = (0..turns.len()).collect();
    for _ in 0..group.transactions * options.rounds() {
        let chosen: Vec<u64> = (0..group.batch).map(|_| random.below(group.loaded)).collect();
        order.sort_by_cached_key(|_| random.next_u64());
        for &turn in &order {
            let store = &*turns[turn].1;
            latencies[turn].time(|| rows.put_all(store, Commit::Durable, 1, &mut chosen.iter().copied()))?;
        }
    }
    for ((kind, _), latencies) in turns.iter().zip(&latencies) {
        let mut notes = Notes::new(figures, kind.name, COMMITS);
        let puts = if group.batch == 1 { "1 put".into() } else { format!("{} puts", group.batch) };
        notes.cost(format!("{puts}, p50"), latencies.percentile(50));
        notes.cost(format!("{puts}, p99"), latencies.percentile(99));
        notes.cost(format!("{puts}, max"), latencies.percentile(100));
        notes.cost(format!("{puts}, mean"), latencies.mean());
    }
    Ok(())
}

/// What one engine is asked to do with a small database, and how long it took, in milliseconds.
#[derive(Default)]
struct Small {
    created: Vec<f64>,
    opened: Vec<f64>,
    opened_cold: Vec<f64>,
    continued: Vec<f64>,
    bytes: u64,
    bytes_of_thousand: u64,
}

const TIMES: u64 = 15;

fn small(rows: Rows, kinds: &[Kind], dir: &Path, figures: &mut Figures) -> Done {
    let mut found: Vec<Small> = kinds.iter().map(|_| Small::default()).collect();
    for turn in 0..TIMES {
        for (kind, found) in kinds.iter().zip(&mut found) {
            one_small(rows, kind, &dir.join(kind.name).join(turn.to_string()), found)?;
        }
    }
    for (kind, found) in kinds.iter().zip(found) {
        let mut notes = Notes::new(figures, kind.name, SMALL);
        notes.cost("create, 10 durable puts, close, ms", median(found.created));
        notes.cost("disk then, KB", precise(found.bytes) / 1e3);
        notes.cost("1000 rows: disk, KB", precise(found.bytes_of_thousand) / 1e3);
        notes.cost("open + get, warm, ms", median(found.opened));
        notes.cost("open + get, cold files, ms", median(found.opened_cold));
        notes.cost("open, 10 durable puts, close, ms", median(found.continued));
    }
    Ok(())
}

fn one_small(rows: Rows, kind: &Kind, dir: &Path, found: &mut Small) -> Done {
    let made = |name: &str| -> std::io::Result<PathBuf> {
        let dir = dir.join(name);
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    };
    let tiny = made("tiny")?;
    found.created.push(millis(|| ten_puts(rows, kind, &tiny))?);
    found.bytes = disk_bytes(&tiny)?;
    let thousand = made("thousand")?;
    let store = (kind.open)(&thousand, Memory::AsDefault)?;
    rows.load(&*store, 1000)?;
    store.close()?;
    found.bytes_of_thousand = disk_bytes(&thousand)?;
    found.opened.push(millis(|| open_and_get(rows, kind, &thousand))?);
    evict(&thousand)?;
    found.opened_cold.push(millis(|| open_and_get(rows, kind, &thousand))?);
    found.continued.push(millis(|| ten_puts(rows, kind, &thousand))?);
    Ok(())
}

fn millis(work: impl FnOnce() -> Done) -> Result<f64, Failure> {
    let mut latencies = Latencies::default();
    latencies.time(work)?;
    Ok(latencies.mean() / 1e3)
}

fn ten_puts(rows: Rows, kind: &Kind, dir: &Path) -> Done {
    let store = (kind.open)(dir, Memory::AsDefault)?;
    for i in 0..10 {
        rows.put_all(&*store, Commit::Durable, 1, &mut std::iter::once(i))?;
    }
    store.close()
}

/// The store is closed by the caller's measure as well: an engine that puts work off until then pays for it here.
fn open_and_get(rows: Rows, kind: &Kind, dir: &Path) -> Done {
    let store = (kind.open)(dir, Memory::AsDefault)?;
    store.read(&mut |reader| rows.get(reader, 500).map(drop))
}
