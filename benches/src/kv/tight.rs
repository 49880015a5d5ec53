//! Three times as much data as the process may have in memory, page cache included.
//!
//! The limit is a control group's, which needs the right to make one. Where there is none the part is skipped, and says
//! so: a limit on the address space would forbid mappings, which take no memory.

use std::fs;
use std::path::{Path, PathBuf};

use super::engine::{Commit, Done, Kind, Memory};
use super::figures::{Figures, Notes};
use super::options::{Options, whole};
use super::probe::{Span, evict};
use super::rows::{Rows, digest};
use crate::cpu::precise;
use crate::keys::{KeyShape, Random};

/// A control group with a limit on memory. It is removed when it goes out of scope, after its processes ended.
pub struct Group(PathBuf);

impl Group {
    /// Makes a group of so many bytes, in either version of the system's interface; what the system says where it refuses.
    ///
    /// # Errors
    /// Where no group can be made.
    pub fn with_bytes(bytes: u64) -> std::io::Result<Group> {
        let name = format!("duramen-benches-{}", std::process::id());
        let version_2 = Group::make(PathBuf::from("/sys/fs/cgroup").join(&name), "memory.max", bytes);
        version_2.or_else(|_| {
            Group::make(PathBuf::from("/sys/fs/cgroup/memory").join(&name), "memory.limit_in_bytes", bytes)
        })
    }

    fn make(dir: PathBuf, limit: &str, bytes: u64) -> std::io::Result<Group> {
        fs::create_dir(&dir)?;
        let group = Group(dir);
        fs::OpenOptions::new().write(true).open(group.0.join(limit))?;
        fs::write(group.0.join(limit), bytes.to_string())?;
        Ok(group)
    }

    /// Puts a process into the group, with all that it will start and touch.
    ///
    /// # Errors
    /// What the system answers.
    pub fn add(&self, process: u32) -> std::io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), process.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Less than this and programs die of their own weight.
const LEAST_BYTES: u64 = 48 << 20;

/// Bytes that the process may have.
#[must_use]
pub fn limit_bytes(options: &Options) -> u64 {
    whole(options.user_bytes(options.rows()) / 3.0).max(LEAST_BYTES)
}

/// Rows that make three times as much data.
fn rows_of(options: &Options) -> u64 {
    whole(precise(3 * limit_bytes(options)) / options.user_bytes(1))
}

/// Loads the database, without a limit, and has the system forget it.
///
/// # Errors
/// What the engine answers.
pub fn load(options: &Options, kind: &Kind, dir: &Path) -> Done {
    let store = (kind.open)(dir, Memory::AsDefault)?;
    Rows::of(options, KeyShape::Random).load(&*store, rows_of(options))?;
    store.close()?;
    Ok(evict(dir)?)
}

/// Works on it within the limit, which holds already.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let rows = Rows::of(options, KeyShape::Random);
    let mut notes = Notes::new(figures, kind.name, "Three times as much data as memory");
    let store = (kind.open)(dir, Memory::Bytes(limit_bytes(options) / 2))?;
    let (gets, puts) = (options.scaled(50_000), options.scaled(50_000));
    let chosen = options.choices(10, rows_of(options), gets);
    let span = Span::begin();
    store.read(&mut |reader| chosen.iter().try_for_each(|i| rows.get(reader, *i).map(drop)))?;
    notes.cost("get, µs", span.seconds() * 1e6 / precise(gets));
    let mut random = Random::new(11);
    let span = Span::begin();
    for _ in 0..puts / 100 {
        let mut some = (0..100).map(|_| random.below(rows_of(options)));
        rows.put_all(&*store, Commit::Durable, 1, &mut some)?;
    }
    notes.cost("put, 100 a durable commit, µs", span.seconds() * 1e6 / precise(puts));
    notes.cost("put, bytes written / user bytes", precise(span.written_bytes()) / options.user_bytes(puts));
    let span = Span::begin();
    notes.digest("three times the memory", digest(&*store)?);
    notes.cost("scan, ns a row", span.seconds() * 1e9 / precise(rows_of(options)));
    store.close()
}
