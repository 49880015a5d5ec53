//! Error sweeps: a workload is run once per call into the file system and fault, with that call failing.
//!
//! Whatever fails, and whether it fails once or from there on:
//! 1. nothing is answered that is not so, and nothing panics;
//! 2. a call that fails has changed nothing, except that a commit may or may not be there after the database said that it
//!    must be opened again;
//! 3. what was durable stays durable, also if the power is cut after the failure;
//! 4. with the fault gone the database works: at once, or after it was opened again where it said so.

use duramen_engine::Retention;
use duramen_engine::io::MemFs;
use duramen_engine::io::sim::{Op as Call, SimFs};

use crate::compare::{Checked, Divergence, compare, same};
use crate::duramen::{Duramen, tiny_options};
use crate::engine::{Engine, FailureKind, Stop, Version};
use crate::faults::{AFTER, After, Case, Counts, FaultKind, is_possible, script};
use crate::histories::{Base, STEPS, Step};
use crate::model::Model;
use crate::ops::{Durable, Key, Op, Restart, Value};
use crate::panics::without_panic;
use crate::runner::{Promises, Runner};
use crate::sql_sweep::Script;

/// What is run again and again, and the calls into the file system that it makes.
#[derive(Debug)]
pub struct Workload {
    name: String,
    work: Work,
    calls: Vec<Call>,
}

/// What a workload does.
#[derive(Debug)]
enum Work {
    Operations(Operations),
    Sql(Script),
}

/// A file system as something left it, what it holds, and what is done then.
#[derive(Debug)]
struct Operations {
    image: MemFs,
    model: Model,
    durable: Version,
    ops: Vec<Op>,
}

/// How many histories of SQL are swept, and the statements of each after its definitions.
const SQL_HISTORIES: u64 = 4;
const SQL_STATEMENTS: usize = 60;

const SEED: u64 = 3;

fn promises() -> Promises {
    Promises { all_history: tiny_options().retention == Retention::All }
}

impl Workload {
    /// All workloads: a mixture of everything on a new database, on one that was closed, and on ones that were not; and
    /// histories of SQL.
    ///
    /// # Errors
    /// Where one does not work without any fault.
    pub fn all() -> Checked<Vec<Workload>> {
        let everything: Vec<Op> = STEPS
            .iter()
            .filter(|(step, _)| *step != Step::Kill)
            .enumerate()
            .flat_map(|(place, (step, _))| step.ops(place))
            .collect();
        let few = [Step::PutUnsynced, Step::Put, Step::Checkpoint, Step::Overwrite, Step::Close, Step::Put];
        let few: Vec<Op> = few.iter().enumerate().flat_map(|(place, step)| step.ops(place)).collect();
        let many: Vec<Op> = (0..40u8)
            .flat_map(|round| {
                let value = Value { class: 4, fill: round };
                [
                    Op::PutMany { tree: 0, first: round * 5, count: 9, step: 3, value },
                    Op::Commit { durable: [Durable::None, Durable::Deferred][usize::from(round % 2)] },
                ]
            })
            .collect();
        let history = [
            Op::Reset { back: 2 },
            Op::ReadAt { back: 1 },
            Op::Compact,
            Op::Reset { back: 1 },
            Op::Checkpoint,
        ];
        let mut workloads = vec![
            Workload::prepare("everything, from nothing", Base::Empty, &[], Stop::Close, everything.clone())?,
            Workload::prepare("everything, after a close", Base::Grown, &[], Stop::Close, everything)?,
            Workload::prepare("few, from nothing", Base::Empty, &[], Stop::Close, few.clone())?,
            Workload::prepare("few, after a kill", Base::Grown, &few, Stop::Kill, few.clone())?,
            Workload::prepare(
                "few, after a loss of power",
                Base::Grown,
                &few,
                Stop::PowerLoss { seed: 4 },
                few.clone(),
            )?,
            Workload::prepare("many small commits", Base::Small, &[], Stop::Kill, many)?,
            Workload::prepare("history", Base::Grown, &Step::Spill.ops(1), Stop::Kill, history.to_vec())?,
        ];
        for seed in 0..SQL_HISTORIES {
            let (script, calls) = Script::prepare(seed, SQL_STATEMENTS)?;
            workloads.push(Workload { name: format!("SQL, seed {seed}"), work: Work::Sql(script), calls });
        }
        Ok(workloads)
    }

    fn prepare(name: &'static str, base: Base, before: &[Op], stop: Stop, ops: Vec<Op>) -> Checked<Workload> {
        let mut runner = Runner::new(Duramen::open(SimFs::new(), tiny_options(), SEED)?, promises());
        for op in base.ops().iter().chain(before) {
            runner.apply(op)?;
        }
        let durable = runner.engine().durable_version();
        let model = runner.model().clone();
        let engine = runner.engine_mut();
        match stop {
            Stop::Close => engine.reopen(Stop::Close)?,
            Stop::Kill => engine.kill(),
            Stop::PowerLoss { seed } => {
                engine.reopen(Stop::PowerLoss { seed })?;
            }
        }
        let image = match stop {
            // Opening it again wrote nothing yet, or what a second recovery finds.
            Stop::Close | Stop::PowerLoss { .. } => {
                engine.kill();
                engine.fs().cached()
            }
            Stop::Kill => engine.fs().cached(),
        };
        let engine = Duramen::open(SimFs::on(&image), tiny_options(), SEED + 1)?;
        let mut runner = Runner::resume(engine, model, promises(), durable)?;
        let model = runner.model().clone();
        for op in &ops {
            runner.step(op).map_err(|found| found.during(format_args!("{name}, without a fault, {op:?}")))?;
        }
        let calls = runner.engine().fs().trace();
        let work = Work::Operations(Operations { image, model, durable, ops });
        Ok(Workload { name: name.into(), work, calls })
    }

