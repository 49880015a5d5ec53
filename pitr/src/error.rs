//! [`Error`]: what can go wrong with the past of a database, by what the caller can do about it.

use std::fmt;

use duramen_engine::Timestamp;

use crate::bookmark::{Bookmark, NotABookmark};

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the past could not be named, read or restored. Nothing has changed where one of these comes back, but for
/// [`Poisoned`](duramen_engine::Error::Poisoned): a sync failed, and the next open shows whether what was asked for is done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The text is no bookmark; check how it was passed on.
    NotABookmark(NotABookmark),
    /// The bookmark belongs to another database.
    ForeignBookmark(Bookmark),
    /// The bookmark names a commit that is not in the history, which reaches from `oldest` to `newest`.
    Unavailable {
        /// The bookmark.
        bookmark: Bookmark,
        /// The oldest moment there is.
        oldest: Bookmark,
        /// The newest one.
        newest: Bookmark,
    },
    /// The time is before everything that is kept.
    TooEarly {
        /// The time asked for.
        time: Timestamp,
        /// The oldest moment there is.
        oldest: Bookmark,
    },
    /// The engine failed.
    Engine(duramen_engine::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotABookmark(error) => error.fmt(f),
            Error::ForeignBookmark(bookmark) => write!(f, "the bookmark {bookmark} is of another database"),
            Error::Unavailable { bookmark, oldest, newest } if bookmark > newest => {
                write!(
                    f,
                    "the bookmark {bookmark} is of the future; the newest is {newest}, the oldest {oldest}"
                )
            }
            Error::Unavailable { bookmark, oldest, newest } if bookmark < oldest => {
                write!(f, "the bookmark {bookmark} has expired; the oldest is {oldest}, the newest {newest}")
            }
            Error::Unavailable { bookmark, oldest, newest } => write!(
                f,
                "the commit of the bookmark {bookmark} was not durable and went lost in a crash; \
                 all others from {oldest} to {newest} are there"
            ),
            Error::TooEarly { time, oldest } => {
                write!(f, "nothing is kept of {} µs since 1970; the oldest bookmark is {oldest}", time.0)
            }
            Error::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::NotABookmark(error) => Some(error),
            Error::Engine(error) => Some(error),
            _ => None,
        }
    }
}

impl From<duramen_engine::Error> for Error {
    fn from(error: duramen_engine::Error) -> Error {
        Error::Engine(error)
    }
}

impl From<NotABookmark> for Error {
    fn from(error: NotABookmark) -> Error {
        Error::NotABookmark(error)
    }
}
