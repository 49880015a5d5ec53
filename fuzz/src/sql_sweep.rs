//! Failing calls under SQL: a history is run once per call into the file system and fault.
//!
//! 1. A statement that fails for the fault has changed nothing; a commit may or may not be there after the database said
//!    that it must be opened again.
//! 2. What was acknowledged stays, also if the power is cut after the failure.
//! 3. With the fault gone the failed statement works, and so does the rest: in the end all is as without a fault.

use duramen_engine::io::MemFs;
use duramen_engine::io::sim::{Op as Call, SimFs};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{failure, tiny_options};
use crate::engine::{Failure, FailureKind};
use crate::faults::{AFTER, After, Case, Counts, script};
use crate::images::verified;
use crate::sql_history::history;
use crate::sql_store::{SqlStore, State, check_connection, state_of, write_everywhere};

/// A history of SQL, and what each statement does without a fault.
#[derive(Debug)]
pub(crate) struct Script {
    image: MemFs,
    /// What the image holds.
    start: State,
    told: Vec<Told>,
}

/// What a statement does without a fault.
#[derive(Debug)]
struct Told {
    sql: String,
    /// How many rows it changed, or why it did not.
    outcome: Result<u64, String>,
    /// What statements see behind it.
    state: State,
    /// Whether no transaction is open behind it.
    committed: bool,
}

const SEED: u64 = 3;

impl Script {
    /// The history of a seed and the calls it makes. Half of the statements are run before, and the process killed then.
    pub(crate) fn prepare(seed: u64, steps: usize) -> Checked<(Script, Vec<Call>)> {
        let mut statements = history(seed, steps);
        let rest = statements.split_off(statements.len() / 2);
        let mut store = SqlStore::closed(SimFs::new(), tiny_options(), SEED);
        store.start()?;
        for sql in &statements {
            accept(store.run(sql)).map(drop).map_err(|found| found.during(sql))?;
        }
        store.stop(After::Restart);
        let image = store.fs().cached();
        let mut store = SqlStore::closed(SimFs::on(&image), tiny_options(), SEED + 1);
        store.start()?;
        let start = state_of(store.connection()?)?;
        let mut told = Vec::new();
        for sql in rest {
            let outcome = accept(store.run(&sql)).map_err(|found| found.during(&sql))?;
            let state = state_of(store.connection()?)?;
            let committed = !store.in_transaction();
            told.push(Told { sql, outcome, state, committed });
        }
        let calls = store.fs().trace();
        Ok((Script { image, start, told }, calls))
    }

    /// Runs it with one fault.
    pub(crate) fn run(&self, case: Case, counts: &mut Counts) -> Checked {
        let fs = SimFs::on(&self.image);
        fs.inject(script(case));
        let mut store = SqlStore::closed(fs, tiny_options(), SEED + 1);
        let after = AFTER[case.after];
        let mut faulty = true;
        if let Err(failure) = store.start() {
            faulty = false;
            counts.open_failed += 1;
            noticed(&failure).map_err(|found| found.during("open"))?;
            store.stop(after);
            store.start().map_err(|failure| Divergence::from(failure).during("second open"))?;
        }
        let mut run = Sweeping { script: self, store, after, next: 0, committed: 0, faulty };
        while let Some(told) = self.told.get(run.next) {
            run.step(told, counts).map_err(|found| found.during(&told.sql))?;
        }
        counts.hit += u64::from(run.store.fs().faults_hit() > 0);
        counts.failed += u64::from(!run.faulty);
        counts.unnoticed += u64::from(run.faulty);
        run.store.fs().clear_faults();
        run.finish().map_err(|found| found.during("at the end"))
    }

    /// What statements see when so many of them were run.
    fn state(&self, statements: usize) -> &State {
        match statements.checked_sub(1) {
            Some(last) => &self.told[last].state,
            None => &self.start,
        }
    }
}

/// The outcome of a statement that met no fault.
fn accept(outcome: Result<u64, Failure>) -> Checked<Result<u64, String>> {
    match outcome {
        Ok(changes) => Ok(Ok(changes)),
        Err(failure) if failure.kind == FailureKind::Refused => Ok(Err(failure.text)),
        Err(failure) => Err(failure.into()),
    }
}

/// Whether a failure is one that faults lead to.
fn noticed(failure: &Failure) -> Checked {
    match failure.kind {
        FailureKind::Full | FailureKind::Disk | FailureKind::MustReopen => Ok(()),
        _ => Err(Divergence::from(failure.clone())),
    }
}

/// One run under way.
struct Sweeping<'s> {
    script: &'s Script,
    store: SqlStore,
    after: After,
    /// The number of the next statement.
    next: usize,
    /// So many statements were run by the last commit.
    committed: usize,
    /// Whether the fault may still come.
    faulty: bool,
}

impl Sweeping<'_> {
    fn step(&mut self, told: &Told, counts: &mut Counts) -> Checked {
        let was_open = self.store.in_transaction();
        let outcome = self.store.run(&told.sql);
        match outcome {
            Err(failure) if self.faulty && failure.kind != FailureKind::Refused => {
                noticed(&failure)?;
                self.faulty = false;
                if failure.kind == FailureKind::MustReopen {
                    counts.reopened += 1;
                    return self.open_again(told);
                }
                // What can be read while calls fail is right: the sweeps of keys see to it.
                self.store.fs().clear_faults();
                if was_open && !self.store.in_transaction() {
                    self.next = self.committed;
                }
                check_connection(self.store.connection()?, self.script.state(self.next))
                    .map_err(|found| found.during(format_args!("failed with {failure}")))
            }
            outcome => {
                same("outcome", &accept(outcome)?, &told.outcome)?;
                self.next += 1;
                if told.committed {
                    self.committed = self.next;
                }
                Ok(())
            }
        }
    }

    /// Opens the database again: it holds the last commit, or the one that was under way.
    fn open_again(&mut self, told: &Told) -> Checked {
        self.store.stop(self.after);
        self.store.start()?;
        let found = state_of(self.store.connection()?)?;
        let is_new = told.committed && found == told.state && found != *self.script.state(self.committed);
        if is_new {
            self.committed = self.next + 1;
        }
        self.next = self.committed;
        check_connection(self.store.connection()?, self.script.state(self.next))
            .map_err(|found| found.during("opened again"))
    }

    /// With the fault gone everything works.
    fn finish(mut self) -> Checked {
        check_connection(self.store.connection()?, self.script.state(self.next))?;
        if self.store.in_transaction() {
            self.store.run("ROLLBACK")?;
        }
        let checkpoint =
            self.store.database().map_or(Ok(()), |db| db.checkpoint().map(drop)).map_err(failure);
        match checkpoint {
            // The fault met work that no statement waits for.
            Err(failure) if failure.kind == FailureKind::MustReopen => {
                self.store.stop(self.after);
                self.store.start()?;
            }
            checkpoint => checkpoint?,
        }
        let connection = self.store.connection()?;
        check_connection(connection, self.script.state(self.committed))?;
        write_everywhere(connection, self.script.state(self.committed))?;
        let state = state_of(connection)?;
        if self.after == After::PowerLoss {
            self.store.stop(After::PowerLoss);
        } else {
            self.store.fs().drop_caches();
            self.store.close()?;
        }
        self.store.start()?;
        check_connection(self.store.connection()?, &state)?;
        self.store.database().map_or(Ok(()), verified)
    }
}
