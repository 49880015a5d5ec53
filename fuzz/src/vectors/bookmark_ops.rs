//! Operations on bookmarks.

use duramen::engine::Timestamp;
use duramen::storage::Storage;
use serde_json::{Value as Json, json};

use super::stop::Outcome;

/// Whether an operation is one on bookmarks.
#[must_use]
pub fn is_op(name: &str) -> bool {
    matches!(
        name,
        "getCurrentBookmark" | "bookmarkShape" | "getBookmarkForTime" | "onNextSessionRestoreBookmark"
    )
}

/// An operation on bookmarks.
///
/// # Errors
/// Those of the call.
pub fn op(storage: &Storage, op: &Json) -> Outcome {
    let value = match op["op"].as_str().unwrap_or_default() {
        "getCurrentBookmark" => storage.get_current_bookmark()?,
        "getBookmarkForTime" => {
            storage.get_bookmark_for_time(Timestamp(op["t"].as_i64().unwrap_or(0) * 1000))?
        }
        "bookmarkShape" => return shape(storage),
        _ => storage.on_next_session_restore_bookmark(op["b"].as_str().unwrap_or_default())?,
    };
    Ok(json!({ "value": value }))
}

/// Two bookmarks, one after the other.
fn shape(storage: &Storage) -> Outcome {
    let (first, second) = (storage.get_current_bookmark()?, storage.get_current_bookmark()?);
    Ok(json!({ "matches": is_bookmark(&first), "length": first.len(), "increasing": first <= second }))
}

/// Whether a text has the form of a bookmark: 8, 8, 8 and 32 digits.
fn is_bookmark(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 8, 8, 32])
        && text.bytes().all(|byte| byte == b'-' || is_digit(byte))
}
