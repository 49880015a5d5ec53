//! How a database is opened, how durable a commit is, and the limits the engine enforces.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::io::Advice;

/// The longest key, in bytes (16 MiB).
pub const MAX_KEY_BYTES: usize = 16 << 20;

/// The longest value, in bytes (1 GiB).
pub const MAX_VALUE_BYTES: usize = 1 << 30;

/// The longest name of a tree, in bytes.
pub const MAX_TREE_NAME_BYTES: usize = 4096;

/// How many pins there may be. Each checkpoint record holds all of them.
pub const MAX_PINS: usize = 1000;

/// The longest name of a pin, in bytes.
pub const MAX_PIN_NAME_BYTES: usize = 255;

/// The largest size at which leaves may be told to split. The smallest entry takes eight bytes of a page, so a leaf
/// of this size stays within the entries that a page can count.
pub(crate) const MAX_LEAF_BYTES: u64 = 128 << 10;

const _: () = assert!(MAX_LEAF_BYTES / 8 < crate::format::node::MAX_ENTRIES as u64);

/// What an open may do with what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Opens the database for reading and writing, and makes it where there is none.
    #[default]
    OpenOrCreate,
    /// Opens the database for reading and writing; [`Error::NotFound`] where there is none.
    OpenExisting,
    /// Makes a database; [`Error::AlreadyExists`] where there is one.
    CreateNew,
    /// Opens the database for reading. Several processes may at once, but none while another writes. Nothing on disk
    /// changes: what recovery does, it does in memory.
    ReadOnly,
}

/// What a finished commit survives.
///
/// | | the process is killed | the power is cut |
/// |---|---|---|
/// | [`Immediate`](Durability::Immediate) | kept | kept |
/// | [`Deferred`](Durability::Deferred) | kept once the log was flushed, at the latest by the next flush | the same |
/// | [`None`](Durability::None) | lost back to the last flush | the same |
///
/// Whatever is lost, it is always the newest commits and never one out of the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The commit returns when it is on disk: one flush, shared with the commits of other threads.
    #[default]
    Immediate,
    /// The commit returns at once with its position. A background flush makes it durable soon after;
    /// [`Database::when_durable`](crate::Database::when_durable) tells when.
    Deferred,
    /// The commit returns at once and asks for no flush. A later flush for another commit makes it durable too.
    None,
}

/// Who does the background work: flushing deferred commits, checkpoints, reclaiming space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Threads that all databases of the process share.
    #[default]
    Shared,
    /// The thread that commits, when work is due. Everything is then deterministic on one thread.
    Inline,
}

/// What an open for writing does with a restore that an earlier session put off to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PendingRestore {
    /// Carries it out before anything else is done. Where that cannot be done the open fails with
    /// [`Error::PendingRestore`].
    #[default]
    CarryOut,
    /// Leaves it to the next open, and begins with what there was at the end of the last session.
    /// [`History::wish_reset`](crate::History::wish_reset) with `None` then takes it back.
    Leave,
}

/// How much history is kept for reading the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// Only what recovery, read views and holds need.
    #[default]
    Needed,
    /// What the last days need.
    Window(Window),
    /// All of it, until [`History::release_before`](crate::History::release_before) lets older history go.
    All,
}

/// How far back history is kept: while it is both young and small enough. Pins, views and holds keep theirs in any case.
///
/// Age is time that was observed to pass, not a difference of readings of the wall clock: a clock that jumps deletes
/// nothing. Time during which the database was closed for over an hour counts once the clock has stood by it for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The age up to which history is kept. Default: 30 days.
    pub time: Duration,
    /// The most bytes of log to keep. Pages that only the past needs come on top, at most about as much once more.
    /// Default: no limit.
    pub bytes: u64,
    /// History up to this age is kept even where it takes more than `bytes`. Default: 24 hours.
    pub min_keep: Duration,
}

impl Default for Window {
    fn default() -> Window {
        const DAY: Duration = Duration::from_secs(86_400);
        Window { time: 30 * DAY, bytes: u64::MAX, min_keep: DAY }
    }
}

/// How page files are read, those of databases of more than 1 MiB; smaller ones are read into memory as they are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageAccess {
    /// Mapped into memory. What is not there the system reads together with what lies around it, as much as the device's
    /// setting says. For data that fits into memory, or nearly so.
    #[default]
    Mapped,
    /// Mapped, and the system is told that reads come in no order, so it reads nothing but what is missed: a page of the database
    /// as a whole when it is first used, later 4 KiB at a time. For data several times as large as memory: there, what is read around a page pushes out pages that are
    /// needed. The first scan of files that are not in memory takes many times as long.
    MappedRandom,
    /// Read and copied, each page when it is first used; it then stays in memory for as long as its file is in use. Turns a
    /// disk that fails under a mapping from a signal into an error.
    Read,
}

