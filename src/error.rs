//! What can go wrong at the outermost interface: what the layers below report, and trees read as the wrong type.

use std::fmt;

use duramen_engine::TreeId;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The engine refused or failed; its own error says what the caller can do.
    Engine(duramen_engine::Error),
    /// The key-value layer refused; never [`duramen_kv::Error::Engine`], which becomes [`Error::Engine`].
    Kv(duramen_kv::Error),
    /// SQL refused or failed; never [`duramen_sql::Error::Engine`], which becomes [`Error::Engine`].
    Sql(duramen_sql::Error),
    /// The past could not be named, read or restored; never [`duramen_pitr::Error::Engine`], which becomes [`Error::Engine`].
    Pitr(duramen_pitr::Error),
    /// A key or value in a tree is not of the type the tree is read as. Use the type it was written with.
    WrongType {
        /// The tree.
        tree: TreeId,
        /// Whether the key or the value is meant.
        part: Part,
        /// The type asked for.
        wanted: &'static str,
        /// The key of the entry, as the tree holds it.
        key: Vec<u8>,
    },
}

/// One half of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl From<duramen_engine::Error> for Error {
    fn from(error: duramen_engine::Error) -> Error {
        Error::Engine(error)
    }
}

impl From<duramen_kv::Error> for Error {
    fn from(error: duramen_kv::Error) -> Error {
        match error {
            duramen_kv::Error::Engine(error) => Error::Engine(error),
            error => Error::Kv(error),
        }
    }
}

impl From<duramen_sql::Error> for Error {
    fn from(error: duramen_sql::Error) -> Error {
        match error {
            duramen_sql::Error::Engine(error) => Error::Engine(error),
            error => Error::Sql(error),
        }
    }
}

impl From<duramen_pitr::Error> for Error {
    fn from(error: duramen_pitr::Error) -> Error {
        match error {
            duramen_pitr::Error::Engine(error) => Error::Engine(error),
            error => Error::Pitr(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Engine(error) => error.fmt(f),
            Error::Kv(error) => error.fmt(f),
            Error::Sql(error) => error.fmt(f),
            Error::Pitr(error) => error.fmt(f),
            Error::WrongType { tree, part, wanted, key } => {
                let part = match part {
                    Part::Key => "key",
                    Part::Value => "value",
                };
                write!(f, "tree {}: the {part} at key \"{}\" is no {wanted}", tree.0, key.escape_ascii())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Engine(error) => error.source(),
            Error::Kv(error) => error.source(),
            Error::Sql(error) => error.source(),
            Error::Pitr(error) => error.source(),
            Error::WrongType { .. } => None,
        }
    }
}
