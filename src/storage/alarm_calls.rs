//! What programs and their host do with the alarm of an object.

use crate::storage::alarm::Alarm;
use crate::storage::error::{Error, Result};
use crate::storage::facts::Fact;
use crate::storage::options::Backend;
use crate::storage::session::{Confirm, Session};

/// The definition of the table that stands for the alarm.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)";

/// The latest time of an alarm: the last one that 64-bit nanoseconds reach.
const LATEST_MS: i64 = i64::MAX / 1_000_000;

/// How the handler of an alarm ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmOutcome {
    /// Well, or badly for the last time: the alarm is removed.
    Done,
    /// Badly: the alarm stays set, for its old time, and is to be run again.
    Retry,
}

impl Session {
    /// The alarm as it is stored.
    fn stored_alarm(&self) -> Result<Option<Alarm>> {
        Ok(self.connection().with_view(|view| Alarm::read(view))??)
    }

    /// The alarm that is still to be run.
    fn next_alarm(&self) -> Result<Option<Alarm>> {
        let running = self.schedule.running;
        Ok(self.stored_alarm()?.filter(|alarm| Some(*alarm) != running))
    }

    /// When the alarm is due.
    pub(crate) fn alarm(&mut self) -> Result<Option<i64>> {
        self.count_work(1, 0);
        Ok(self.next_alarm()?.map(|alarm| alarm.time_ms))
    }

    /// Sets the alarm.
    pub(crate) fn set_alarm(&mut self, time_ms: i64, confirm: Confirm) -> Result<()> {
        if time_ms <= 0 {
            return Err(Error::AlarmTimeNotPositive);
        }
        if time_ms > LATEST_MS {
            return Err(Error::AlarmTimeTooLate);
        }
        let now_ms = self.clock.wall().0 / 1000;
        let time_ms = time_ms.max(now_ms);
        if self.next_alarm()?.is_some_and(|alarm| alarm.time_ms == time_ms) {
            return Ok(());
        }
        self.before_alarm_change(confirm)?;
        if self.backend == Backend::Sql && !self.listed.metadata {
            self.define(TABLE)?;
        }
        self.listed.metadata = true;
        let number = self.schedule.running.map_or(0, |running| running.number.wrapping_add(1));
        self.write_facts(|txn| Alarm { time_ms, number }.write(txn))?;
        self.count_work(0, 1);
        Ok(())
    }

    /// Removes the alarm.
    pub(crate) fn delete_alarm(&mut self, confirm: Confirm) -> Result<()> {
        if self.stored_alarm()?.is_none() {
            return Ok(());
        }
        self.before_alarm_change(confirm)?;
        self.write_facts(|txn| Fact::Alarm.remove(txn))?;
        self.count_work(0, 1);
        Ok(())
    }

    fn before_alarm_change(&mut self, confirm: Confirm) -> Result<()> {
        self.before_write_of(confirm)?;
        self.alarm_changed = true;
        Ok(())
    }

    /// The alarm, if it is due at this time; it counts as running from then on.
    pub(crate) fn start_alarm(&mut self) -> Result<Option<i64>> {
        let now_us = self.clock.wall().0;
        let due = self.stored_alarm()?.filter(|alarm| alarm.time_ms.saturating_mul(1000) <= now_us);
        self.schedule.running = due;
        Ok(due.map(|alarm| alarm.time_ms))
    }

    /// Ends the run of the alarm: with [`AlarmOutcome::Done`] it is removed, in the commit of the last writes of its
    /// handler.
    pub(crate) fn finish_alarm(&mut self, outcome: AlarmOutcome) -> Result<()> {
        let running = self.schedule.running.take();
        if outcome == AlarmOutcome::Done && running.is_some() && self.stored_alarm()? == running {
            self.delete_alarm(Confirm::Gate)?;
        }
        self.commit_turn()
    }
}

#[cfg(test)]
mod tests;
