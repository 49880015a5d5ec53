//! [`Stop`]: why an operation gave no result.

use duramen::storage::Error;

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
        let thrown = Thrown { name: name_of(&error), message: error.to_string() };
        match error {
            Error::Aborted(_) | Error::ConstraintsViolated(_) | Error::TurnRolledBack | Error::Panicked => {
                Stop::Reset(thrown)
            }
            _ => Stop::Thrown(thrown),
        }
    }
}

/// The name of the exception that JavaScript gets.
fn name_of(error: &Error) -> &'static str {
    use duramen_kv::Error as Kv;
    match error {
        Error::Kv(Kv::StartAndStartAfter | Kv::ListLimitNotPositive | Kv::ListLimitOutOfRange) => "TypeError",
        Error::Kv(Kv::KeyTooLarge { .. } | Kv::ValueTooLarge { .. } | Kv::TooManyKeys { .. }) => "RangeError",
        _ => "Error",
    }
}
