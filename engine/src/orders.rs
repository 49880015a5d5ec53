//! What is asked for that outlives the process that asks: pins, and the reset that the next open carries out.
//!
//! Both are in the checkpoint record, and durable when a call returns. What they name then cannot be taken by a crash. Every
//! record repeats them, so there is a limit to their number and length.

use std::sync::Arc;

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::format::checkpoint::{CheckpointRecord, Orders, Pin};
use crate::history::History;
use crate::ids::{Lsn, to_u64};
use crate::keep;
use crate::options::{Durability, MAX_PIN_NAME_BYTES, MAX_PINS, PendingRestore};
use crate::reclaim::{self, Effort};
use crate::txn::WriteTxn;
use crate::worker;

impl History {
    /// Keeps the commit `lsn` and all history from it on reachable under a name, until [`unpin`](History::unpin), in later
    /// sessions too. Durable when this returns. A pin of that name moves.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; [`Error::TooManyPins`]; [`Error::InvalidArgument`] for a name that is empty or longer than
    /// [`MAX_PIN_NAME_BYTES`]; errors of the disk. After each all is as before; after [`Error::Poisoned`] the next open shows
    /// whether the pin is there.
    pub fn pin(&self, name: &str, lsn: Lsn) -> Result<()> {
        if name.is_empty() || name.len() > MAX_PIN_NAME_BYTES {
            let text = format!("the name of a pin has 1 to {MAX_PIN_NAME_BYTES} bytes, not {}", name.len());
            return Err(Error::InvalidArgument(text));
        }
        let _there = self.hold_durable(lsn)?;
        self.order(|orders| {
            orders.pins.retain(|pin| pin.name != name);
            if orders.pins.len() >= MAX_PINS {
                return Err(Error::TooManyPins { max: to_u64(MAX_PINS) });
            }
            orders.pins.push(Pin { name: name.into(), lsn });
            Ok(())
        })
    }

    /// Lets a pin go; whether there was one of that name.
    ///
    /// # Errors
    /// [`Error::ReadOnly`]; errors of the disk, after which the pin is as before. After [`Error::Poisoned`] the next open shows
    /// whether it is.
    pub fn unpin(&self, name: &str) -> Result<bool> {
        let known = self.handle.reach().orders.pins.iter().any(|pin| pin.name == name);
        if known {
            self.order(|orders| {
                orders.pins.retain(|pin| pin.name != name);
                Ok(())
            })?;
        }
        Ok(known)
    }

    /// The pins and the commits they keep, in the order of those.
    #[must_use]
    pub fn pins(&self) -> Vec<(String, Lsn)> {
        let reach = self.handle.reach();
        let mut pins: Vec<_> = reach.orders.pins.iter().map(|pin| (pin.name.clone(), pin.lsn)).collect();
        pins.sort_by_key(|(_, lsn)| *lsn);
        pins
    }

    /// Has the next open for writing make the version after commit `lsn` the newest one, before it does anything else;
    /// with `None` no longer. Durable when this returns, and replaces what was wished before. The history back to `lsn`
    /// stays until then.
    ///
    /// That version is looked for already, so that what cannot be gone back to is refused now. An open that cannot carry it
    /// out all the same fails with [`Error::PendingRestore`], and the next one tries again, unless it is opened with
    /// [`PendingRestore::Leave`].
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; errors of the disk, after which all is as before. After [`Error::Poisoned`] the next open
    /// carries out this wish or the one before.
    pub fn wish_reset(&self, lsn: Option<Lsn>) -> Result<()> {
        let _there = lsn.map(|lsn| self.hold_durable(lsn)).transpose()?;
        lsn.map(|lsn| self.read_at(lsn)).transpose()?;
        self.order(|orders| {
            orders.wish = lsn;
            Ok(())
        })
    }

    /// What the next open for writing goes back to.
    #[must_use]
    pub fn wished_reset(&self) -> Option<Lsn> {
        self.handle.reach().orders.wish
    }

    /// Changes the orders and makes them durable, in a checkpoint record of their own. After an error they are as before.
    fn order(&self, change: impl FnOnce(&mut Orders) -> Result<()>) -> Result<()> {
        let handle = &self.handle;
        handle.newest()?;
        handle.log()?;
        let mut checkpoints = handle.checkpoints();
        if checkpoints.list.newest().is_none() {
            checkpoint::run(handle, &mut checkpoints)?;
        }
        if checkpoints.list.newest().is_none() {
            return Err(Error::InvalidArgument("nothing was committed yet, so there is no history".into()));
        }
        let before = handle.reach().orders.clone();
        let changed = change(&mut handle.reach().orders);
        changed
            .and_then(|()| checkpoint::restate(handle, &mut checkpoints))
            .inspect_err(|_| handle.reach().orders = before)
    }

    /// Does what an open for writing owes history, before anything else is done: gives a fork its second record, carries out
    /// the reset that was wished for, and lets go what the retention does not keep.
    pub(crate) fn open_for_writing(&self) -> Result<()> {
        let handle = &self.handle;
        if handle.reach().newest().is_some_and(CheckpointRecord::begins_a_fork) {
            // From here on a log that is not there was lost.
            checkpoint::restate(handle, &mut handle.checkpoints())?;
        }
        if let (Some(to), PendingRestore::CarryOut) = (self.wished_reset(), handle.options.pending_restore) {
            let failed = |error| Error::PendingRestore { to, source: Arc::new(error) };
            self.carry_out_reset(to).map_err(failed)?;
        }
        self.let_history_go()
    }

    /// The wish is over once the log holds its commit (see [`commit_root`](crate::txn)), so a crash leaves it to be carried
    /// out again or carried out; nothing can be committed between the two.
    fn carry_out_reset(&self, to: Lsn) -> Result<()> {
        let mut txn = WriteTxn::begin(self.handle.clone())?;
        txn.reset_as_wished(to)?;
        txn.commit(Durability::Immediate)?;
        // A list that could not be synced after the log leaves a handle that nobody could use.
        self.handle.newest().map(drop)
    }

    fn let_history_go(&self) -> Result<()> {
        let handle = &self.handle;
        let mut checkpoints = handle.checkpoints();
        // What is doubted now must be on disk to be believed one day.
        if keep::lets_history_go_if_believed(handle) {
            checkpoint::restate(handle, &mut checkpoints)?;
            // It is done again after the next checkpoint; damage in the past keeps nobody from writing.
            if let Err(error) = reclaim::run(handle, &mut checkpoints, Effort::WhenDue) {
                worker::note(handle, error);
            }
        }
        Ok(())
    }
}

impl WriteTxn {
    /// As [`reset_to`](WriteTxn::reset_to), because it had been wished for.
    fn reset_as_wished(&mut self, lsn: Lsn) -> Result<()> {
        self.reset_to(lsn, &[])?;
        self.mark_as_wished();
        Ok(())
    }
}
