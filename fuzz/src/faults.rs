//! Faults: what goes wrong in a sweep with one call into the file system, how often, and what happens to the machine then.

use std::fmt;
use std::io::ErrorKind;

use duramen_engine::io::sim::{Action, Fault, Op as Call, OpKind, SyncFailure};

use crate::duramen::Duramen;

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

impl After {
    /// Forgets what is in memory, and what the machine forgets besides.
    pub fn stop(self, engine: &mut Duramen) {
        engine.kill();
        match self {
            After::Restart => {}
            After::DropCaches => engine.fs().drop_caches(),
            After::PowerLoss => engine.lose_power(1),
        }
    }
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

/// Whether a fault can happen to a call.
#[must_use]
pub fn is_possible(call: &Call, fault: FaultKind) -> bool {
    match fault {
        FaultKind::Fails(_) => true,
        FaultKind::Short(0) => call.kind == OpKind::Write,
        FaultKind::Short(_) | FaultKind::Interrupted(_) => matches!(call.kind, OpKind::Read | OpKind::Write),
        FaultKind::SyncFails(_) => call.kind == OpKind::Sync,
    }
}

/// The fault of a case, as the file system takes it.
#[must_use]
pub fn script(case: Case) -> Fault {
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
