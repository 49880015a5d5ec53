//! [`Thrown`]: the exception that an operation ended with.

use serde_json::{Value as Json, json};

/// An exception: its name and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// The `name` of the error object.
    pub name: &'static str,
    /// The `message` of the error object.
    pub message: String,
}

impl Thrown {
    /// An `Error`.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Thrown {
        Thrown { name: "Error", message: message.into() }
    }

    /// A `TypeError`.
    #[must_use]
    pub fn type_error(message: impl Into<String>) -> Thrown {
        Thrown { name: "TypeError", message: message.into() }
    }

    /// A `DataCloneError` for something, by its text.
    #[must_use]
    pub fn not_cloned(what: &str) -> Thrown {
        Thrown { name: "DataCloneError", message: format!("{what} could not be cloned.") }
    }

    /// As a recording writes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({ "name": self.name, "message": self.message })
    }
}
