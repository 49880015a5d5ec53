//! Error sweeps: a workload is run once per call into the file system and fault, with that call failing.
//!
//! Whatever fails, and whether it fails once or from there on:
//! 1. nothing is answered that is not so, and nothing panics;
//! 2. a call that fails has changed nothing, except that a commit may or may not be there after the database said that it
//!    must be opened again;
//! 3. what was durable stays durable, also if the power is cut after the failure;
//! 4. with the fault gone the database works: at once, or after it was opened again where it said so.

use std::fmt;
use std::io::ErrorKind;

use duramen_engine::Retention;
use duramen_engine::io::MemFs;
use duramen_engine::io::sim::{Action, Fault, Op as Call, OpKind, SimFs, SyncFailure};

use crate::compare::{Checked, Divergence, compare, same};
use crate::duramen::{Duramen, tiny_options};
use crate::engine::{Engine, FailureKind, Stop, Version};
use crate::histories::{Base, STEPS, Step};
use crate::model::Model;
use crate::ops::{Durable, Key, Op, Restart, Value};
use crate::panics::without_panic;
use crate::runner::{Promises, Runner};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It answers this error.
    Fails(ErrorKind),
    /// It reads or writes so many bytes.
    Short(usize),
    /// It is interrupted so often before it works.
    Interrupted(u64),
    /// A sync fails.
    SyncFails(SyncFailure),
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    /// One call.
    Once,
    /// All calls from then on.
    Always,
}

/// What happens to the machine when the database said that it must be opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The process is started again.
    Restart,
    /// The process is started again and the system has dropped its caches meanwhile.
    DropCaches,
    /// The power is cut.
    PowerLoss,
}

/// All faults that are swept.
pub const FAULTS: [(FaultKind, Often); 12] = [
    (FaultKind::Fails(ErrorKind::Other), Often::Once),
    (FaultKind::Fails(ErrorKind::Other), Often::Always),
    (FaultKind::Fails(ErrorKind::StorageFull), Often::Once),
    (FaultKind::Fails(ErrorKind::StorageFull), Often::Always),
    (FaultKind::Fails(ErrorKind::QuotaExceeded), Often::Once),
    (FaultKind::Short(0), Often::Once),
    (FaultKind::Short(0), Often::Always),
    (FaultKind::Short(1), Often::Once),
    (FaultKind::Short(7), Often::Always),
    (FaultKind::Interrupted(100), Often::Once),
    (FaultKind::SyncFails(SyncFailure::CacheKept), Often::Once),
    (FaultKind::SyncFails(SyncFailure::CacheReverted), Often::Once),
];

/// All that may happen afterwards.
pub const AFTER: [After; 3] = [After::Restart, After::DropCaches, After::PowerLoss];

/// One run of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which workload.
    pub workload: usize,
    /// Which call into the file system.
    pub call: u64,
    /// Which of [`FAULTS`].
    pub fault: usize,
    /// Which of [`AFTER`].
    pub after: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.workload, self.call, self.fault, self.after)
    }
}

impl std::str::FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Case, String> {
        let numbers: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        let small = |n: u64| usize::try_from(n).map_err(|error| error.to_string());
        match numbers.as_deref() {
            Ok([workload, call, fault, after]) => Ok(Case {
                workload: small(*workload)?,
                call: *call,
                fault: small(*fault)?,
                after: small(*after)?,
            }),
            _ => Err("a case is four numbers with dots between them".into()),
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs of a workload.
    pub runs: u64,
    /// Runs in which the fault met the call.
    pub hit: u64,
    /// Runs in which the fault was not noticed, as it had to be.
    pub unnoticed: u64,
    /// Runs in which opening failed.
    pub open_failed: u64,
    /// Runs in which something else failed.
    pub failed: u64,
    /// Runs in which the database had to be opened again.
    pub reopened: u64,
}

impl Counts {
    /// Adds others.
    pub fn add(&mut self, other: &Counts) {
        self.runs += other.runs;
        self.hit += other.hit;
        self.unnoticed += other.unnoticed;
        self.open_failed += other.open_failed;
        self.failed += other.failed;
        self.reopened += other.reopened;
    }
}

/// A file system as something left it, what it holds, and what is done then.
#[derive(Debug)]
pub struct Workload {
    name: &'static str,
    image: MemFs,
    model: Model,
    durable: Version,
    ops: Vec<Op>,
    calls: Vec<Call>,
}

const SEED: u64 = 3;

fn promises() -> Promises {
    Promises { all_history: tiny_options().retention == Retention::All }
}

impl Workload {
    /// All workloads: a mixture of everything on a new database, on one that was closed, and on ones that were not.
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
        Ok(vec![
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
        ])
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
        let mut workload = Workload { name, image, model, durable, ops, calls: Vec::new() };
        let fs = SimFs::on(&workload.image);
        let mut runner = Runner::resume(
            Duramen::open(fs, tiny_options(), SEED + 1)?,
            workload.model.clone(),
            promises(),
            workload.durable,
        )?;
        workload.model = runner.model().clone();
        for op in &workload.ops {
            runner.step(op).map_err(|found| found.during(format_args!("{name}, without a fault, {op:?}")))?;
        }
        workload.calls = runner.engine().fs().trace();
        Ok(workload)
    }

