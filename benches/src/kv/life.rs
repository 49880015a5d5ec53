//! The life of one database in a process of its own: loaded in random order, read, written to, half removed,
//! overwritten, compacted, opened again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::engine::{Commit, Done, Failure, Kind, Memory, Store};
use super::figures::{Figures, Notes};
use super::options::Options;
use super::probe::{Latencies, Span, anonymous_bytes, disk_bytes, evict, peak_bytes};
use super::rows::{Rows, digest, touch_all};
use crate::cpu::{precise, thread_time};
use crate::keys::{KeyShape, Random, key};

const MEGA: f64 = 1e6;

/// One engine, its options and its notes.
struct Life<'l> {
    options: &'l Options,
    rows: Rows,
    dir: &'l Path,
    notes: Notes<'l>,
}

/// Measures it.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let whole = Span::begin();
    let mut store = (kind.open)(dir, Memory::AsDefault)?;
    let notes = Notes::new(figures, kind.name, "");
    let mut life = Life { options, rows: Rows::of(options, KeyShape::Random), dir, notes };
    life.load(&*store)?;
    life.reads(&*store)?;
    life.beside(&*store)?;
    life.threads(&*store)?;
    life.loose(&*store)?;
    life.notes.digest("life, after writes", digest(&*store)?);
    life.removal(&*store)?;
    life.churn(&mut store)?;
    life.notes.digest("life, at its end", digest(&*store)?);
    life.notes.cost("peak memory, mapped files included, MB", precise(peak_bytes()) / MEGA);
    life.notes.cost("anonymous memory at the end, MB", precise(anonymous_bytes()) / MEGA);
    life.notes.cost("CPU of all this, s", whole.cpu_seconds());
    store.close()?;
    life.reopen(kind)
}

