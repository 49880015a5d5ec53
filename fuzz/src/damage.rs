//! Damage sweeps: every small file of a database is damaged in every place, and what lies on a medium that lost a write.
//!
//! Whatever is on disk:
//! 1. nothing is read that was not written: a read gives what the model holds, or an error that names the place;
//! 2. damage in what is in use is found by opening, by reading and by verification;
//! 3. what is not found does no harm: the database holds everything, and can be written to;
//! 4. nothing panics.
//!
//! The end of the log is where damage and an unfinished write look alike: a database may there come back with the newest
//! commits missing, never with others, and only where nothing else on disk says that they were durable.

use std::fmt;
use std::path::{Path, PathBuf};

use duramen_engine::io::sim::{Action, Fault, OpKind, SimFs, SyncFailure};
use duramen_engine::io::{Fs, MemFs, read_file};
use duramen_engine::{Options, Retention};

use crate::compare::{Checked, Divergence, compare_entries};
use crate::crash::go_on;
use crate::duramen::{DIR, Duramen, tiny_options};
use crate::engine::{Engine, FailureKind, Stop};
use crate::histories::{Base, Step};
use crate::model::Model;
use crate::ops::Op;
use crate::panics::without_panic;
use crate::random::Random;
use crate::runner::{Promises, Runner};

/// What became of a damaged database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not opened.
    Refused,
    /// It was opened, and damage was found by reading or verifying.
    Detected,
    /// Nothing was found, and nothing is missing.
    Unharmed,
    /// Nothing was found, and the newest commits are missing.
    SteppedBack,
}

/// How often each happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not opened.
    pub refused: u64,
    /// Found by reading or verifying.
    pub detected: u64,
    /// Without effect.
    pub unharmed: u64,
    /// Taken for an unfinished write at the end of the log.
    pub stepped_back: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.refused + self.detected + self.unharmed + self.stepped_back
    }

    fn note(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Refused => &mut self.refused,
            Verdict::Detected => &mut self.detected,
            Verdict::Unharmed => &mut self.unharmed,
            Verdict::SteppedBack => &mut self.stepped_back,
        } += 1;
    }

    /// Adds others.
    pub fn add(&mut self, other: &Counts) {
        self.refused += other.refused;
        self.detected += other.detected;
        self.unharmed += other.unharmed;
        self.stepped_back += other.stepped_back;
    }
}