    /// What it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many calls into the file system it makes.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.len() as u64
    }

    /// Whether a fault can happen to a call.
    #[must_use]
    pub fn is_possible(&self, call: u64, fault: FaultKind) -> bool {
        let call = usize::try_from(call).ok().and_then(|call| self.calls.get(call));
        call.is_some_and(|call| is_possible(call, fault))
    }

    /// Runs it with one fault.
    ///
    /// # Errors
    /// What is wrong.
    pub fn run(&self, case: Case, counts: &mut Counts) -> Checked {
        counts.runs += 1;
        without_panic(|| match &self.work {
            Work::Operations(work) => Sweeping::begin(work, case, counts)?.run(counts),
            Work::Sql(script) => script.run(case, counts),
        })
    }
}

/// One run under way.
struct Sweeping<'w> {
    work: &'w Operations,
    runner: Runner<Duramen>,
    after: After,
    /// What was known durable.
    durable: Version,
}

impl<'w> Sweeping<'w> {
    fn begin(work: &'w Operations, case: Case, counts: &mut Counts) -> Checked<Sweeping<'w>> {
        let fs = SimFs::on(&work.image);
        fs.inject(script(case));
        let mut engine = Duramen::closed(fs, tiny_options(), SEED + 1);
        if let Err(failure) = engine.start() {
            counts.open_failed += 1;
            if !matches!(failure.kind, FailureKind::Full | FailureKind::Disk | FailureKind::MustReopen) {
                return Err(Divergence::from(failure).during("open"));
            }
            AFTER[case.after].stop(&mut engine);
            engine.reopen(Stop::Kill).map_err(|failure| Divergence::from(failure).during("second open"))?;
        }
        let runner = Runner::resume(engine, work.model.clone(), promises(), work.durable)?;
        Ok(Sweeping { work, runner, after: AFTER[case.after], durable: work.durable })
    }

    fn run(mut self, counts: &mut Counts) -> Checked {
        let mut noticed = false;
        for op in &self.work.ops {
            self.durable = self.durable.max(self.runner.engine().durable_version());
            let failed = self.runner.attempt(op).map_err(|found| found.during(format_args!("{op:?}")))?;
            noticed |= failed.is_some();
            let closed = matches!(op, Op::Reopen { .. }) && failed.is_some();
            if closed || failed == Some(FailureKind::MustReopen) {
                counts.reopened += 1;
                self.open_again().map_err(|found| found.during(format_args!("opened again after {op:?}")))?;
            }
            self.compare().map_err(|found| found.during(format_args!("after {op:?}, {failed:?}")))?;
        }
        let fs = self.runner.engine().fs();
        counts.hit += u64::from(fs.faults_hit() > 0);
        counts.failed += u64::from(noticed);
        counts.unnoticed += u64::from(!noticed);
        fs.clear_faults();
        self.finish().map_err(|found| found.during("at the end"))
    }

    /// What can be read is right; a disk that fails may keep it from being read.
    fn compare(&self) -> Checked {
        let engine = self.runner.engine();
        let compared = match engine.working() {
            Ok(view) => compare(&*view, self.runner.model().working(), 1),
            Err(failure) => Err(failure.into()),
        };
        match compared {
            Err(found) if matches!(found.failure, Some(FailureKind::Disk | FailureKind::MustReopen)) => {
                Ok(())
            }
            compared => compared,
        }
    }

    fn open_again(&mut self) -> Checked {
        let durable = self.durable.max(self.runner.engine().durable_version());
        let engine = self.runner.engine_mut();
        self.after.stop(engine);
        engine.reopen(Stop::Kill)?;
        self.runner.accept_recovered(durable)?;
        self.durable = durable;
        compare(&*self.runner.engine().working()?, self.runner.model().working(), 1)
    }

    /// With the fault gone everything works.
    fn finish(mut self) -> Checked {
        let must_reopen = |found: &Divergence| found.failure == Some(FailureKind::MustReopen);
        let put = Op::Put { tree: 0, key: Key::Text(1), value: Value { class: 3, fill: 1 } };
        let commit = Op::Commit { durable: Durable::Immediate };
        self.runner.apply(&Op::Abort)?;
        match self.runner.step(&Op::Checkpoint) {
            Err(found) if must_reopen(&found) => self.open_again()?,
            other => other.map_err(|found| found.during("checkpoint"))?,
        }
        for op in [&put, &commit, &Op::Verify] {
            self.runner.step(op).map_err(|found| found.during(format_args!("{op:?}")))?;
        }
        if self.after == After::PowerLoss {
            self.runner.step(&Op::Reopen { restart: Restart::PowerLoss(1) })?;
        } else {
            self.runner.engine().fs().drop_caches();
            self.runner.step(&Op::Reopen { restart: Restart::Close })?;
        }
        self.runner.step(&Op::Verify)?;
        same("newest version", &self.runner.engine().version(), &self.runner.model().newest().0)
    }
}
