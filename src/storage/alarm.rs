//! The alarm of an object as it is kept, and who is told of it.
//!
//! Invariant: whoever wakes the object is never told a later time than the one that is durable or soon will be: of an
//! earlier time it learns before the commit, of a later one after it.

use std::fmt;
use std::sync::Arc;

use duramen_engine::{Result, View, WriteTxn};

use crate::storage::facts::Fact;

/// Who wakes an object when its alarm is due.
///
/// It is called while the storage is locked, and must not use it. It may be told a time that then is not committed: when it
/// wakes the object, [`Storage::start_alarm`](crate::Storage::start_alarm) says whether an alarm is due.
pub trait AlarmHook: Send + Sync {
    /// The object is to be woken at this time, in milliseconds since 1970, and at no other; at none if it is `None`.
    fn alarm_at(&self, time_ms: Option<i64>);
}

/// An alarm as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) time_ms: i64,
    /// Differs between the alarm that runs and one that was set meanwhile for the same time.
    pub(crate) number: u64,
}

impl Alarm {
    pub(crate) fn read(view: &dyn View) -> Result<Option<Alarm>> {
        let bytes: Option<[u8; 16]> = Fact::Alarm.read_array(view)?;
        Ok(bytes.map(|bytes| {
            let (mut time, mut number) = ([0; 8], [0; 8]);
            time.copy_from_slice(&bytes[..8]);
            number.copy_from_slice(&bytes[8..]);
            Alarm { time_ms: i64::from_le_bytes(time), number: u64::from_le_bytes(number) }
        }))
    }

    pub(crate) fn write(self, txn: &mut WriteTxn) -> Result<()> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.time_ms.to_le_bytes());
        bytes[8..].copy_from_slice(&self.number.to_le_bytes());
        Fact::Alarm.write(txn, &bytes)
    }
}

/// What a session knows of its alarm.
#[derive(Default)]
pub(crate) struct Schedule {
    hook: Option<Arc<dyn AlarmHook>>,
    /// What the hook was told last.
    told: Option<i64>,
    /// The alarm whose handler runs.
    pub(crate) running: Option<Alarm>,
}

impl Schedule {
    /// The schedule of an object that has this alarm.
    pub(crate) fn new(hook: Option<Arc<dyn AlarmHook>>, alarm: Option<Alarm>) -> Schedule {
        let mut schedule = Schedule { hook, told: None, running: None };
        schedule.tell(alarm.map(|alarm| alarm.time_ms));
        schedule
    }

    /// A commit with this alarm is to be made.
    pub(crate) fn before_commit(&mut self, alarm: Option<Alarm>) {
        let time = alarm.map(|alarm| alarm.time_ms);
        if time.is_some_and(|time| self.told.is_none_or(|told| time < told)) {
            self.tell(time);
        }
    }

    /// A commit with this alarm was made.
    pub(crate) fn after_commit(&mut self, alarm: Option<Alarm>) {
        self.tell(alarm.map(|alarm| alarm.time_ms));
    }

    fn tell(&mut self, time: Option<i64>) {
        if self.told == time {
            return;
        }
        self.told = time;
        if let Some(hook) = &self.hook {
            hook.alarm_at(time);
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("told", &self.told).field("running", &self.running).finish()
    }
}