/// One way to damage a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Some bits of a byte.
    Flip {
        /// The file.
        file: String,
        /// The byte.
        offset: u64,
        /// The bits.
        mask: u8,
    },
    /// A range becomes zeros.
    Zero {
        /// The file.
        file: String,
        /// Where.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// A range becomes random bytes.
    Noise {
        /// The file.
        file: String,
        /// Where.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// The file is cut.
    Cut {
        /// The file.
        file: String,
        /// Its length then.
        len: u64,
    },
    /// Bytes come behind the end.
    Extend {
        /// The file.
        file: String,
        /// How many.
        bytes: u64,
    },
    /// The file is gone.
    Remove {
        /// The file.
        file: String,
    },
    /// Two files change places.
    Swap {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// One file is in the place of another too.
    Copy {
        /// What is copied.
        from: String,
        /// What it replaces.
        to: String,
    },
    /// The file is as it was earlier.
    Stale {
        /// The file.
        file: String,
    },
    /// The file is that of another database.
    Foreign {
        /// The file.
        file: String,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Flip { file, offset, mask } => write!(f, "flip:{file}:{offset}:{mask}"),
            Damage::Zero { file, offset, bytes } => write!(f, "zero:{file}:{offset}:{bytes}"),
            Damage::Noise { file, offset, bytes } => write!(f, "noise:{file}:{offset}:{bytes}"),
            Damage::Cut { file, len } => write!(f, "cut:{file}:{len}"),
            Damage::Extend { file, bytes } => write!(f, "extend:{file}:{bytes}"),
            Damage::Remove { file } => write!(f, "remove:{file}"),
            Damage::Swap { one, other } => write!(f, "swap:{one}:{other}"),
            Damage::Copy { from, to } => write!(f, "copy:{from}:{to}"),
            Damage::Stale { file } => write!(f, "stale:{file}"),
            Damage::Foreign { file } => write!(f, "foreign:{file}"),
        }
    }
}

/// A database to be damaged.
#[derive(Debug)]
pub struct Victim {
    name: &'static str,
    options: Options,
    closed: bool,
    model: Model,
    /// What is on disk now, what was some commits ago, and what another database has there.
    now: MemFs,
    earlier: MemFs,
    foreign: MemFs,
}

const SEED: u64 = 5;

fn path_of(file: &str) -> PathBuf {
    Path::new(DIR).join(file)
}

impl Victim {
    /// Databases closed and killed, with and without history.
    ///
    /// # Errors
    /// Where one cannot be made.
    pub fn all() -> Checked<Vec<Victim>> {
        let history = Options { retention: Retention::All, root_spacing_bytes: 1, ..tiny_options() };
        Ok(vec![
            Victim::make("closed", tiny_options(), Stop::Close)?,
            Victim::make("killed", tiny_options(), Stop::Kill)?,
            Victim::make("closed, with history", history.clone(), Stop::Close)?,
            Victim::make("killed, with history", history, Stop::Kill)?,
        ])
    }

    fn make(name: &'static str, options: Options, stop: Stop) -> Checked<Victim> {
        let promises = Promises { all_history: options.retention == Retention::All };
        let begin = |seed| {
            Duramen::open(SimFs::new(), options.clone(), seed).map(|engine| Runner::new(engine, promises))
        };
        let (mut runner, mut other) = (begin(SEED)?, begin(SEED + 1)?);
        let ops = |steps: &[Step]| -> Vec<Op> {
            steps.iter().enumerate().flat_map(|(place, step)| step.ops(place)).collect()
        };
        let first =
            [Step::Put, Step::PutBig, Step::Savepoint, Step::CreateTree, Step::Spill, Step::Checkpoint];
        let then = [
            Step::Delete,
            Step::Reset,
            Step::Put,
            Step::Checkpoint,
            Step::Overwrite,
            Step::PutBig,
            Step::Put,
        ];
        for op in Base::Grown.ops().iter().chain(&ops(&first)) {
            runner.apply(op)?;
            other.apply(op)?;
        }
        let earlier = runner.engine().fs().cached();
        for op in ops(&then) {
            runner.apply(&op)?;
            other.apply(&op)?;
        }
        let stopped = |runner: &mut Runner<Duramen>| -> Checked<MemFs> {
            let engine = runner.engine_mut();
            match stop {
                Stop::Close => engine.close()?,
                Stop::Kill | Stop::PowerLoss { .. } => engine.kill(),
            }
            Ok(engine.fs().cached())
        };
        let (now, foreign) = (stopped(&mut runner)?, stopped(&mut other)?);
        let closed = stop == Stop::Close;
        Ok(Victim { name, options, closed, model: runner.model().clone(), now, earlier, foreign })
    }

    /// What it is.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Everything that is done to it: a flip of every byte, and the rest at steps through each file.
    ///
    /// # Errors
    /// What its file system answers.
    pub fn damages(&self) -> std::io::Result<Vec<Damage>> {
        let names = self.now.list(Path::new(DIR))?;
        let names: Vec<String> = names.into_iter().filter(|name| name != "lock").collect();
        let mut random = Random::new(SEED);
        let mut all = Vec::new();
        for name in &names {
            let file = || name.clone();
            let len = read_file(&self.now, &path_of(name))?.len() as u64;
            for offset in 0..len {
                let mask = 1 << random.below(8);
                all.push(Damage::Flip { file: file(), offset, mask });
            }
            for bytes in [2, 8, 64, 512, 4096] {
                for offset in (0..len).step_by(usize::try_from(bytes).unwrap_or(1).max(8)) {
                    all.push(Damage::Zero { file: file(), offset, bytes });
                    all.push(Damage::Noise { file: file(), offset, bytes });
                }
            }
            let edges = (0..len.min(80)).chain(len.saturating_sub(80)..len);
            for len in edges.chain((0..len).step_by(32)) {
                all.push(Damage::Cut { file: file(), len });
            }
            for bytes in [1, 64, 5000] {
                all.push(Damage::Extend { file: file(), bytes });
            }
            all.push(Damage::Remove { file: file() });
            all.push(Damage::Stale { file: file() });
            all.push(Damage::Foreign { file: file() });
            for other in names.iter().filter(|other| *other != name) {
                if name < other {
                    all.push(Damage::Swap { one: file(), other: other.clone() });
                }
                all.push(Damage::Copy { from: file(), to: other.clone() });
            }
        }
        Ok(all)
    }

    /// Damages it and sees what becomes of it.
    ///
    /// # Errors
    /// What must not happen.
    pub fn damage(&self, damage: &Damage, counts: &mut Counts) -> Checked {
        let disk = self.now.clone();
        self.apply(&disk, damage).map_err(|error| Divergence::new(format!("cannot damage: {error}")))?;
        let verdict = without_panic(|| judge(&disk, &self.model, &self.options))?;
        if verdict == Verdict::SteppedBack && !self.may_step_back(damage) {
            return Err(Divergence::new("acknowledged commits are missing, and nothing says so"));
        }
        counts.note(verdict);
        Ok(())
    }

    /// Whether a damage can look like an unfinished write: it is in the newest log file, or puts an older one there. Where
    /// the database was closed, the closing record says that what is before it was durable, so that it takes more than a
    /// flipped byte.
    fn may_step_back(&self, damage: &Damage) -> bool {
        if self.closed && matches!(damage, Damage::Flip { .. }) {
            return false;
        }
        let names = self.now.list(Path::new(DIR)).unwrap_or_default();
        let newest = names.iter().filter(|name| name.ends_with(".wal")).max();
        let touched = match damage {
            Damage::Flip { file, .. }
            | Damage::Zero { file, .. }
            | Damage::Noise { file, .. }
            | Damage::Cut { file, .. }
            | Damage::Extend { file, .. }
            | Damage::Remove { file }
            | Damage::Stale { file }
            | Damage::Foreign { file } => [Some(file), None],
            Damage::Swap { one, other } => [Some(one), Some(other)],
            Damage::Copy { to, .. } => [Some(to), None],
        };
        touched.into_iter().flatten().any(|file| Some(file) == newest)
    }

    fn apply(&self, disk: &MemFs, damage: &Damage) -> std::io::Result<()> {
        let of_other = |fs: &MemFs, file: &str| match read_file(fs, &path_of(file)) {
            Ok(bytes) => disk.replace(&path_of(file), &bytes),
            Err(_) => disk.remove(&path_of(file)),
        };
        match damage {
            Damage::Flip { file, offset, mask } => disk.flip_bits(&path_of(file), *offset, *mask),
            Damage::Zero { file, offset, bytes } => disk.zero_fill(&path_of(file), *offset..offset + bytes),
            Damage::Noise { file, offset, bytes } => {
                let mut content = read_file(disk, &path_of(file))?;
                let start = usize::try_from(*offset).unwrap_or(usize::MAX).min(content.len());
                let end =
                    start.saturating_add(usize::try_from(*bytes).unwrap_or(usize::MAX)).min(content.len());
                content[start..end].copy_from_slice(&Random::new(*offset).bytes(end - start));
                disk.replace(&path_of(file), &content)
            }
            Damage::Cut { file, len } => disk.truncate(&path_of(file), *len),
            Damage::Extend { file, bytes } => {
                let mut content = read_file(disk, &path_of(file))?;
                content.extend(Random::new(*bytes).bytes(usize::try_from(*bytes).unwrap_or(0)));
                disk.replace(&path_of(file), &content)
            }
            Damage::Remove { file } => disk.remove(&path_of(file)),
            Damage::Swap { one, other } => disk.swap_files(&path_of(one), &path_of(other)),
            Damage::Copy { from, to } => {
                let content = read_file(disk, &path_of(from))?;
                disk.replace(&path_of(to), &content)
            }
            Damage::Stale { file } => of_other(&self.earlier, file),
            Damage::Foreign { file } => of_other(&self.foreign, file),
        }
    }
}

/// Opens what is on a medium, reads everything, verifies, and goes on where nothing is wrong.
///
/// # Errors
/// Wrong data, or another error than one about damage.
pub fn judge(disk: &MemFs, model: &Model, options: &Options) -> Checked<Verdict> {
    let mut engine = Duramen::closed(SimFs::on(disk), options.clone(), SEED + 2);
    if let Err(failure) = engine.start() {
        return match failure.kind {
            FailureKind::Corrupt => Ok(Verdict::Refused),
            _ => Err(Divergence::from(failure).during("open")),
        };
    }
    let version = engine.version();
    let Some(at) = model.index_of(version) else {
        return Err(Divergence::new(format!("opened at version {version:x?}, which was never committed")));
    };
    let state = &model.versions()[at].1;
    let read = compare_entries(&*engine.working()?, state);
    if let Err(found) = &read
        && found.failure != Some(FailureKind::Corrupt)
    {
        return Err(found.clone().during(format_args!("at version {version:x?}")));
    }
    let problems = engine.verify()?;
    for (past, state) in model.versions() {
        match engine.read_at(*past).map_err(Divergence::from).and_then(|view| compare_entries(&*view, state))
        {
            Err(found) if !matches!(found.failure, Some(FailureKind::Corrupt | FailureKind::Unavailable)) => {
                return Err(found.during(format_args!("as of {past:x?}")));
            }
            Err(found) if found.failure == Some(FailureKind::Corrupt) && problems.is_empty() => {
                return Err(found.during(format_args!("verify found nothing, but as of {past:x?}")));
            }
            _ => {}
        }
    }
    match (read, problems.is_empty()) {
        (Err(found), true) => Err(found.during("verify found nothing, but reading did")),
        (_, false) => Ok(Verdict::Detected),
        (Ok(()), true) => {
            let db = engine.database().expect("it was opened");
            let state = go_on(db, state.clone()).map_err(|found| found.during("three more commits"))?;
            engine.reopen(Stop::Close)?;
            compare_entries(&*engine.working()?, &state)
                .map_err(|found| found.during("after three more commits"))?;
            Ok(if at + 1 == model.versions().len() { Verdict::Unharmed } else { Verdict::SteppedBack })
        }
    }
}

/// What a medium does that says it has done what it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A write never arrives.
    LoseWrite,
    /// A sync that failed is reported by the next one.
    ReportLate,
}

