//! Crash enumeration: what is crashed, and the runs of operations on keys. [`images`](crate::images) says what is checked.

use std::fmt;

use duramen_engine::io::sim::SimFs;
use duramen_engine::{Database, Durability, Options, Retention, View};

use crate::compare::{Checked, Divergence, compare_entries};
use crate::duramen::{Duramen, failure, options_for, reading, tiny_options, version_of};
use crate::engine::Engine;
use crate::histories::History;
use crate::images::{Counts, Effort, Recoverable, SEED, check_images, verified};
use crate::model::State;
use crate::ops::Op;
use crate::panics::without_panic;
use crate::random::Random;
use crate::runner::{Promises, Runner};
use crate::sequences::generate_ops;
use crate::sql_crash::crash_sql;
use crate::storage_crash::StorageHistory;

/// What is crashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A short history; crashes in its last step.
    Short(History),
    /// The random sequence of a seed; crashes everywhere.
    Random {
        /// The seed.
        seed: u64,
        /// At most so many operations.
        max_ops: usize,
    },
    /// The random history of SQL of a seed; crashes everywhere.
    Sql {
        /// The seed.
        seed: u64,
        /// So many statements after the definitions.
        steps: usize,
    },
    /// The random history of an object of a seed; crashes everywhere.
    Storage(StorageHistory),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Short(history) => write!(f, "--history {history}"),
            Subject::Random { seed, max_ops } => write!(f, "--random {seed} --ops {max_ops}"),
            Subject::Sql { seed, steps } => write!(f, "--sql {seed} --statements {steps}"),
            Subject::Storage(history) => history.fmt(f),
        }
    }
}

/// An image that was not recovered as it must be.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What was crashed.
    pub subject: Subject,
    /// What is wrong, with which image.
    pub found: Divergence,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.found)?;
        write!(f, "replay: cargo run --release -p duramen-fuzz --bin crash -- {}", self.subject)
    }
}

/// Runs a history and checks its images.
///
/// # Errors
/// The first image that is wrong.
pub fn crash(subject: &Subject, effort: &Effort, counts: &mut Counts) -> Result<(), Box<Failed>> {
    counts.histories += 1;
    let result = match subject {
        Subject::Short(history) => crash_short(history, effort, counts),
        Subject::Random { seed, max_ops } => crash_random(*seed, *max_ops, effort, counts),
        Subject::Sql { seed, steps } => crash_sql(*seed, *steps, effort, counts),
        Subject::Storage(history) => history.crash(effort, counts),
    };
    result.map_err(|found| match subject {
        Subject::Storage(history) => {
            let (history, found) = history.shrunk(found, effort);
            Box::new(Failed { subject: Subject::Storage(history), found })
        }
        subject => Box::new(Failed { subject: subject.clone(), found }),
    })
}

fn crash_short(history: &History, effort: &Effort, counts: &mut Counts) -> Checked {
    let mut run = Run::begin(tiny_options())?;
    for op in history.base.ops() {
        run.step(&op)?;
    }
    for (place, step) in history.steps.iter().enumerate() {
        if place + 1 == history.steps.len() {
            run.runner.engine().fs().restart_trace();
        }
        for op in step.ops(place) {
            run.step(&op)?;
        }
    }
    check_images(&run, effort, counts)
}

fn crash_random(seed: u64, max_ops: usize, effort: &Effort, counts: &mut Counts) -> Checked {
    let mut run = Run::begin(options_for(Random::for_purpose(seed, 2).next()))?;
    for op in generate_ops(seed, max_ops) {
        run.runner.engine().fs().restart_trace();
        run.step(&op)?;
        check_images(&run, effort, counts)?;
    }
    Ok(())
}

/// A history of operations being run.
struct Run {
    options: Options,
    runner: Runner<Duramen>,
}

impl Run {
    fn begin(options: Options) -> Checked<Run> {
        let promises = Promises { all_history: options.retention == Retention::All };
        let engine = Duramen::open(SimFs::new(), options.clone(), SEED)
            .map_err(|failure| Divergence::from(failure).during("at the start"))?;
        Ok(Run { options, runner: Runner::new(engine, promises) })
    }

    /// Does one operation, and marks what it has made durable.
    fn step(&mut self, op: &Op) -> Checked {
        let runner = &mut self.runner;
        without_panic(|| runner.apply(op)).map_err(|found| found.during(format_args!("in {op:?}")))?;
        let durable = self.runner.engine().durable_version();
        let promised = self.runner.model().index_of(durable).map_or(0, |index| index as u64);
        self.runner.engine_mut().promise(promised);
        Ok(())
    }
}

impl Recoverable for Run {
    type State = State;

    fn fs(&self) -> &SimFs {
        self.runner.engine().fs()
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn recovered(&self, db: &Database) -> Checked<(usize, State)> {
        let model = self.runner.model();
        let version = version_of(db.last_lsn());
        let number = model.index_of(version).ok_or_else(|| {
            Divergence::new(format!("recovered version {version:x?}, which was never committed"))
        })?;
        Ok((number, model.versions()[number].1.clone()))
    }

    fn check(&self, db: &Database, state: &State) -> Checked {
        let view = db.begin_read().map_err(failure)?;
        compare_entries(&*reading(view), state)?;
        verified(db)
    }

    fn go_on(&self, db: &Database, state: State) -> Checked<State> {
        go_on(db, state)
    }
}

/// Makes three more commits, with a checkpoint among them; the state after them.
pub(crate) fn go_on(db: &Database, mut state: State) -> Checked<State> {
    const TREE: &[u8] = b"after";
    for round in 0..3u8 {
        let mut txn = db.begin_write().map_err(failure)?;
        let tree = txn.open_tree(TREE).map_err(failure)?;
        state.create_tree(TREE);
        let value = [round; 40];
        txn.put(tree, &[round], &value).map_err(failure)?;
        state.put(TREE, &[round], &value);
        let first = state.trees().find(|(name, entries)| *name != TREE && !entries.is_empty());
        if let Some((name, key)) =
            first.and_then(|(name, entries)| Some((name.to_vec(), entries.keys().next()?.clone())))
        {
            let tree = txn.tree(&name).ok_or_else(|| Divergence::new(format!("tree {name:?} is missing")))?;
            if round == 1 {
                txn.delete(tree, &key).map_err(failure)?;
                state.delete(&name, &key);
            } else {
                txn.put(tree, &key, &value).map_err(failure)?;
                state.put(&name, &key, &value);
            }
        }
        txn.commit(Durability::Immediate).map_err(failure)?;
        if round == 1 {
            db.checkpoint().map_err(failure)?;
        }
    }
    Ok(state)
}
