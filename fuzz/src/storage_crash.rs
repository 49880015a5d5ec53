//! Crashes of histories of an object: of every image all turns that were acknowledged are there whole, and none by halves.

use std::fmt;

use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Options};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{failure, io_on, options_for, version_of};
use crate::images::{Counts, Effort, Recoverable, SEED, check_images, verified};
use crate::panics::without_panic;
use crate::random::Random;
use crate::shrink::fewer;
use crate::storage_model::{Change, State, Step, count, keep, steps};
use crate::storage_run::{StorageRun, state_of, storage_on};

/// The random history of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StorageHistory {
    /// The seed.
    pub seed: u64,
    /// So many steps, those inside of others not counted.
    pub steps: usize,
    /// Of these only those with these numbers; all if there is none.
    pub only: Vec<usize>,
}

/// At most so many runs make a failing history smaller.
const SHRINKING_RUNS: usize = 400;

impl StorageHistory {
    fn steps(&self) -> Vec<Step> {
        let all = steps(self.seed, self.steps);
        match self.only.is_empty() {
            true => all,
            false => keep(&all, &self.only.iter().copied().collect()),
        }
    }

    /// Crashes it everywhere.
    ///
    /// # Errors
    /// The first image that is wrong.
    pub(crate) fn crash(&self, effort: &Effort, counts: &mut Counts) -> Checked {
        let options = options_for(Random::for_purpose(self.seed, 2).next());
        let mut run = StorageRun::begin(options, SEED)?;
        check_images(&run, effort, counts)?;
        for step in self.steps() {
            run.fs().restart_trace();
            let during = |found: Divergence| found.during(format_args!("{step:?}"));
            without_panic(|| run.step(&step)).map_err(during)?;
            if !run.fs().trace().is_empty() {
                check_images(&run, effort, counts).map_err(during)?;
            }
        }
        Ok(())
    }

    /// The shortest history found that fails, made of this one, which does; and how it fails.
    pub(crate) fn shrunk(&self, found: Divergence, effort: &Effort) -> (StorageHistory, Divergence) {
        let all: Vec<usize> = match self.only.is_empty() {
            true => (0..count(&steps(self.seed, self.steps))).collect(),
            false => self.only.clone(),
        };
        let mut smallest = (self.clone(), found);
        let mut runs = 0;
        fewer(&all, &mut |only| {
            runs += 1;
            let candidate = StorageHistory { only: only.to_vec(), ..*self };
            let fails = !only.is_empty()
                && match candidate.crash(effort, &mut Counts::default()) {
                    Ok(()) => false,
                    Err(again) => {
                        smallest = (candidate, again);
                        true
                    }
                };
            (runs <= SHRINKING_RUNS).then_some(fails)
        });
        smallest
    }
}

/// What replays it with the program `crash`, and its steps if they are few.
impl fmt::Display for StorageHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--storage {} --statements {}", self.seed, self.steps)?;
        for (place, number) in self.only.iter().enumerate() {
            write!(f, "{}{number}", if place == 0 { " --only " } else { "," })?;
        }
        match self.only.is_empty() {
            true => Ok(()),
            false => self.steps().iter().try_for_each(|step| write!(f, "\n    {step:?}")),
        }
    }
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