/// Runs a workload on a medium that lies at one call, cuts the power, and sees what becomes of it. `None` where there is
/// no such call any more.
///
/// # Errors
/// What must not happen.
pub fn lie(ops: &[Op], call: u64, lie: Lie, counts: &mut Counts) -> Checked<Option<u64>> {
    let fault = match lie {
        Lie::LoseWrite => Fault::once(call, Action::LoseWrite).on(&[OpKind::Write]),
        Lie::ReportLate => Fault::once(call, Action::FailSync(SyncFailure::ReportedLate)).on(&[OpKind::Sync]),
    };
    let options = tiny_options();
    let fs = SimFs::new();
    fs.inject(fault);
    let engine = Duramen::open(fs, options.clone(), SEED)?;
    let mut runner = Runner::new(engine, Promises { all_history: false });
    for op in ops {
        if let Some(kind) = runner.attempt(op)? {
            if lie == Lie::ReportLate && kind == FailureKind::MustReopen {
                break;
            }
            return Err(Divergence::new(format!("{op:?} failed: {kind:?}")));
        }
    }
    if runner.engine().fs().faults_hit() == 0 {
        return Ok(None);
    }
    let calls = runner.engine().fs().trace();
    let met =
        calls.iter().enumerate().skip(usize::try_from(call).unwrap_or(usize::MAX)).find(
            |(_, met)| match lie {
                Lie::LoseWrite => met.kind == OpKind::Write,
                Lie::ReportLate => met.kind == OpKind::Sync,
            },
        );
    let disk = runner.engine().fs().durable();
    runner.engine_mut().kill();
    let verdict = without_panic(|| judge(&disk, runner.model(), &options))?;
    counts.note(verdict);
    Ok(met.map(|(number, _)| number as u64))
}
