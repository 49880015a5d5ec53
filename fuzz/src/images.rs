//! The images that a loss of power may leave of a run: each is recovered and checked.
//!
//! Of an image recovered (the numbers are those of docs/testing.md):
//! - I1, I3: it holds exactly the first commits, and among them all that were acknowledged before the crash;
//! - I2: the last of them is there as a whole, since the whole state equals the one that is known of it;
//! - I4: nothing panics;
//! - I5: it can be written to and closed, and holds what was written when opened again; recovering twice gives the same;
//! - I6, I7: nothing wrong is read, and verification finds nothing.

use std::sync::Arc;

use duramen_engine::io::MemFs;
use duramen_engine::io::sim::{CrashImage, CrashModel, SimFs};
use duramen_engine::{Database, Options};

use crate::compare::{Checked, Divergence, same};
use crate::duramen::{DIR, failure, io_on, version_of};
use crate::panics::without_panic;

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

/// The identities of a database before the crash and after it come from different seeds.
pub(crate) const SEED: u64 = 1;
const SEED_AFTER: u64 = 2;

/// A run whose commits are known. Its file system is marked with the number of the last one that was acknowledged.
pub(crate) trait Recoverable {
    /// All that a commit led to.
    type State;

    /// What it runs on.
    fn fs(&self) -> &SimFs;

    /// How the database is opened.
    fn options(&self) -> &Options;

    /// The number of the commit that a database holds as its last, and what that commit led to.
    ///
    /// # Errors
    /// If there was no such commit.
    fn recovered(&self, db: &Database) -> Checked<(usize, Self::State)>;

    /// Compares a database with what it must hold, and looks whether it agrees with itself.
    ///
    /// # Errors
    /// The first difference.
    fn check(&self, db: &Database, state: &Self::State) -> Checked;

    /// Makes some more commits, with a checkpoint among them; the state after them.
    ///
    /// # Errors
    /// If they do not work.
    fn go_on(&self, db: &Database, state: Self::State) -> Checked<Self::State>;
}

/// Recovers and checks the images of what was done since the trace of the file system was started.
///
/// # Errors
/// What is wrong with the first image that is.
pub(crate) fn check_images<R: Recoverable>(run: &R, effort: &Effort, counts: &mut Counts) -> Checked {
    let model = CrashModel {
        images_per_moment: effort.images_per_moment,
        seed: effort.seed,
        ..CrashModel::default()
    };
    for image in run.fs().crash_images(&model) {
        without_panic(|| check_image(run, &image, effort, counts)).map_err(|found| found.during(&image))?;
    }
    Ok(())
}

fn check_image<R: Recoverable>(run: &R, image: &CrashImage, effort: &Effort, counts: &mut Counts) -> Checked {
    counts.images += 1;
    let promised = usize::try_from(image.mark).expect("the number of a version in memory");
    let again = effort.recovery_crashed_in > 0 && image.number.is_multiple_of(effort.recovery_crashed_in);
    let recovered = recover(run, &image.fs, promised, None, counts)?;
    if again {
        crash_recovery(run, image, recovered, effort, counts)?;
    }
    Ok(())
}

/// Recovers an image, compares it with what it must hold, goes on with it and opens it once more. The number of the
/// commit that it held.
fn recover<R: Recoverable>(
    run: &R,
    image: &MemFs,
    promised: usize,
    exactly: Option<usize>,
    counts: &mut Counts,
) -> Checked<usize> {
    let io = io_on(Arc::new(image.clone()), SEED_AFTER);
    let open = || {
        Database::open_with(io.clone(), DIR, run.options().clone())
            .map_err(|error| Divergence::from(failure(error)).during("open"))
    };
    let db = open()?;
    let (number, state) = run.recovered(&db)?;
    if number < promised {
        let text = format!("recovered commit {number}, though commit {promised} was acknowledged");
        return Err(Divergence::new(text));
    }
    run.check(&db, &state).map_err(|found| found.during(format_args!("recovered commit {number}")))?;
    if let Some(exactly) = exactly {
        same("version recovered after a crash inside recovery", &number, &exactly)?;
    }
    let report = db.recovery_report();
    counts.empty += u64::from(report.created);
    counts.torn += u64::from(report.torn_tail.is_some());
    counts.unacknowledged += u64::from(number > promised);
    let state = run.go_on(&db, state)?;
    let version = version_of(db.last_lsn());
    db.close().map_err(failure)?;
    let db = open().map_err(|found| found.during("after more commits"))?;
    same("version after more commits", &version_of(db.last_lsn()), &version)?;
    run.check(&db, &state).map_err(|found| found.during("after more commits"))?;
    Ok(number)
}

/// Crashes the recovery of an image everywhere.
fn crash_recovery<R: Recoverable>(
    run: &R,
    image: &CrashImage,
    recovered: usize,
    effort: &Effort,
    counts: &mut Counts,
) -> Checked {
    let fs = Arc::new(SimFs::on(&image.fs));
    let db =
        Database::open_with(io_on(fs.clone(), SEED_AFTER), DIR, run.options().clone()).map_err(failure)?;
    fs.crash_at(0);
    drop(db);
    let model = CrashModel {
        images_per_moment: effort.recovery_images_per_moment,
        seed: effort.seed,
        ..CrashModel::default()
    };
    for second in fs.crash_images(&model) {
        counts.second_images += 1;
        recover(run, &second.fs, recovered, Some(recovered), counts)
            .map_err(|found| found.during(format_args!("crash inside recovery, {second}")))?;
    }
    Ok(())
}

/// Verifies the whole database.
pub(crate) fn verified(db: &Database) -> Checked {
    let report = db.verify(&mut |_| {}).map_err(failure)?;
    same("problems that verify found", &report.problems, &Vec::new())
}
