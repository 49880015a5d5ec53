//! The workloads of YCSB (Cooper et al., `SoCC` 2010): rows of 1000 bytes, a zipfian choice, commits that wait for nothing.

use std::path::Path;

use super::engine::{Commit, Done, Failure, Kind, Memory, Store};
use super::figures::{Figures, Notes};
use super::options::{Options, Zipfian};
use super::probe::{Latencies, Span};
use super::rows::{Rows, digest};
use crate::cpu::precise;
use crate::keys::{KeyShape, Random, key};

/// What a workload does, in percent; what is left are reads.
#[derive(Clone, Copy)]
struct Mix {
    name: &'static str,
    update: u64,
    insert: u64,
    scan: u64,
    modify: u64,
    latest: bool,
}

const NOTHING: Mix = Mix { name: "", update: 0, insert: 0, scan: 0, modify: 0, latest: false };

/// D and E insert, so they come last.
const MIXES: [Mix; 6] = [
    Mix { name: "A: half reads, half updates", update: 50, ..NOTHING },
    Mix { name: "B: reads, 5 % updates", update: 5, ..NOTHING },
    Mix { name: "C: reads", ..NOTHING },
    Mix { name: "F: half reads, half read-modify-writes", modify: 50, ..NOTHING },
    Mix { name: "D: reads of the latest, 5 % inserts", insert: 5, latest: true, ..NOTHING },
    Mix { name: "E: ranges up to 100, 5 % inserts", insert: 5, scan: 95, ..NOTHING },
];

/// Measures all six.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let rows = Rows { shape: KeyShape::Random, value_bytes: 1000 };
    let loaded = options.rows() / 5;
    let store = (kind.open)(dir, Memory::AsDefault)?;
    rows.load(&*store, loaded)?;
    let mut run =
        Run { store: &*store, rows, zipfian: Zipfian::new(loaded), there: loaded, random: Random::new(8) };
    let mut notes = Notes::new(figures, kind.name, "YCSB (µs an operation)");
    for mix in MIXES {
        let operations = options.scaled(if mix.scan > 0 { 20_000 } else { 100_000 });
        let mut latencies = Latencies::default();
        let span = Span::begin();
        for _ in 0..operations {
            latencies.time(|| run.step(mix))?;
        }
        notes.cost(format!("{}, mean", mix.name), span.seconds() * 1e6 / precise(operations));
        notes.cost(format!("{}, p99", mix.name), latencies.percentile(99));
    }
    notes.digest("YCSB", digest(&*store)?);
    store.close()
}

struct Run<'r> {
    store: &'r dyn Store,
    rows: Rows,
    zipfian: Zipfian,
    there: u64,
    random: Random,
}

impl Run<'_> {
    fn chosen(&mut self, latest: bool) -> u64 {
        if latest {
            self.there - 1 - self.zipfian.rank(&mut self.random)
        } else {
            self.zipfian.scrambled(&mut self.random)
        }
    }

    fn put(&mut self, i: u64) -> Done {
        let round = 1 + self.random.below(1000);
        self.rows.put_all(self.store, Commit::Loose, round, &mut std::iter::once(i))
    }

    fn read(&self, i: u64) -> Result<(), Failure> {
        self.store.read(&mut |reader| self.rows.get(reader, i).map(drop))
    }

    fn step(&mut self, mix: Mix) -> Done {
        let dice = self.random.below(100);
        let chosen = self.chosen(mix.latest);
        if dice < mix.update {
            self.put(chosen)
        } else if dice < mix.update + mix.insert {
            self.there += 1;
            self.put(self.there - 1)
        } else if dice < mix.update + mix.insert + mix.scan {
            let limit = usize::try_from(1 + self.random.below(100))?;
            let from = key(self.rows.shape, chosen);
            self.store.read(&mut |reader| {
                reader.scan(&from, limit, &mut |_, value| {
                    std::hint::black_box(value[0]);
                })
            })
        } else if dice < mix.update + mix.insert + mix.scan + mix.modify {
            self.read(chosen)?;
            self.put(chosen)
        } else {
            self.read(chosen)
        }
    }
}
