//! What operations with others inside of them have in common: the inner ones, how the program ends, what it returns.

use serde_json::Value as Json;

use super::convert::to_stored;
use super::js::Js;
use super::show;
use super::stop::Stop;
use super::thrown::Thrown;

/// The operations inside of an operation.
#[must_use]
pub fn inner(op: &Json) -> &[Json] {
    op["ops"].as_array().map_or(&[], Vec::as_slice)
}

/// How the program behind the inner operations ends.
///
/// # Errors
/// What it throws.
pub fn end_of(op: &Json) -> Result<(), Stop> {
    match op.get("throw") {
        Some(message) => Err(Thrown::error(message.as_str().unwrap_or_default()).into()),
        None => Ok(()),
    }
}

/// What the program returns.
///
/// # Errors
/// If it is no value.
pub fn returned(op: &Json, now_ms: f64) -> Result<Json, Stop> {
    match op.get("ret") {
        Some(value) => Ok(show::stored(&to_stored(&Js::read(value, now_ms)?)?)),
        None => Ok(show::undefined()),
    }
}

/// What a caller gets who is not answered.
#[must_use]
pub fn thrown(stop: Stop) -> Thrown {
    match stop {
        Stop::Thrown(thrown) | Stop::Reset(thrown) => thrown,
        Stop::Unknown(what) => Thrown::error(format!("the runner does not know {what}")),
    }
}
