//! Crashes of histories of an object: of every image all turns that were acknowledged are there whole, and none by halves.

use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Options};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{failure, io_on, options_for, version_of};
use crate::images::{Counts, Effort, Recoverable, SEED, check_images, verified};
use crate::panics::without_panic;
use crate::random::Random;
use crate::storage_model::{Change, State, steps};
use crate::storage_run::{StorageRun, state_of, storage_on};

/// Crashes the history of a seed everywhere.
///
/// # Errors
/// The first image that is wrong.
pub(crate) fn crash_storage(seed: u64, count: usize, effort: &Effort, counts: &mut Counts) -> Checked {
    let mut run = StorageRun::begin(options_for(Random::for_purpose(seed, 2).next()), SEED)?;
    check_images(&run, effort, counts)?;
    for step in steps(seed, count) {
        run.fs().restart_trace();
        let during = |found: Divergence| found.during(format_args!("{step:?}"));
        without_panic(|| run.step(&step)).map_err(during)?;
        if !run.fs().trace().is_empty() {
            check_images(&run, effort, counts).map_err(during)?;
        }
    }
    Ok(())
}

impl Recoverable for StorageRun {
    type State = State;

    fn fs(&self) -> &SimFs {
        StorageRun::fs(self)
    }

    fn options(&self) -> &Options {
        StorageRun::options(self)
    }

    fn recovered(&self, db: &Database) -> Checked<(usize, State)> {
        let version = version_of(db.last_lsn());
        // The empty schema of a new database is a commit that no statement asked for and nobody sees.
        let after = self.commits().partition_point(|(commit, _)| *commit <= version);
        let number = after.checked_sub(1).ok_or_else(|| Divergence::new("a version before the first"))?;
        Ok((number, self.commits()[number].1.clone()))
    }

    fn check(&self, db: &Database, state: &State) -> Checked {
        let storage = storage_on(db, &io_on(std::sync::Arc::new(SimFs::new()), SEED))?;
        same("what the object holds", &state_of(&storage)?, state)?;
        verified(db)
    }

    fn go_on(&self, db: &Database, mut state: State) -> Checked<State> {
        let storage = storage_on(db, &io_on(std::sync::Arc::new(SimFs::new()), SEED))?;
        let put = Change::Put("afterwards".into(), 1);
        let refused = |error| Divergence::new(format!("after a crash: {error}"));
        for change in [Change::CreateTable(9), Change::Insert(9, 1, 1), put, Change::DeleteAlarm] {
            crate::storage_run::do_change(&storage, &change).map_err(refused)?;
            state.apply(&change);
        }
        storage.sync().wait().map_err(refused)?;
        db.checkpoint().map_err(failure)?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests;