impl Life<'_> {
    fn size(&self) -> Result<f64, Failure> {
        Ok(precise(disk_bytes(self.dir)?) / MEGA)
    }

    fn load(&mut self, store: &dyn Store) -> Done {
        let rows = self.options.rows();
        let span = Span::begin();
        self.rows.load(store, rows)?;
        self.notes.table("Bulk");
        self.notes.cost("random order, 1 transaction, ms", span.seconds() * 1e3);
        self.notes.cost("random order, CPU s", span.cpu_seconds());
        let amplification = precise(span.written_bytes()) / self.options.user_bytes(rows);
        self.notes.cost("random order, bytes written / user bytes", amplification);
        self.notes.cost("random order, size, MB", self.size()?);
        Ok(())
    }

    fn reads(&mut self, store: &dyn Store) -> Done {
        self.notes.table("Reads, warm (CPU ns)");
        let (rows, gets) = (self.options.rows(), self.options.gets());
        let chosen = self.options.choices(1, rows, gets);
        let warm = touch_all(store)?;
        if warm != rows {
            return Err(format!("{warm} rows instead of {rows}").into());
        }
        let nanos = get_each(store, self.rows, &chosen)?;
        self.notes.cost("get, one view", nanos);
        let nanos = get_together(store, self.rows, &chosen)?;
        self.notes.cost("get, 100 keys at once, a key", nanos);
        let span = Span::begin();
        for i in &chosen {
            store.read(&mut |reader| self.rows.get(reader, *i).map(drop))?;
        }
        self.notes.cost("get, a view for each", span.thread_seconds() * 1e9 / precise(gets));
        self.notes.cost("get, 2 threads", two_threads(store, self.rows, &chosen)?);
        let span = Span::begin();
        store.read(&mut |reader| {
            for i in &chosen {
                if reader.get(&key(self.rows.shape, rows + i), &mut |_| {})? {
                    return Err("an absent key is there".into());
                }
            }
            Ok(())
        })?;
        self.notes.cost("get of an absent key", span.thread_seconds() * 1e9 / precise(gets));
        let ranges = &chosen[..chosen.len() / 5];
        let span = Span::begin();
        let mut bytes = 0;
        store.read(&mut |reader| {
            for i in ranges {
                reader.scan(&key(self.rows.shape, *i), 10, &mut |key, value| {
                    bytes += key.len() + value.len()
                })?;
            }
            Ok(())
        })?;
        let count = precise(u64::try_from(ranges.len())?);
        self.notes.cost("range of 10", span.thread_seconds() * 1e9 / count);
        let span = Span::begin();
        touch_all(store)?;
        self.notes.cost("scan, a row", span.thread_seconds() * 1e9 / precise(rows));
        self.notes.table("Space and memory");
        self.notes.cost("anonymous memory after reads, MB", precise(anonymous_bytes()) / MEGA);
        Ok(())
    }

    /// A reader and a durable writer for a while. What was put is put back afterwards, so that all engines hold the same.
    fn beside(&mut self, store: &dyn Store) -> Done {
        let rows = self.options.rows();
        let time = Duration::from_millis(if self.options.quick { 300 } else { 2000 });
        let (over, reads, puts) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let going = || !over.load(Ordering::Relaxed);
        let (read, written) = thread::scope(|scope| {
            let reader = scope.spawn(|| -> Done {
                let mut random = Random::new(2);
                while going() {
                    store.read(&mut |reader| self.rows.get(reader, random.below(rows)).map(drop))?;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
            let writer = scope.spawn(|| -> Done {
                let mut random = Random::new(3);
                while going() {
                    let mut some = (0..25).map(|_| random.below(rows));
                    self.rows.put_all(store, Commit::Durable, 1, &mut some)?;
                    puts.fetch_add(25, Ordering::Relaxed);
                }
                Ok(())
            });
            thread::sleep(time);
            over.store(true, Ordering::Relaxed);
            (reader.join(), writer.join())
        });
        read.map_err(|_| "the reader panicked")??;
        written.map_err(|_| "the writer panicked")??;
        let (reads, puts) = (reads.into_inner(), puts.into_inner());
        let mut random = Random::new(3);
        self.rows.put_all(store, Commit::Loose, 0, &mut (0..puts).map(|_| random.below(rows)))?;
        self.notes.table("A reader beside a writer of 25 puts a durable commit");
        self.notes.rate("reads a second", precise(reads) / time.as_secs_f64());
        self.notes.rate("puts a second", precise(puts) / time.as_secs_f64());
        Ok(())
    }

    /// Durable commits of one put, alone and by eight threads.
    fn threads(&mut self, store: &dyn Store) -> Done {
        const THREADS: u64 = 8;
        let each = self.options.scaled(500);
        let put = |i: u64| self.rows.put_all(store, Commit::Durable, 2, &mut std::iter::once(i));
        let span = Span::begin();
        (0..each).try_for_each(put)?;
        self.notes.table("Durable commits of one put");
        self.notes.cost("KB written a put", precise(span.written_bytes()) / 1e3 / precise(each));
        let span = Span::begin();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| scope.spawn(move || (0..each).try_for_each(|i| put(thread * each + i))))
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a writer panicked")?)
        })?;
        self.notes.cost("8 threads, µs a put", span.seconds() * 1e6 / precise(THREADS * each));
        Ok(())
    }

    fn loose(&mut self, store: &dyn Store) -> Done {
        self.notes.table("Commits that wait for nothing");
        let (rows, puts) = (self.options.rows(), self.options.scaled(200_000));
        let mut random = Random::new(4);
        for batch in [1, 1000] {
            let mut latencies = Latencies::default();
            let span = Span::begin();
            for _ in 0..puts / batch {
                let mut some = (0..batch).map(|_| random.below(rows));
                latencies.time(|| self.rows.put_all(store, Commit::Loose, 3, &mut some))?;
            }
            let puts_of = if batch == 1 { "1 put".into() } else { format!("{batch} puts") };
            let line = |what: &str| format!("{puts_of}, {what}");
            self.notes.cost(line("µs a put"), span.seconds() * 1e6 / precise(puts));
            self.notes.cost(line("CPU µs a put"), span.cpu_seconds() * 1e6 / precise(puts));
            self.notes.cost(line("worst transaction, ms"), latencies.percentile(100) / 1e3);
        }
        Ok(())
    }

    fn removal(&mut self, store: &dyn Store) -> Done {
        let rows = self.options.rows();
        let span = Span::begin();
        store.write(Commit::Durable, &mut |writer| {
            (0..rows).step_by(2).try_for_each(|i| writer.remove(&key(self.rows.shape, i)))
        })?;
        self.notes.table("Removal, overwrites, compaction");
        self.notes.cost("remove half, 1 transaction, ms", span.seconds() * 1e3);
        self.notes.cost("remove half, CPU s", span.cpu_seconds());
        Ok(())
    }

    fn churn(&mut self, store: &mut Box<dyn Store>) -> Done {
        let (rows, transactions) = (self.options.rows(), self.options.scaled(200));
        let mut random = Random::new(5);
        let span = Span::begin();
        for round in 0..transactions {
            let mut some = (0..1000).map(|_| random.below(rows / 2) * 2 + 1);
            self.rows.put_all(&**store, Commit::Durable, 10 + round, &mut some)?;
        }
        self.notes.cost(
            "durable transactions of 1000 overwrites, ms each",
            span.seconds() * 1e3 / precise(transactions),
        );
        let user_bytes = self.options.user_bytes(transactions * 1000);
        self.notes.cost("overwrites, bytes written / user bytes", precise(span.written_bytes()) / user_bytes);
        let live = self.options.user_bytes(rows.div_ceil(2)) / MEGA;
        self.notes.cost("size then / data", self.size()? / live);
        let span = Span::begin();
        store.compact()?;
        self.notes.cost("compaction, ms", span.seconds() * 1e3);
        self.notes.cost("size after compaction / data", self.size()? / live);
        self.notes.table("Space and memory");
        Ok(())
    }

    /// Opens the database with none of its files in memory.
    fn reopen(&mut self, kind: &Kind) -> Done {
        evict(self.dir)?;
        let span = Span::begin();
        let store = (kind.open)(self.dir, Memory::AsDefault)?;
        store.read(&mut |reader| self.rows.get(reader, 1).map(drop))?;
        self.notes.table("Open");
        self.notes.cost("compacted and closed, cold files: open + get, ms", span.seconds() * 1e3);
        store.close()
    }
}