    /// What it is.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many calls into the file system it makes.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.len() as u64
    }

    /// Whether a fault can happen to a call.
    #[must_use]
    pub fn is_possible(&self, call: u64, fault: FaultKind) -> bool {
        let Some(call) = usize::try_from(call).ok().and_then(|call| self.calls.get(call)) else {
            return false;
        };
        match fault {
            FaultKind::Fails(_) => true,
            FaultKind::Short(0) => call.kind == OpKind::Write,
            FaultKind::Short(_) | FaultKind::Interrupted(_) => {
                matches!(call.kind, OpKind::Read | OpKind::Write)
            }
            FaultKind::SyncFails(_) => call.kind == OpKind::Sync,
        }
    }

    /// Runs it with one fault.
    ///
    /// # Errors
    /// What is wrong.
    pub fn run(&self, case: Case, counts: &mut Counts) -> Checked {
        counts.runs += 1;
        without_panic(|| Sweeping::begin(self, case, counts)?.run(counts))
    }
}

fn script(case: Case) -> Fault {
    let (kind, often) = FAULTS[case.fault];
    let (action, times) = match kind {
        FaultKind::Fails(kind) => (Action::Fail(kind), 1),
        FaultKind::Short(bytes) => (Action::Short(bytes), 1),
        FaultKind::Interrupted(times) => (Action::Fail(ErrorKind::Interrupted), times),
        FaultKind::SyncFails(failure) => (Action::FailSync(failure), 1),
    };
    let fault = match often {
        Often::Once => Fault { times, ..Fault::once(case.call, action) },
        Often::Always => Fault::always(case.call, action),
    };
    match kind {
        // A full disk is found by what needs space.
        FaultKind::Fails(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            fault.on(&[OpKind::Write, OpKind::Create, OpKind::SetLen, OpKind::Sync])
        }
        FaultKind::Interrupted(_) => fault.on(&[OpKind::Read, OpKind::Write]),
        FaultKind::Short(0) => fault.on(&[OpKind::Write]),
        _ => fault,
    }
}

/// One run under way.
struct Sweeping<'w> {
    workload: &'w Workload,
    runner: Runner<Duramen>,
    after: After,
    /// What was known durable.
    durable: Version,
}

impl<'w> Sweeping<'w> {
    fn begin(workload: &'w Workload, case: Case, counts: &mut Counts) -> Checked<Sweeping<'w>> {
        let fs = SimFs::on(&workload.image);
        fs.inject(script(case));
        let mut engine = Duramen::closed(fs, tiny_options(), SEED + 1);
        if let Err(failure) = engine.start() {
            counts.open_failed += 1;
            if !matches!(failure.kind, FailureKind::Full | FailureKind::Disk | FailureKind::MustReopen) {
                return Err(Divergence::from(failure).during("open"));
            }
            stop_after_failure(&mut engine, AFTER[case.after]);
            engine.reopen(Stop::Kill).map_err(|failure| Divergence::from(failure).during("second open"))?;
        }
        let runner = Runner::resume(engine, workload.model.clone(), promises(), workload.durable)?;
        Ok(Sweeping { workload, runner, after: AFTER[case.after], durable: workload.durable })
    }

    fn run(mut self, counts: &mut Counts) -> Checked {
        let mut noticed = false;
        for op in &self.workload.ops {
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
        stop_after_failure(engine, self.after);
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

/// Forgets what is in memory, and what the machine forgets besides.
fn stop_after_failure(engine: &mut Duramen, after: After) {
    engine.kill();
    match after {
        After::Restart => {}
        After::DropCaches => engine.fs().drop_caches(),
        After::PowerLoss => engine.lose_power(1),
    }
}
