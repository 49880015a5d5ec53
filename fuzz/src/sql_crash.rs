//! Crashes of histories of SQL: of every image all statements that were acknowledged are there whole, and none by halves.

use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Options};

use crate::compare::{Checked, Divergence};
use crate::duramen::{failure, options_for, version_of};
use crate::engine::{FailureKind, Version};
use crate::images::{Counts, Effort, Recoverable, SEED, check_images, verified};
use crate::panics::without_panic;
use crate::random::Random;
use crate::sql_history::history;
use crate::sql_store::{SqlStore, State, check_connection, connect, state_of, write_everywhere};

/// Crashes the history of a seed everywhere.
///
/// # Errors
/// The first image that is wrong.
pub(crate) fn crash_sql(seed: u64, steps: usize, effort: &Effort, counts: &mut Counts) -> Checked {
    let mut run = Run::begin(options_for(Random::for_purpose(seed, 2).next()))?;
    check_images(&run, effort, counts)?;
    for sql in history(seed, steps) {
        run.store.fs().restart_trace();
        without_panic(|| run.step(&sql)).map_err(|found| found.during(&sql))?;
        if !run.store.fs().trace().is_empty() {
            check_images(&run, effort, counts).map_err(|found| found.during(&sql))?;
        }
    }
    Ok(())
}

/// A history being run.
struct Run {
    options: Options,
    store: SqlStore,
    /// Each commit, and what it led to. The first is the database before it was made.
    commits: Vec<(Version, State)>,
}

impl Run {
    fn begin(options: Options) -> Checked<Run> {
        let mut store = SqlStore::closed(SimFs::new(), options.clone(), SEED);
        store.start()?;
        let empty = state_of(store.connection()?)?;
        let mut run = Run { options, store, commits: vec![(Version(0), empty)] };
        run.note_commit()?;
        Ok(run)
    }

    fn step(&mut self, sql: &str) -> Checked {
        // A statement that does not fit what there is changes nothing.
        if let Err(failure) = self.store.run(sql)
            && failure.kind != FailureKind::Refused
        {
            return Err(failure.into());
        }
        if self.store.in_transaction() { Ok(()) } else { self.note_commit() }
    }

    /// Whatever was acknowledged by now is durable.
    fn note_commit(&mut self) -> Checked {
        let version = self.store.version();
        if self.commits.last().is_some_and(|(last, _)| *last < version) {
            self.commits.push((version, state_of(self.store.connection()?)?));
        }
        self.store.promise(self.commits.len() as u64 - 1);
        Ok(())
    }
}

impl Recoverable for Run {
    type State = State;

    fn fs(&self) -> &SimFs {
        self.store.fs()
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn recovered(&self, db: &Database) -> Checked<(usize, State)> {
        let version = version_of(db.last_lsn());
        // The empty schema of a new database is a commit that no statement asked for and nobody sees.
        let after = self.commits.partition_point(|(commit, _)| *commit <= version);
        let number = after.checked_sub(1).ok_or_else(|| Divergence::new("a version before the first"))?;
        Ok((number, self.commits[number].1.clone()))
    }

    fn check(&self, db: &Database, state: &State) -> Checked {
        check_connection(&connect(db)?, state)?;
        verified(db)
    }

    fn go_on(&self, db: &Database, state: State) -> Checked<State> {
        let connection = connect(db)?;
        write_everywhere(&connection, &state)?;
        db.checkpoint().map_err(failure)?;
        connection
            .execute_batch("INSERT INTO afterwards VALUES (3, 'c')")
            .map_err(crate::sql_store::sql_failure)?;
        Ok(state_of(&connection)?)
    }
}
