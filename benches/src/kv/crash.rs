//! Opening after an unclean stop: a process writes and dies, another opens what it left.

use std::path::Path;
use std::process::abort;
use std::thread;
use std::time::Duration;

use super::engine::{Commit, Done, Kind, Memory, Store};
use super::figures::{Figures, Notes};
use super::options::Options;
use super::probe::{Span, anonymous_bytes};
use super::rows::{Rows, digest};
use crate::cpu::precise;
use crate::keys::{KeyShape, Random};

/// Durable transactions of 1000 puts before the stop: just short of the 16 MiB of log after which duramen writes a
/// checkpoint, which is its worst case.
const TRANSACTIONS: u64 = 82;
/// How the process ended that left the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// While it wrote.
    Busy,
    /// After a rest.
    Rested,
}

const REST: Duration = Duration::from_secs(4);

fn overwrite(options: &Options, store: &dyn Store) -> Done {
    let rows = Rows::of(options, KeyShape::Random);
    let mut random = Random::new(7);
    for _ in 0..TRANSACTIONS {
        let mut some = (0..1000).map(|_| random.below(options.rows()));
        rows.put_all(store, Commit::Durable, 1, &mut some)?;
    }
    Ok(())
}

/// Loads, closes, opens, overwrites and dies.
///
/// # Errors
/// What the engine answers.
pub fn die(options: &Options, kind: &Kind, dir: &Path) -> Done {
    let store = (kind.open)(dir, Memory::AsDefault)?;
    Rows::of(options, KeyShape::Random).load(&*store, options.rows())?;
    store.close()?;
    let store = (kind.open)(dir, Memory::AsDefault)?;
    overwrite(options, &*store)?;
    abort()
}

/// Opens, overwrites, does nothing for a while and dies.
///
/// # Errors
/// What the engine answers.
pub fn die_rested(options: &Options, kind: &Kind, dir: &Path) -> Done {
    let store = (kind.open)(dir, Memory::AsDefault)?;
    overwrite(options, &*store)?;
    thread::sleep(REST);
    abort()
}

/// Opens what was left.
///
/// # Errors
/// What the engine answers.
pub fn reopen(options: &Options, kind: &Kind, dir: &Path, stop: Stop, figures: &mut Figures) -> Done {
    let before = anonymous_bytes();
    let span = Span::begin();
    let store = (kind.open)(dir, Memory::AsDefault)?;
    let opened = span.seconds() * 1e3;
    let span = Span::begin();
    let rows = Rows::of(options, KeyShape::Random);
    store.read(&mut |reader| rows.get(reader, 3).map(drop))?;
    let mut notes = Notes::new(figures, kind.name, "Open");
    if stop == Stop::Rested {
        notes.cost("after a stop at rest, ms", opened);
        notes.digest("after a stop at rest", digest(&*store)?);
        return store.close();
    }
    notes.cost("after an unclean stop, ms", opened);
    notes.cost("after an unclean stop: first get, µs", span.seconds() * 1e6);
    let memory = anonymous_bytes().saturating_sub(before);
    notes.cost("after an unclean stop: anonymous memory, MB", precise(memory) / 1e6);
    notes.digest("after an unclean stop", digest(&*store)?);
    store.close()
}
