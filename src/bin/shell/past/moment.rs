//! Moments as people write them: bookmarks, and times in every form that SQL's date functions know.

use std::path::{Path, PathBuf};

use duramen::engine::PastView;
use duramen::pitr::{Bookmark, Error, Pitr};
use duramen::{Access, Database, Options, PendingRestore, Timestamp};
use duramen_sql::{Connection, Value};

use crate::failure::{Code, Failure, Outcome, quoted};
use crate::world::{self, World};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// The past of the database that a command works on.
pub(crate) struct Past {
    pub(crate) path: PathBuf,
    pub(crate) db: Database,
    pub(crate) pitr: Pitr,
    /// Whether somebody watches.
    watched: bool,
}

impl Past {
    /// Opens the database at `path`.
    pub(crate) fn open(path: &Path, access: Access, world: &World<'_>) -> Result<Past, Failure> {
        Ok(Past::of(path, world.open(path, access)?, world))
    }

    /// Opens the database at `path` for writing, and leaves a restore that was put off to this session to the next one.
    pub(crate) fn open_as_it_is(path: &Path, world: &World<'_>) -> Result<Past, Failure> {
        let options = Options { pending_restore: PendingRestore::Leave, ..world.options.clone() };
        let db = world::open(&world.io, &options, path, Access::OpenExisting)?;
        Ok(Past::of(path, db, world))
    }

    fn of(path: &Path, db: Database, world: &World<'_>) -> Past {
        Past { path: path.into(), pitr: Pitr::new(db.clone()), db, watched: world.watched }
    }

    /// The database as it was at a moment.
    pub(crate) fn open_as_of(path: &Path, moment: &str, world: &World<'_>) -> Result<Database, Failure> {
        let past = Past::open(path, Access::ReadOnly, world)?;
        past.at(&past.moment(moment)?)
    }

    /// The database as it was at a bookmark.
    pub(crate) fn at(&self, bookmark: &Bookmark) -> Result<Database, Failure> {
        let _sign = world::sign_of_work(self.watched, "reaching the moment");
        self.pitr.database_at(bookmark).map_err(|error| self.failed(&error))
    }

    /// A view of it.
    pub(crate) fn view(&self, bookmark: &Bookmark) -> Result<PastView, Failure> {
        let _sign = world::sign_of_work(self.watched, "reaching the moment");
        self.pitr.as_of(bookmark).map_err(|error| self.failed(&error))
    }

    /// Goes back to a bookmark; gives the one that undoes it.
    pub(crate) fn restore(&self, bookmark: &Bookmark) -> Result<Bookmark, Failure> {
        let _sign = world::sign_of_work(self.watched, "restoring");
        self.pitr.restore(bookmark).map_err(|error| self.failed(&error))
    }

    /// The moment that a text names.
    pub(crate) fn moment(&self, text: &str) -> Result<Bookmark, Failure> {
        match text.parse::<Bookmark>() {
            Ok(bookmark) if bookmark.is_of(self.db.id()) => Ok(bookmark),
            Ok(foreign) => Err(self.failed(&Error::ForeignBookmark(foreign))),
            Err(error) if text.len() == 59 || is_hex(text) => Err(self.failed(&error.into())),
            Err(_) => self.moment_of(time(text)?),
        }
    }

    /// The moment after all commits up to a time.
    pub(crate) fn moment_of(&self, time: Timestamp) -> Result<Bookmark, Failure> {
        Ok(self.pitr.bookmark_for_time(time).map_err(|error| self.failed(&error))?.bookmark)
    }

    /// What the library reports about the past of this database.
    pub(crate) fn failed(&self, error: &Error) -> Failure {
        match error {
            Error::Engine(error) => return Failure::of_engine(&self.path, error),
            Error::TooEarly { time, oldest } => {
                let text = format!("nothing is kept of {}; the oldest bookmark is {oldest}", shown(*time));
                Failure::new(Code::Refused, text)
            }
            Error::NotABookmark(_) => Failure::new(Code::Wrong, error.to_string()),
            other => Failure::new(Code::Refused, other.to_string()),
        }
        .help(format!("see what can be reached: duramen history {}", quoted(&self.path)))
    }

    /// What SQL reports about this database.
    pub(crate) fn sql_failed(&self, error: &duramen_sql::Error) -> Failure {
        match error {
            duramen_sql::Error::Engine(error) => Failure::of_engine(&self.path, error),
            other => Failure::new(Code::Refused, other.to_string()),
        }
    }

    /// Ends a command on the database.
    pub(crate) fn close(self, done: Outcome) -> Outcome {
        let Past { path, db, pitr, .. } = self;
        drop(pitr);
        done.and(db.close().map_err(|error| Failure::of_engine(&path, &error).into()))
    }
}

fn is_hex(text: &str) -> bool {
    text.len() > 20 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The time that a text names, to the microsecond; `5 minutes ago` is one too.
pub(crate) fn time(text: &str) -> Result<Timestamp, Failure> {
    let wrong = || {
        Failure::new(Code::Wrong, format!("{text:?} is no bookmark and no time"))
            .help("write a time as '2026-11-23 14:05:00', with a part of a second or a zone behind it (UTC otherwise), as \
                   now, or as '5 minutes ago'")
    };
    let (expression, parameters) = match text.strip_suffix(" ago") {
        Some(span) => ("unixepoch('now', 'subsec', ?1)", vec![text_value(&format!("-{span}"))]),
        None if text == "now" => ("unixepoch('now', 'subsec')", Vec::new()),
        None => ("unixepoch(?1)", vec![text_value(text)]),
    };
    let seconds = match evaluate(expression, &parameters) {
        Some(Value::Integer(seconds)) => i128::from(seconds) * i128::from(SECOND),
        // What now is stands in milliseconds.
        Some(Value::Real(seconds)) => format!("{:.0}", seconds * 1e6).parse().map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    i64::try_from(seconds + i128::from(micros_in(text))).map(Timestamp).map_err(|_| wrong())
}

/// The part of a second in a time, in microseconds.
fn micros_in(text: &str) -> u32 {
    let Some((_, rest)) = text.split_once('.') else { return 0 };
    let digits: String =
        rest.chars().take_while(char::is_ascii_digit).chain("000000".chars()).take(6).collect();
    digits.parse().unwrap_or(0)
}

/// A time as it is shown, and read by [`time`].
pub(crate) fn shown(time: Timestamp) -> String {
    if time == Timestamp(i64::MIN) {
        return "the time before the first commit".into();
    }
    let (seconds, micros) = (time.0.div_euclid(SECOND), time.0.rem_euclid(SECOND));
    match evaluate("strftime('%Y-%m-%d %H:%M:%S', ?1, 'unixepoch')", &[Value::Integer(seconds)]) {
        Some(Value::Text(text)) => format!("{}.{micros:06}Z", String::from_utf8_lossy(&text)),
        _ => format!("{} µs since 1970", time.0),
    }
}

fn text_value(text: &str) -> Value {
    Value::Text(text.as_bytes().into())
}

/// The value of an expression of SQL.
fn evaluate(expression: &str, parameters: &[Value]) -> Option<Value> {
    let connection = Connection::open_in_memory().ok()?;
    let result = connection.run(&format!("SELECT {expression}"), parameters).ok()?;
    result.rows.into_iter().next()?.into_iter().next()
}
