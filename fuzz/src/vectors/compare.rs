//! [`Comparison`]: what was expected beside what came.
//!
//! Counts of rows and the text of query plans depend on the plan, so they are figures of their own, which decide nothing
//! here. Rows of a query without `ORDER BY` may come in any order. The text of
//! an internal error is the other runtime's; that there is an error counts. What it does not have is not compared.

use serde_json::{Map, Value as Json};

use super::bytes::{fnv1a64, from_hex};

/// How many things were compared, and how many were equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were compared.
    pub compared: u64,
    /// How many of them were equal.
    pub equal: u64,
}

impl Tally {
    fn count(&mut self, is_equal: bool) -> bool {
        self.compared += 1;
        self.equal += u64::from(is_equal);
        is_equal
    }

    /// Adds another tally.
    pub fn add(&mut self, other: Tally) {
        self.compared += other.compared;
        self.equal += other.equal;
    }
}

/// What was expected beside what came.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Counts of rows read and written.
    pub counts: Tally,
    /// Results of `EXPLAIN`.
    pub plans: Tally,
    /// Each count that differs, as a line of text.
    pub differing: Vec<String>,
}

impl Comparison {
    /// Nothing compared yet.
    #[must_use]
    pub fn new() -> Comparison {
        Comparison::default()
    }

    /// Whether the result of an operation is the expected one.
    pub fn result(&mut self, op: &Json, expected: &Json, got: &Json) -> bool {
        if is_beyond(op, expected) {
            return true;
        }
        let (Json::Object(expected), Json::Object(got)) = (expected, got) else { return same(expected, got) };
        let mut is_same = expected.keys().all(|name| got.contains_key(name)) && expected.len() == got.len();
        for (name, expected) in expected {
            let Some(got) = got.get(name) else { continue };
            is_same &= match name.as_str() {
                "rowsRead" | "rowsWritten" => {
                    self.count(op, name, expected, got);
                    true
                }
                "error" | "requestError" => same_error(expected, got),
                "results" | "lanes" => self.results(op, expected, got),
                "rows" | "columns" if is_explain(op) => {
                    self.plans.count(same(expected, got));
                    true
                }
                "rows" if !is_ordered(op) => same_set(expected, got),
                _ => same(expected, got),
            };
        }
        is_same
    }

    fn count(&mut self, op: &Json, name: &str, expected: &Json, got: &Json) {
        if !self.counts.count(same(expected, got)) {
            let text = op["q"].as_str().unwrap_or_default();
            self.differing.push(format!("{name} {expected}, here {got}: {text}"));
        }
    }

    /// The results of the operations inside of another one.
    fn results(&mut self, op: &Json, expected: &Json, got: &Json) -> bool {
        let (Json::Array(expected), Json::Array(got)) = (expected, got) else { return same(expected, got) };
        let inner = op["ops"].as_array().or_else(|| op["lanes"].as_array());
        let inner = inner.map_or(&[][..], Vec::as_slice);
        let mut is_same = expected.len() == got.len();
        for (place, (expected, got)) in expected.iter().zip(got).enumerate() {
            let op = inner.get(place).unwrap_or(&Json::Null);
            is_same &= match op {
                Json::Array(_) => self.results(&serde_json::json!({ "ops": op }), expected, got),
                op => self.result(op, expected, got),
            };
        }
        is_same
    }
}

/// Whether an operation is one that the other runtime does not have.
fn is_beyond(op: &Json, expected: &Json) -> bool {
    const MISSING: &str = "This Durable Object's storage back-end does not implement point-in-time recovery.";
    let restores = matches!(op["op"].as_str(), Some("getBookmarkForTime" | "onNextSessionRestoreBookmark"));
    restores && expected["error"]["message"] == MISSING
}

fn query(op: &Json) -> String {
    op["q"].as_str().unwrap_or_default().to_ascii_lowercase()
}

fn is_explain(op: &Json) -> bool {
    query(op).trim_start().starts_with("explain")
}

fn is_ordered(op: &Json) -> bool {
    query(op).contains("order by")
}

/// Whether two errors, as a recording writes them, are the same to a program.
#[must_use]
pub fn same_error(expected: &Json, got: &Json) -> bool {
    let is_internal =
        expected["message"].as_str().is_some_and(|message| message.starts_with("internal error; reference"));
    if is_internal { got.is_object() } else { same(expected, got) }
}

fn same_set(expected: &Json, got: &Json) -> bool {
    let (Json::Array(expected), Json::Array(got)) = (expected, got) else { return same(expected, got) };
    let mut left: Vec<&Json> = got.iter().collect();
    expected.len() == got.len()
        && expected.iter().all(|row| match left.iter().position(|other| same(row, other)) {
            Some(place) => {
                left.remove(place);
                true
            }
            None => false,
        })
}

/// Whether two values are the same. Numbers are doubles; a long string or blob is expected by its length and hash.
#[must_use]
pub fn same(expected: &Json, got: &Json) -> bool {
    match (expected, got) {
        (Json::Number(expected), Json::Number(got)) => expected.as_f64() == got.as_f64(),
        (Json::Array(expected), Json::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(expected, got)| same(expected, got))
        }
        (Json::Object(expected), got) => match expected.get("$").and_then(Json::as_str) {
            Some("longstr") => got.as_str().is_some_and(|text| is_long(expected, "utf8len", text.as_bytes())),
            Some("longblob") => {
                let bytes = got["hex"].as_str().and_then(from_hex);
                bytes.is_some_and(|bytes| is_long(expected, "len", &bytes))
            }
            _ => got.as_object().is_some_and(|got| same_fields(expected, got)),
        },
        (expected, got) => expected == got,
    }
}

fn is_long(expected: &Map<String, Json>, len: &str, bytes: &[u8]) -> bool {
    expected.get(len).and_then(Json::as_u64) == u64::try_from(bytes.len()).ok()
        && expected.get("fnv1a64").and_then(Json::as_str) == Some(&fnv1a64(bytes))
}

fn same_fields(expected: &Map<String, Json>, got: &Map<String, Json>) -> bool {
    expected.len() == got.len()
        && expected.iter().all(|(name, expected)| got.get(name).is_some_and(|got| same(expected, got)))
}

#[cfg(test)]
mod tests;
