//! Crash enumeration: every image that a loss of power may leave of a history is recovered and checked.
//!
//! Of an image recovered (the numbers are those of docs/testing.md):
//! - I1, I3: it holds exactly the first commits, and among them all that were acknowledged before the crash;
//! - I2: the last of them is there as a whole, since the whole state equals the model's;
//! - I4: nothing panics;
//! - I5: it can be written to and closed, and holds what was written when opened again; recovering twice gives the same;
//! - I6, I7: nothing wrong is read, and verification finds nothing.

use std::fmt;
use std::sync::Arc;

use duramen_engine::io::MemFs;
use duramen_engine::io::sim::{CrashImage, CrashModel, SimFs};
use duramen_engine::{Database, Durability, Options, Retention, View};

use crate::compare::{Checked, Divergence, compare_entries, same};
use crate::duramen::{DIR, Duramen, failure, io_on, options_for, reading, tiny_options, version_of};
use crate::engine::Engine;
use crate::histories::History;
use crate::model::State;
use crate::ops::Op;
use crate::panics::without_panic;
use crate::random::Random;
use crate::runner::{Promises, Runner};
use crate::sequences::generate_ops;

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
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Short(history) => write!(f, "--history {history}"),
            Subject::Random { seed, max_ops } => write!(f, "--random {seed} --ops {max_ops}"),
        }
    }
}

/// How much of what a crash can leave is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// At most so many images of one moment, chosen by the seed.
    pub images_per_moment: u64,
    /// Recovery is crashed in one of so many images; 0 is never.
    pub recovery_crashed_in: u64,
    /// At most so many images of one moment inside recovery.
    pub recovery_images_per_moment: u64,
    /// Chooses images where there are too many.
    pub seed: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Histories run.
    pub histories: u64,
    /// Images recovered and checked.
    pub images: u64,
    /// Images of a crash inside recovery.
    pub second_images: u64,
    /// Images on which there was no database yet.
    pub empty: u64,
    /// Images with a torn tail of the log.
    pub torn: u64,
    /// Images with commits that had not been acknowledged.
    pub unacknowledged: u64,
}

impl Counts {
    /// Images of all kinds.
    #[must_use]
    pub fn states(&self) -> u64 {
        self.images + self.second_images
    }

    /// Adds others.
    pub fn add(&mut self, other: &Counts) {
        self.histories += other.histories;
        self.images += other.images;
        self.second_images += other.second_images;
        self.empty += other.empty;
        self.torn += other.torn;
        self.unacknowledged += other.unacknowledged;
    }
}

/// An image that was not recovered as it must be.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What was crashed.
    pub subject: Subject,
    /// Which image, and which of a crash inside its recovery.
    pub image: String,
    /// What is wrong.
    pub found: Divergence,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.image, self.found)?;
        write!(f, "replay: cargo run --release -p duramen-fuzz --bin crash -- {}", self.subject)
    }
}

/// The identities of a database before the crash and after it come from different seeds.
const SEED: u64 = 1;
const SEED_AFTER: u64 = 2;

/// Runs a history and checks its images.
///
/// # Errors
/// The first image that is wrong.
pub fn crash(subject: &Subject, effort: &Effort, counts: &mut Counts) -> Result<(), Box<Failed>> {
    counts.histories += 1;
    match subject {
        Subject::Short(history) => crash_short(subject, history, effort, counts),
        Subject::Random { seed, max_ops } => crash_random(subject, *seed, *max_ops, effort, counts),
    }
}

fn crash_short(
    subject: &Subject,
    history: &History,
    effort: &Effort,
    counts: &mut Counts,
) -> Result<(), Box<Failed>> {
    let options = tiny_options();
    let mut run = Run::begin(subject, options)?;
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
    run.check_images(effort, counts)
}

fn crash_random(
    subject: &Subject,
    seed: u64,
    max_ops: usize,
    effort: &Effort,
    counts: &mut Counts,
) -> Result<(), Box<Failed>> {
    let options = options_for(Random::for_purpose(seed, 2).next());
    let mut run = Run::begin(subject, options)?;
    for op in generate_ops(seed, max_ops) {
        run.runner.engine().fs().restart_trace();
        run.step(&op)?;
        run.check_images(effort, counts)?;
    }
    Ok(())
}

/// A history being run.
struct Run<'s> {
    subject: &'s Subject,
    options: Options,
    runner: Runner<Duramen>,
}

