//! [`Answer`]: what a statement gave, and in what two answers differ.

use std::cmp::Ordering;
use std::fmt::Write as _;

use duramen_sql::Value;

use crate::sql_case::Kind;
use crate::sql_query::Rows;

/// What a statement gave.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// How many rows were changed, where the statement could change any.
    pub changes: Option<i64>,
}

/// What a statement gave, or the text of its error.
pub type Outcome = Result<Answer, String>;

/// In which way two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Both are errors, with different texts.
    ErrorText,
    /// Only ours is an error.
    Refused,
    /// Only the other is an error.
    Accepted,
    /// The names of the columns.
    Columns,
    /// The rows.
    Rows,
    /// The number of rows changed.
    Changes,
    /// We panicked.
    Panic,
    /// Our tables and indexes do not fit together.
    Damage,
}

/// A difference between two answers.
#[derive(Clone, Debug)]
pub struct Difference {
    /// In which way.
    pub class: Class,
    /// Both answers, for people.
    pub text: String,
    /// What tells this difference from others of its class: the start of an error.
    pub mark: String,
}

/// What a panic's text starts with, where it is an error.
pub const PANIC: &str = "panic: ";

/// In what our answer differs from another.
#[must_use]
pub fn difference(kind: Kind, ours: &Outcome, theirs: &Outcome) -> Option<Difference> {
    let found = |class, text: String, mark: &str| {
        // Numbers and names in an error may change while a case is made smaller.
        let mark = mark.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        Some(Difference { class, text, mark })
    };
    match (ours, theirs) {
        (Err(ours), _) if ours.starts_with(PANIC) => found(Class::Panic, ours.clone(), ours),
        (Err(ours), Err(theirs)) if ours == theirs => None,
        (Err(ours), Err(theirs)) => found(Class::ErrorText, format!("here   {ours}\nSQLite {theirs}"), ""),
        (Err(ours), Ok(theirs)) => {
            found(Class::Refused, format!("here   error: {ours}\nSQLite {}", show(theirs)), ours)
        }
        (Ok(ours), Err(theirs)) => {
            found(Class::Accepted, format!("here   {}\nSQLite error: {theirs}", show(ours)), theirs)
        }
        (Ok(ours), Ok(theirs)) => {
            let class = if ours.columns != theirs.columns {
                Class::Columns
            } else if !same_rows(kind, &ours.rows, &theirs.rows) {
                Class::Rows
            } else if ours.changes != theirs.changes {
                Class::Changes
            } else {
                return None;
            };
            found(class, format!("here   {}\nSQLite {}", show(ours), show(theirs)), "")
        }
    }
}

/// Whether rows are the same, as far as their order and looks are determined.
fn same_rows(kind: Kind, ours: &[Vec<Value>], theirs: &[Vec<Value>]) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    match kind {
        Kind::Query(Rows::Sorted) => {
            let loose = |rows: &[Vec<Value>]| rows.iter().map(|row| numbers_alike(row)).collect::<Vec<_>>();
            same_in_order(&loose(ours), &loose(theirs))
        }
        Kind::Query(Rows::Loose) => {
            let loose = |rows: &[Vec<Value>]| rows.iter().map(|row| alike(row)).collect::<Vec<_>>();
            same_in_any_order(loose(ours), loose(theirs))
        }
        Kind::Query(Rows::Exact) => same_in_order(ours, theirs),
        Kind::Query(Rows::Any) | Kind::Write => same_in_any_order(ours.to_vec(), theirs.to_vec()),
    }
}

/// Whether rows are the same in any order.
#[must_use]
pub fn same_in_any_order(mut ours: Vec<Vec<Value>>, mut theirs: Vec<Vec<Value>>) -> bool {
    ours.sort_by(|left, right| order_of_rows(left, right));
    theirs.sort_by(|left, right| order_of_rows(left, right));
    same_in_order(&ours, &theirs)
}

fn same_in_order(ours: &[Vec<Value>], theirs: &[Vec<Value>]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| order_of_rows(ours, theirs) == Ordering::Equal)
}

fn order_of_rows(left: &[Value], right: &[Value]) -> Ordering {
    let columns = left.iter().zip(right).map(|(left, right)| order_of_values(left, right));
    columns.fold(left.len().cmp(&right.len()), Ordering::then)
}

/// An order in which only what is the same to the last bit is equal.
fn order_of_values(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Real(left), Value::Real(right)) => left.total_cmp(right),
        (Value::Text(left), Value::Text(right)) | (Value::Blob(left), Value::Blob(right)) => left.cmp(right),
        _ => left.as_ref().class().cmp(&right.as_ref().class()),
    }
}

/// A row in which numbers of the same size look the same.
fn numbers_alike(row: &[Value]) -> Vec<Value> {
    row.iter()
        .map(|value| match value {
            Value::Integer(integer) if is_real(*integer) => {
                format!("{integer}").parse().map_or(Value::Null, Value::Real)
            }
            Value::Real(real) => Value::Real(real + 0.0),
            other => other.clone(),
        })
        .collect()
}

/// Whether some real has the size of an integer.
fn is_real(integer: i64) -> bool {
    let size = integer.unsigned_abs();
    size == 0 || 64 - size.leading_zeros() - size.trailing_zeros() <= f64::MANTISSA_DIGITS
}

/// A row in which values that are equal by some collation look the same.
fn alike(row: &[Value]) -> Vec<Value> {
    numbers_alike(row)
        .into_iter()
        .map(|value| match value {
            Value::Text(text) => Value::Text(text.to_ascii_lowercase().trim_ascii_end().into()),
            other => other,
        })
        .collect()
}

/// An answer for people, cut where it is long.
fn show(answer: &Answer) -> String {
    const MOST_ROWS: usize = 12;
    let mut text = format!("{} rows", answer.rows.len());
    if let Some(changes) = answer.changes {
        let _ = write!(text, ", {changes} changes");
    }
    let _ = write!(text, " [{}]", answer.columns.join(" | "));
    let mut rows = answer.rows.clone();
    rows.sort_by(|left, right| order_of_rows(left, right));
    for row in rows.iter().take(MOST_ROWS) {
        let values: Vec<String> = row.iter().map(show_value).collect();
        let _ = write!(text, "\n       {}", values.join(" | "));
    }
    if rows.len() > MOST_ROWS {
        text.push_str("\n       …");
    }
    text
}

/// A value for people, exactly.
#[must_use]
pub fn show_value(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Value::Blob(blob) => format!("blob {blob:02x?}"),
    }
}

#[cfg(test)]
mod tests;