impl PageAccess {
    /// What the system is told of mappings, if there are any.
    pub(crate) fn advice(self) -> Option<Advice> {
        match self {
            PageAccess::Mapped => Some(Advice::Normal),
            PageAccess::MappedRandom => Some(Advice::Random),
            PageAccess::Read => None,
        }
    }
}

/// How a database is opened. `Options::default()` suits most programs; the sizes are settable so that tests reach every
/// split, roll and spill with little data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the open may do. Default: [`Access::OpenOrCreate`].
    pub access: Access,
    /// How long [`begin_write`](crate::Database::begin_write) waits for another writer of this process before it gives
    /// [`Error::Busy`]. Default: 5 s.
    pub busy_timeout: Duration,
    /// Memory for changes that no checkpoint has written yet, in bytes. A transaction that needs more writes its pages
    /// early. Small values cost extra page writes. Default: 64 MiB; at least 64 KiB.
    pub memory_budget_bytes: u64,
    /// A checkpoint is due when the log since the last one holds this many bytes. Larger values write less and make the
    /// open after an unclean stop slower (about 4 ms a MiB). Default: 16 MiB.
    pub checkpoint_log_bytes: u64,
    /// The size at which a log segment is full, in bytes. What recovery and history do not need of the log is removed in whole
    /// segments, so larger ones take more space; smaller ones make more files. Default: 16 MiB; at least 4 KiB.
    pub log_segment_bytes: u64,
    /// The largest size at which a page segment is full, in bytes; small databases use smaller ones. Default: 64 MiB;
    /// at least 16 KiB.
    pub page_segment_bytes: u64,
    /// The size at which a leaf splits, in bytes. Default: 8192; from 128 to 128 KiB.
    pub leaf_bytes: u32,
    /// The most children of an inner node. Default: 64; from 4 to 64.
    pub inner_fanout: u32,
    /// The most entries of a leaf's delta before it is merged into the leaf; a checkpoint merges it as soon as that saves
    /// writing. Default: 32; from 1 to 1024.
    pub delta_entries: u32,
    /// The number of entries from which a tree gets a filter in memory while more than a third of the lookups are of absent
    /// keys, which it answers without a look at the tree. It takes 2.5 bytes an entry, all of them at most an eighth of
    /// `memory_budget_bytes`, and a read of the whole tree in the background. [`u64::MAX`] for none. Default: 1000.
    pub filter_entries: u64,
    /// How page files are read. Default: [`PageAccess::Mapped`].
    pub page_access: PageAccess,
    /// Who does the background work. Default: [`Background::Shared`].
    pub background: Background,
    /// What becomes of a restore that an earlier session put off to this one. Default: [`PendingRestore::CarryOut`]. Opens for
    /// reading leave it alone.
    pub pending_restore: PendingRestore,
    /// How much history is kept. Default: [`Retention::Needed`].
    pub retention: Retention,
    /// Of the history of the last hour, one checkpoint root stays for about so many bytes of log each; of older history fewer,
    /// but one for each day in a [`Window`]: see docs/pitr.md. Smaller values reach a past moment faster and cost more space.
    /// Default: 32 MiB.
    pub root_spacing_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            access: Access::default(),
            busy_timeout: Duration::from_secs(5),
            memory_budget_bytes: 64 << 20,
            checkpoint_log_bytes: 16 << 20,
            log_segment_bytes: 16 << 20,
            page_segment_bytes: 64 << 20,
            leaf_bytes: 8192,
            inner_fanout: 64,
            delta_entries: 32,
            filter_entries: 1000,
            page_access: PageAccess::Mapped,
            background: Background::default(),
            pending_restore: PendingRestore::default(),
            retention: Retention::default(),
            root_spacing_bytes: 32 << 20,
        }
    }
}

impl Options {
    /// Checks every field once, at open.
    pub(crate) fn validate(&self) -> Result<()> {
        let range = |name: &str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::InvalidArgument(format!("{name} is {value}; it must be from {low} to {high}")))
        };
        range("memory_budget_bytes", self.memory_budget_bytes, 64 << 10, u64::MAX)?;
        range("checkpoint_log_bytes", self.checkpoint_log_bytes, 1, u64::MAX)?;
        range("log_segment_bytes", self.log_segment_bytes, 4 << 10, 1 << 40)?;
        range("page_segment_bytes", self.page_segment_bytes, 16 << 10, 128 << 30)?;
        range("leaf_bytes", self.leaf_bytes.into(), 128, MAX_LEAF_BYTES)?;
        range("inner_fanout", self.inner_fanout.into(), 4, 64)?;
        range("delta_entries", self.delta_entries.into(), 1, 1024)?;
        range("root_spacing_bytes", self.root_spacing_bytes, 1, u64::MAX)
    }
}
