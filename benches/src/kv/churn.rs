//! A long churn: random overwrites, removals and inserts in durable transactions, and how space, memory and latency go.

use std::path::Path;
use std::time::{Duration, Instant};

use super::engine::{Commit, Done, Kind, Memory};
use super::figures::{Figures, Notes};
use super::options::Options;
use super::probe::{Latencies, anonymous_bytes, disk_bytes};
use super::rows::Rows;
use crate::cpu::precise;
use crate::keys::{KeyShape, Random, key};

/// How many samples there are.
const SAMPLES: u32 = 30;

/// The figures of a churn: tables as they are plotted, one line for each moment.
pub const TABLES: [&str; 5] = [
    "Churn: size / data",
    "Churn: anonymous memory, MB",
    "Churn: p50, µs",
    "Churn: p99, µs",
    "Churn: transactions a second",
];

/// Churns a loaded database.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let rows = Rows::of(options, KeyShape::Random);
    let store = (kind.open)(dir, Memory::AsDefault)?;
    rows.load(&*store, options.rows())?;
    let data = options.user_bytes(options.rows());
    let step = options.churn.unwrap_or(Duration::from_mins(1)) / SAMPLES;
    let mut random = Random::new(12);
    let mut round = 0;
    for sample in 1..=SAMPLES {
        let (began, mut latencies, mut transactions) = (Instant::now(), Latencies::default(), 0u64);
        while began.elapsed() < step {
            round += 1;
            // Every tenth row goes and comes back, so that the number of rows stays about the same.
            latencies.time(|| {
                store.write(Commit::Durable, &mut |writer| {
                    for n in 0..100 {
                        let i = random.below(options.rows());
                        if n % 10 == 0 && round % 2 == 0 {
                            writer.remove(&key(rows.shape, i))?;
                        } else {
                            rows.put(writer, i, round)?;
                        }
                    }
                    Ok(())
                })
            })?;
            transactions += 1;
        }
        let seconds = (step * sample).as_secs_f64();
        let line = format!("{:>4} s", super::options::whole(seconds));
        let mut notes = Notes::new(figures, kind.name, TABLES[0]);
        notes.cost(&line, precise(disk_bytes(dir)?) / data);
        notes.table(TABLES[1]);
        notes.cost(&line, precise(anonymous_bytes()) / 1e6);
        notes.table(TABLES[2]);
        notes.cost(&line, latencies.percentile(50));
        notes.table(TABLES[3]);
        notes.cost(&line, latencies.percentile(99));
        notes.table(TABLES[4]);
        notes.rate(&line, precise(transactions) / began.elapsed().as_secs_f64());
    }
    store.close()
}
