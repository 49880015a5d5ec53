//! [`ErrorObject`]: what a stored JavaScript error keeps.

use super::Value;
use super::js_string::JsString;

/// A JavaScript error as structured clone keeps it: its built-in kind and four properties.
///
/// Names other than the built-in ones, and further properties, are not kept by the format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorObject {
    /// Which built-in error it is.
    pub kind: ErrorKind,
    /// The message, if the error has one of its own.
    pub message: Option<JsString>,
    /// The text of the stack at the place where the error was made.
    pub stack: Option<JsString>,
    /// The error or other value that caused it.
    pub cause: Option<Value>,
}

impl ErrorObject {
    /// An error of this kind and message, without stack and cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<JsString>) -> ErrorObject {
        ErrorObject { kind, message: Some(message.into()), ..ErrorObject::default() }
    }
}

/// The built-in kinds of JavaScript errors that structured clone tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// `Error`, and every kind that is not listed here.
    #[default]
    Error,
    /// `EvalError`
    EvalError,
    /// `RangeError`
    RangeError,
    /// `ReferenceError`
    ReferenceError,
    /// `SyntaxError`
    SyntaxError,
    /// `TypeError`
    TypeError,
    /// `URIError`
    UriError,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [ErrorKind; 7] = [
        ErrorKind::Error,
        ErrorKind::EvalError,
        ErrorKind::RangeError,
        ErrorKind::ReferenceError,
        ErrorKind::SyntaxError,
        ErrorKind::TypeError,
        ErrorKind::UriError,
    ];

    /// The name, as the `name` property of such an error has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Error => "Error",
            ErrorKind::EvalError => "EvalError",
            ErrorKind::RangeError => "RangeError",
            ErrorKind::ReferenceError => "ReferenceError",
            ErrorKind::SyntaxError => "SyntaxError",
            ErrorKind::TypeError => "TypeError",
            ErrorKind::UriError => "URIError",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ErrorKind> {
        ErrorKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
