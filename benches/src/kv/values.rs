//! Values from a few bytes to a mebibyte.

use std::path::Path;

use super::engine::{Commit, Done, Kind, Memory};
use super::figures::{Figures, Notes};
use super::options::Options;
use super::probe::{Span, disk_bytes};
use super::rows::{Rows, digest};
use crate::cpu::precise;
use crate::keys::{KeyShape, Random};

const SIZES: [(usize, &str); 4] =
    [(16, "16 B"), (1 << 10, "1 KiB"), (64 << 10, "64 KiB"), (1 << 20, "1 MiB")];
/// Bytes of a durable transaction, at least one value.
const TRANSACTION_BYTES: u64 = 256 << 10;

/// Measures each size in a database of its own.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let mut notes = Notes::new(figures, kind.name, "Values by size");
    for (value_bytes, name) in SIZES {
        let dir = dir.join(name.replace(' ', ""));
        std::fs::create_dir_all(&dir)?;
        let store = (kind.open)(&dir, Memory::AsDefault)?;
        let rows = Rows { shape: KeyShape::Random, value_bytes };
        let each = 24 + u64::try_from(value_bytes)?;
        let count = (options.scaled(160 << 20) / each).min(options.rows() / 2);
        let batch = (TRANSACTION_BYTES / each).max(1);
        let span = Span::begin();
        for from in (0..count).step_by(usize::try_from(batch)?) {
            rows.put_all(&*store, Commit::Durable, 0, &mut (from..count.min(from + batch)))?;
        }
        let data = precise(count * each);
        notes.rate(format!("{name}: put, 256 KiB a durable commit, MB/s"), data / 1e6 / span.seconds());
        notes.cost(format!("{name}: bytes written / user bytes"), precise(span.written_bytes()) / data);
        notes.cost(format!("{name}: size / data"), precise(disk_bytes(&dir)?) / data);
        // Everything is read before the gets that count, so that what an engine checks at first is not among them: by the digest,
        // and by gets, since the engine may have brought values to other places in the background meanwhile.
        notes.digest(&format!("values of {name}"), digest(&*store)?);
        let gets = count.clamp(10_000, 100_000);
        let mut seconds = 0.0;
        for _ in 0..2 {
            let (mut random, mut sum) = (Random::new(9), 0);
            let span = Span::begin();
            store.read(&mut |reader| {
                for _ in 0..gets {
                    sum += rows.get(reader, random.below(count))?;
                }
                Ok(())
            })?;
            std::hint::black_box(sum);
            seconds = span.thread_seconds();
        }
        notes.cost(format!("{name}: get, warm, CPU µs"), seconds * 1e6 / precise(gets));
        store.close()?;
    }
    Ok(())
}