/// CPU of a get, in nanoseconds, all in one view.
///
/// # Errors
/// What the engine answers.
pub fn get_each(store: &dyn Store, rows: Rows, chosen: &[u64]) -> Result<f64, Failure> {
    let before = thread_time();
    let mut sum = 0;
    store.read(&mut |reader| {
        for i in chosen {
            sum += rows.get(reader, *i)?;
        }
        Ok(())
    })?;
    std::hint::black_box(sum);
    Ok((thread_time() - before).as_secs_f64() * 1e9 / precise(u64::try_from(chosen.len())?))
}

/// CPU of a get where many keys are asked for at once, in nanoseconds.
fn get_together(store: &dyn Store, rows: Rows, chosen: &[u64]) -> Result<f64, Failure> {
    const AT_ONCE: usize = 100;
    let before = thread_time();
    let (mut found, mut sum) = (0, 0);
    store.read(&mut |reader| {
        for group in chosen.chunks(AT_ONCE) {
            let keys: Vec<_> = group.iter().map(|i| key(rows.shape, *i)).collect();
            let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
            reader.get_many(&keys, &mut |value| {
                found += 1;
                sum += u64::from(value[0]);
            })?;
        }
        Ok(())
    })?;
    std::hint::black_box(sum);
    if found != chosen.len() {
        return Err(format!("{found} rows instead of {}", chosen.len()).into());
    }
    Ok((thread_time() - before).as_secs_f64() * 1e9 / precise(u64::try_from(chosen.len())?))
}

fn two_threads(store: &dyn Store, rows: Rows, chosen: &[u64]) -> Result<f64, Failure> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| get_each(store, rows, chosen))).collect();
        let mut worst = 0f64;
        for thread in threads {
            worst = worst.max(thread.join().map_err(|_| "a reader panicked")??);
        }
        Ok(worst)
    })
}