impl<'s> Run<'s> {
    fn begin(subject: &'s Subject, options: Options) -> Result<Run<'s>, Box<Failed>> {
        let promises = Promises { all_history: options.retention == Retention::All };
        let engine = Duramen::open(SimFs::new(), options.clone(), SEED).map_err(|failure| {
            Box::new(Failed { subject: subject.clone(), image: "at the start".into(), found: failure.into() })
        })?;
        Ok(Run { subject, options, runner: Runner::new(engine, promises) })
    }

    fn failed(&self, image: impl fmt::Display, found: Divergence) -> Box<Failed> {
        Box::new(Failed { subject: self.subject.clone(), image: image.to_string(), found })
    }

    /// Does one operation, and marks what it has made durable.
    fn step(&mut self, op: &Op) -> Result<(), Box<Failed>> {
        let runner = &mut self.runner;
        let done = without_panic(|| runner.apply(op));
        done.map_err(|found| self.failed(format_args!("in {op:?}"), found))?;
        let durable = self.runner.engine().durable_version();
        let promised = self.runner.model().index_of(durable).map_or(0, |index| index as u64);
        self.runner.engine_mut().promise(promised);
        Ok(())
    }

    fn check_images(&self, effort: &Effort, counts: &mut Counts) -> Result<(), Box<Failed>> {
        let model = CrashModel {
            images_per_moment: effort.images_per_moment,
            seed: effort.seed,
            ..CrashModel::default()
        };
        let fs = self.runner.engine().fs();
        for image in fs.crash_images(&model) {
            let result = without_panic(|| self.check_image(&image, effort, counts));
            result.map_err(|found| self.failed(&image, found))?;
        }
        Ok(())
    }

    fn check_image(&self, image: &CrashImage, effort: &Effort, counts: &mut Counts) -> Checked {
        counts.images += 1;
        let promised = usize::try_from(image.mark).expect("the number of a version in memory");
        let again = effort.recovery_crashed_in > 0 && image.number.is_multiple_of(effort.recovery_crashed_in);
        let recovered = self.recover(&image.fs, promised, None, counts)?;
        if again {
            self.crash_recovery(image, recovered, effort, counts)?;
        }
        Ok(())
    }

    /// Recovers an image, compares it with the model, goes on with it and opens it once more. The number of the version
    /// that it held.
    fn recover(
        &self,
        image: &MemFs,
        promised: usize,
        exactly: Option<usize>,
        counts: &mut Counts,
    ) -> Checked<usize> {
        let fs = Arc::new(image.clone());
        let io = io_on(fs, SEED_AFTER);
        let open = || {
            Database::open_with(io.clone(), DIR, self.options.clone())
                .map_err(|error| Divergence::from(failure(error)).during("open"))
        };
        let db = open()?;
        let (number, state) = self.recovered_state(&db, promised)?;
        if let Some(exactly) = exactly {
            same("version recovered after a crash inside recovery", &number, &exactly)?;
        }
        let report = db.recovery_report();
        counts.empty += u64::from(report.created);
        counts.torn += u64::from(report.torn_tail.is_some());
        counts.unacknowledged += u64::from(number > promised);
        let state = go_on(&db, state)?;
        let version = version_of(db.last_lsn());
        db.close().map_err(failure)?;
        let db = open().map_err(|found| found.during("after three more commits"))?;
        same("version after three more commits", &version_of(db.last_lsn()), &version)?;
        check_state(&db, &state).map_err(|found| found.during("after three more commits"))?;
        Ok(number)
    }

    fn recovered_state(&self, db: &Database, promised: usize) -> Checked<(usize, State)> {
        let model = self.runner.model();
        let version = version_of(db.last_lsn());
        let number = model.index_of(version).ok_or_else(|| {
            Divergence::new(format!("recovered version {version:x?}, which was never committed"))
        })?;
        if number < promised {
            let text = format!("recovered commit {number}, though commit {promised} was acknowledged");
            return Err(Divergence::new(text));
        }
        let state = model.versions()[number].1.clone();
        check_state(db, &state).map_err(|found| found.during(format_args!("recovered commit {number}")))?;
        Ok((number, state))
    }

    /// Crashes the recovery of an image everywhere.
    fn crash_recovery(
        &self,
        image: &CrashImage,
        recovered: usize,
        effort: &Effort,
        counts: &mut Counts,
    ) -> Checked {
        let fs = Arc::new(SimFs::on(&image.fs));
        let db =
            Database::open_with(io_on(fs.clone(), SEED_AFTER), DIR, self.options.clone()).map_err(failure)?;
        fs.crash_at(0);
        drop(db);
        let model = CrashModel {
            images_per_moment: effort.recovery_images_per_moment,
            seed: effort.seed,
            ..CrashModel::default()
        };
        for second in fs.crash_images(&model) {
            counts.second_images += 1;
            self.recover(&second.fs, recovered, Some(recovered), counts)
                .map_err(|found| found.during(format_args!("crash inside recovery, {second}")))?;
        }
        Ok(())
    }
}

/// Reads everything and verifies.
fn check_state(db: &Database, state: &State) -> Checked {
    let view = db.begin_read().map_err(failure)?;
    compare_entries(&*reading(view), state)?;
    let report = db.verify(&mut |_| {}).map_err(failure)?;
    same("problems that verify found", &report.problems, &Vec::new())
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
