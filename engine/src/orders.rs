//! What is asked for that outlives the process that asks: pins, and the reset that the next open carries out.
//!
//! Both are in the checkpoint record, and durable when a call returns. What they name then cannot be taken by a crash.

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::format::checkpoint::{CheckpointRecord, Orders, Pin};
use crate::history::{History, PastView};
use crate::ids::Lsn;
use crate::keep;
use crate::options::Durability;
use crate::reclaim::{self, Effort};
use crate::txn::WriteTxn;
use crate::wal::LogSink;

/// The longest name of a pin.
const MAX_PIN_NAME_BYTES: usize = 255;

impl History {
    /// Keeps the commit `lsn` and all history from it on reachable under a name, until [`unpin`](History::unpin), in later
    /// sessions too. Durable when this returns. A pin of that name moves.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; [`Error::InvalidArgument`] for a name that is empty or over 255 bytes; errors of the
    /// disk, after which all is as before. After [`Error::Poisoned`] the next open shows whether the pin is there.
    pub fn pin(&self, name: &str, lsn: Lsn) -> Result<()> {
        if name.is_empty() || name.len() > MAX_PIN_NAME_BYTES {
            let text = format!("the name of a pin has 1 to {MAX_PIN_NAME_BYTES} bytes, not {}", name.len());
            return Err(Error::InvalidArgument(text));
        }
        let _there = self.durable_version(lsn)?;
        self.order(|orders| {
            orders.pins.retain(|pin| pin.name != name);
            orders.pins.push(Pin { name: name.into(), lsn });
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
            self.order(|orders| orders.pins.retain(|pin| pin.name != name))?;
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
    /// An open that cannot carry it out fails, and the next one tries again.
    ///
    /// # Errors
    /// [`Error::HistoryUnavailable`]; errors of the disk, after which all is as before. After [`Error::Poisoned`] the next open
    /// carries out this wish or the one before.
    pub fn wish_reset(&self, lsn: Option<Lsn>) -> Result<()> {
        let _there = lsn.map(|lsn| self.durable_version(lsn)).transpose()?;
        self.order(|orders| orders.wish = lsn)
    }

    /// What the next open for writing goes back to.
    #[must_use]
    pub fn wished_reset(&self) -> Option<Lsn> {
        self.handle.reach().orders.wish
    }

    /// A version that no crash takes away any more: what orders name must be there when they are followed.
    fn durable_version(&self, lsn: Lsn) -> Result<PastView> {
        let view = self.read_at(lsn)?;
        self.handle.log()?.flush_to(lsn)?;
        Ok(view)
    }

    /// Changes the orders and makes them durable, in a checkpoint record of their own.
    fn order(&self, change: impl FnOnce(&mut Orders)) -> Result<()> {
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
        change(&mut handle.reach().orders);
        checkpoint::restate(handle, &mut checkpoints).inspect_err(|_| handle.reach().orders = before)
    }

    /// Does what an open for writing owes history, before anything else is done: gives a fork its second record, carries
    /// out the reset that was wished for, and lets go what the retention does not keep.
    ///
    /// The wish is over once the log holds its commit (see [`commit_root`](crate::txn)), so a crash leaves it to be carried
    /// out again or carried out; nothing can be committed between the two.
    pub(crate) fn open_for_writing(&self) -> Result<()> {
        let handle = &self.handle;
        if handle.reach().newest().is_some_and(CheckpointRecord::begins_a_fork) {
            // From here on a log that is not there was lost.
            checkpoint::restate(handle, &mut handle.checkpoints())?;
        }
        let wish = self.wished_reset();
        if let Some(wish) = wish {
            let mut txn = WriteTxn::begin(self.handle.clone())?;
            txn.reset_as_wished(wish)?;
            txn.commit(Durability::Immediate)?;
            // A list that could not be synced after the log leaves a handle that nobody could use.
            self.handle.newest()?;
        }
        let mut checkpoints = handle.checkpoints();
        // What is doubted now must be on disk to be believed one day.
        if keep::lets_history_go_if_believed(handle) {
            checkpoint::restate(handle, &mut checkpoints)?;
            reclaim::run(handle, &mut checkpoints, Effort::WhenDue)?;
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
