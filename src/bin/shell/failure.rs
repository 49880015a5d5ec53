//! [`Failure`]: what is told when something cannot be done: what happened, the way out, and the exit code.

use std::fmt;
use std::io;
use std::path::Path;

use duramen::engine;

/// What scripts see of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// No such key, or refused.
    Refused = 1,
    /// Wrong arguments or input.
    Wrong = 2,
    /// No database, or one this build cannot read.
    NoDatabase = 3,
    /// In use.
    InUse = 4,
    /// The disk failed or is full.
    Disk = 5,
    /// Damaged.
    Damaged = 6,
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// The place in the text that caused it, and a mark below.
    pub(crate) excerpt: Option<String>,
    /// What to do about it, one line each.
    pub(crate) way_out: Vec<String>,
}

/// How a command can end before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It could not be done.
    Failed(Failure),
    /// Nobody reads the output any more; there is nobody to tell.
    NobodyReads,
}

pub(crate) type Outcome<T = ()> = Result<T, Stop>;

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), excerpt: None, way_out: Vec::new() }
    }

    /// Adds a line about what to do.
    pub(crate) fn help(mut self, line: impl Into<String>) -> Failure {
        self.way_out.push(line.into());
        self
    }

    /// What the engine reports about the database at `db`.
    pub(crate) fn of_engine(db: &Path, error: &engine::Error) -> Failure {
        use engine::Error as E;
        let shown = quoted(db);
        let at = |text: String| {
            if text.contains(&*db.to_string_lossy()) { text } else { format!("{}: {text}", db.display()) }
        };
        let failure = |code| Failure::new(code, at(error.to_string()));
        match error {
            E::NotFound(_) => failure(Code::NoDatabase)
                .help(format!("make one: duramen {shown} \"CREATE TABLE …\", or duramen kv {shown} put KEY JSON")),
            E::AlreadyExists(_) => failure(Code::Refused).help("name a directory that is not there yet, or is empty"),
            E::NotADatabase { .. } => failure(Code::NoDatabase).help("name the directory of a database, or one that is not there yet"),
            E::UnsupportedVersion { .. } => failure(Code::NoDatabase).help("use the version of duramen that wrote it; CHANGELOG.md lists the formats"),
            E::Locked(_) => failure(Code::InUse).help("end the other process, or wait for it; one process at a time has a database open for writing"),
            E::Busy { .. } => failure(Code::InUse).help("run the command again when the other transaction is done"),
            E::Full { .. } => failure(Code::Disk).help("make room on that disk, then run the command again; everything committed before is kept"),
            E::Io { source, .. } => about_io(failure(Code::Disk), source),
            E::Poisoned { .. } => failure(Code::Disk)
                .help("run the command again: opening the database recovers all that is on disk")
                .help("if it happens again, the disk may be failing: look at the system's log"),
            E::Corrupt(_) => failure(Code::Damaged)
                .help("nothing was changed; restore the directory from a copy")
                .help(format!("list all damage: duramen verify {shown}")),
            E::PendingRestore { source, .. } => about_pending_restore(&shown, Failure::of_engine(db, source)),
            E::HistoryUnavailable { .. } => failure(Code::Refused)
                .help(format!("see what can be reached: duramen history {shown}")),
            E::TooManyPins { .. } => failure(Code::Refused)
                .help(format!("list them: duramen pin {shown}"))
                .help(format!("let one go: duramen pin {shown} NAME --remove")),
            _ => failure(Code::Refused),
        }
    }

    /// What any layer of the library reports about the database at `db`.
    pub(crate) fn of_library(db: &Path, error: &duramen::Error) -> Failure {
        match error {
            duramen::Error::Engine(error) => Failure::of_engine(db, error),
            other => Failure::new(Code::Refused, other.to_string()),
        }
    }

    /// What the system reports about another file.
    pub(crate) fn of_file(action: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::new(Code::Wrong, format!("{}: cannot {action}: {error}", path.display()))
    }
}

/// The ways out of a restore that was put off and cannot be carried out, besides those of what is in the way.
fn about_pending_restore(shown: &str, cause: Failure) -> Failure {
    let message =
        format!("the restore that was put off to this session cannot be carried out: {}", cause.message);
    Failure { message, ..cause }
        .help("nothing was changed; commands that only read work, and show what there was before")
        .help(format!("take the restore back: duramen restore {shown} --cancel"))
}

/// The ways out that differ by what the system says.
fn about_io(failure: Failure, source: &io::Error) -> Failure {
    match source.kind() {
        io::ErrorKind::PermissionDenied => failure
            .help("get the right to read and write the directory and its files, or name another directory"),
        io::ErrorKind::ReadOnlyFilesystem => failure
            .help("the disk is mounted read-only: reading commands work, writing ones need another place"),
        io::ErrorKind::NotADirectory => {
            failure.help("a database is a directory; name one whose parents are directories")
        }
        _ => failure.help("see that the disk is there and sound, then run the command again"),
    }
}

/// A path as one would type it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for line in self.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            write!(f, "\n  {line}")?;
        }
        self.way_out.iter().try_for_each(|line| write!(f, "\n  help: {line}"))
    }
}
