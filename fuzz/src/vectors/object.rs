//! [`Disk`]: what stays of an object between its sessions, and [`Object`]: one session of it, on which operations run.

use std::cell::RefCell;
use std::sync::Arc;

use duramen::engine::Timestamp;
use duramen::io::{Io, ManualClock, MemFs};
use duramen::storage::{AlarmOnDelete, Backend, Profile, Storage, StorageOptions, Transaction};
use serde_json::Value as Json;

use super::alarms::Alarms;
use super::case::Class;
use super::kv_ops::Lists;
use super::number;
use super::sql_ops::Cursors;
use super::stop::Stop;
use super::turns::Turns;

/// When every case begins: 2026-11-18T00:00:00Z.
const START_MS: i64 = 1_794_960_000_000;

/// What stays of an object between its sessions: its files, and time.
pub struct Disk {
    class: Class,
    io: Io,
    clock: Arc<ManualClock>,
    /// The event loop that the operations run on.
    pub turns: Turns,
}

impl Disk {
    /// A new object.
    #[must_use]
    pub fn new(class: Class) -> Disk {
        let clock = Arc::new(ManualClock::new(Timestamp(START_MS * 1000)));
        let io = Io { clock: clock.clone(), ..Io::repeatable(Arc::new(MemFs::new()), 1) };
        Disk { class, io, clock, turns: Turns::new(number::whole(START_MS.unsigned_abs())) }
    }

    /// Lets the clock show the time of the event loop.
    fn set_clock(&self) {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century")]
        let now_us = (self.turns.now_ms() * 1000.0) as i64;
        self.clock.set_wall(Timestamp(now_us));
    }
}

/// One session of an object.
pub struct Object<'d> {
    disk: &'d Disk,
    pub(super) storage: Storage,
    pub(super) cursors: RefCell<Cursors>,
    pub(super) lists: RefCell<Lists>,
    pub(super) log: RefCell<Vec<Json>>,
    /// The transactions that run, the innermost last.
    pub(super) transactions: RefCell<Vec<Transaction>>,
    /// The newest transaction, also after its end.
    pub(super) newest_transaction: RefCell<Option<Transaction>>,
    alarms: Alarms,
}

impl<'d> Object<'d> {
    /// Begins a session.
    ///
    /// # Errors
    /// Those of opening the storage.
    pub fn new(disk: &'d Disk) -> Result<Object<'d>, Stop> {
        let (backend, alarm_on_delete) = match disk.class {
            Class::WithoutSql => (Backend::KeyValue, AlarmOnDelete::Keep),
            Class::Sql | Class::WithoutAlarms => (Backend::Sql, AlarmOnDelete::Delete),
        };
        let io = Some(disk.io.clone());
        let profile = Profile::WorkerdLocal;
        let options = StorageOptions { profile, backend, alarm_on_delete, io, ..StorageOptions::default() };
        Ok(Object {
            disk,
            storage: Storage::open_with("object", options)?,
            cursors: RefCell::default(),
            lists: RefCell::default(),
            log: RefCell::default(),
            transactions: RefCell::default(),
            newest_transaction: RefCell::default(),
            alarms: Alarms::default(),
        })
    }

    /// Its storage.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What kind of object it is.
    #[must_use]
    pub fn class(&self) -> Class {
        self.disk.class
    }

    /// The event loop it runs on.
    #[must_use]
    pub fn turns(&self) -> &Turns {
        &self.disk.turns
    }

    /// Its alarm as its host sees it.
    #[must_use]
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Lets the clock show the time of the event loop.
    pub fn set_clock(&self) {
        self.disk.set_clock();
    }

    /// The methods of a transaction are called on this one from now on.
    pub fn enter_transaction(&self, transaction: Transaction) {
        *self.newest_transaction.borrow_mut() = Some(transaction.clone());
        self.transactions.borrow_mut().push(transaction);
    }

    /// The innermost transaction is over.
    pub fn leave_transaction(&self) {
        self.transactions.borrow_mut().pop();
    }

    /// Ends a turn of the event loop: what it wrote is committed.
    pub fn end_turn(&self) {
        // A commit that fails ends the session, which the next call tells.
        drop(self.storage.end_turn());
    }
}
