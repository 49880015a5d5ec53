//! [`Stop`]: why an operation gave no result.

use duramen::storage::{Error, Interface};
use serde_json::Value as Json;

use super::thrown::Thrown;

/// Why an operation gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It threw, and its program may go on.
    Thrown(Thrown),
    /// The object was reset: the request ends with this.
    Reset(Thrown),
    /// The runner does not know what is asked for.
    Unknown(String),
}

/// What an operation gives.
pub type Outcome = Result<Json, Stop>;

/// What the local runtime says of `sql` where an object has none; in production the text is another one.
const SQL_IS_NOT_ENABLED: &str = "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to \
     `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using workerd \
     directly,set `enableSql = true` in your workerd config for the class. Note that this change cannot be made after the \
     class is already deployed to production.";

impl From<Thrown> for Stop {
    fn from(thrown: Thrown) -> Stop {
        Stop::Thrown(thrown)
    }
}

impl From<String> for Stop {
    fn from(unknown: String) -> Stop {
        Stop::Unknown(unknown)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        let message = match error {
            Error::NotSqlBacked(Interface::Sql) => SQL_IS_NOT_ENABLED.into(),
            _ => error.to_string(),
        };
        let thrown = Thrown { name: name_of(&error), message };
        match error {
            Error::Aborted(_) | Error::ConstraintsViolated(_) | Error::Panicked => Stop::Reset(thrown),
            _ => Stop::Thrown(thrown),
        }
    }
}

/// The name of the exception that JavaScript gets.
fn name_of(error: &Error) -> &'static str {
    use duramen_kv::Error as Kv;
    match error {
        Error::Kv(Kv::StartAndStartAfter | Kv::ListLimitNotPositive | Kv::ListLimitOutOfRange) => "TypeError",
        Error::AlarmTimeNotPositive | Error::AlarmTimeTooLate => "TypeError",
        Error::Kv(Kv::KeyTooLarge { .. } | Kv::ValueTooLarge { .. } | Kv::TooManyKeys { .. }) => "RangeError",
        _ => "Error",
    }
}
