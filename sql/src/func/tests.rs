//! Results recorded from SQLite 3.54.1, and what tests of functions share.
//!
//! A line of a recorded file is a function, its arguments and `=` and the result, separated by tabs. Values are `N`
//! for NULL, `I` and an integer, `R` and a real, `T` and text, `X` and a blob, both with escapes; `E` is an error.

use std::fmt::Write as _;

use super::{Call, Context, Lookup, Place, Registry};
use crate::Limits;
use crate::error::Result;
use crate::value::{ArenaBuffer, Collation, Value, ValueRef};

/// A connection of which everything is known.
pub(super) struct TestContext {
    pub(super) limits: Limits,
    pub(super) now_ms: i64,
    pub(super) local_offset_seconds: Option<i64>,
    pub(super) is_like_case_sensitive: bool,
    /// Whether the statement is to stop.
    pub(super) is_interrupted: bool,
}

impl Default for TestContext {
    fn default() -> TestContext {
        TestContext {
            limits: Limits { length_bytes: 20_000, ..Limits::default() },
            now_ms: 1_700_000_000_123,
            local_offset_seconds: Some(0),
            is_like_case_sensitive: false,
            is_interrupted: false,
        }
    }
}

impl Context for TestContext {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn local_offset_seconds(&self, _utc_seconds: i64) -> Option<i64> {
        self.local_offset_seconds
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(0xff);
    }

    fn changes(&self) -> i64 {
        11
    }

    fn total_changes(&self) -> i64 {
        12
    }

    fn last_insert_rowid(&self) -> i64 {
        13
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn is_like_case_sensitive(&self) -> bool {
        self.is_like_case_sensitive
    }

    fn is_interrupted(&self) -> bool {
        self.is_interrupted
    }
}

/// Calls a built-in function.
pub(super) fn call_in(
    context: &TestContext,
    place: Place,
    name: &str,
    args: &[ValueRef<'_>],
) -> Result<Value> {
    let Lookup::Found(function) = Registry::new().find(name, args.len()) else {
        panic!("no function {name} of {} arguments", args.len());
    };
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    let call =
        Call { arena: &arena, context, collation: &Collation::Binary, place, function: &function.name };
    let result = function.call(&call, args).expect("a function from values to a value");
    result.map(|value| value.to_value())
}

/// Calls a built-in function in a connection of which nothing special is known.
pub(super) fn call(name: &str, args: &[ValueRef<'_>]) -> Result<Value> {
    call_in(&TestContext::default(), Place::Statement, name, args)
}

/// The result shown as in recorded files.
pub(super) fn shown(name: &str, args: &[ValueRef<'_>]) -> String {
    show(&call(name, args))
}

fn show(result: &Result<Value>) -> String {
    match result {
        Err(error) => format!("E{error}"),
        Ok(Value::Null) => "N".into(),
        Ok(Value::Integer(integer)) => format!("I{integer}"),
        Ok(Value::Real(real)) => format!("R{real:?}"),
        Ok(Value::Text(text)) => format!("T{}", text.escape_ascii()),
        Ok(Value::Blob(blob)) => format!("X{}", blob.escape_ascii()),
    }
}

fn read(shown: &str) -> Value {
    let rest = &shown[1..];
    match &shown[..1] {
        "N" => Value::Null,
        "I" => Value::Integer(rest.parse().unwrap()),
        "R" => Value::Real(rest.parse().unwrap()),
        "T" => Value::Text(unescape(rest).into()),
        "X" => Value::Blob(unescape(rest).into()),
        other => panic!("no value starts with {other}"),
    }
}

fn unescape(escaped: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'\\' => match rest.next().unwrap() {
                b't' => b'\t',
                b'r' => b'\r',
                b'n' => b'\n',
                b'x' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
            other => other,
        });
    }
    out
}

/// Compares every line of a recorded file; all differences are reported at once.
fn check(recorded: &str) {
    let mut differences = String::new();
    for line in recorded.lines() {
        let mut fields = line.split('\t');
        let name = fields.next().unwrap();
        let args: Vec<Value> = fields.by_ref().take_while(|field| *field != "=").map(read).collect();
        let expected = fields.next().unwrap();
        let args: Vec<ValueRef<'_>> = args.iter().map(Value::as_ref).collect();
        let got = shown(name, &args);
        let is_same = got == expected || (got == "R-0.0" && expected == "R0.0");
        if !is_same {
            writeln!(differences, "{line}\n    got {got}").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn recorded_general() {
    check(include_str!("recorded/general.txt"));
}

#[test]
fn recorded_printf() {
    check(include_str!("recorded/printf.txt"));
}

#[test]
fn recorded_like() {
    check(include_str!("recorded/like.txt"));
}

#[test]
fn recorded_datetime() {
    check(include_str!("recorded/datetime.txt"));
}
