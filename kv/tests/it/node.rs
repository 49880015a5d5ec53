//! Exchange with V8 itself, by way of Node. Without `node` on the path these tests do nothing and say so.

use std::io::Write as _;
use std::process::{Command, Stdio};

use duramen_kv::Value;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use crate::describe::describe;
use crate::values::{any_javascript_value, every_kind};

/// The answer of `node.js`, or `None` if there is no Node.
fn ask_node(request: &Json) -> Option<Json> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/node.js");
    let child = Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("SKIPPED: the exchange with V8 needs `node`, which cannot be run: {error}");
            return None;
        }
    };
    let mut input = child.stdin.take().unwrap();
    let request = request.to_string();
    let writer = std::thread::spawn(move || input.write_all(request.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "node.js failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Whether Node describes the values from our bytes as we do.
fn node_agrees(values: &[(String, Value)]) {
    let bytes: Vec<String> = values.iter().map(|(_, value)| hex(&value.to_bytes().unwrap())).collect();
    let Some(descriptions) = ask_node(&json!({ "describe": bytes })) else { return };
    let descriptions = descriptions.as_array().unwrap();
    assert_eq!(descriptions.len(), values.len());
    for ((name, value), description) in values.iter().zip(descriptions) {
        assert_eq!(description.as_str().unwrap(), describe(value), "{name}");
    }
}

#[test]
fn v8_reads_every_kind() {
    node_agrees(&every_kind().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>());
}

#[test]
fn v8_reads_random_values() {
    let mut runner = TestRunner::deterministic();
    let values = any_javascript_value();
    let value = |number| (format!("value {number}"), values.new_tree(&mut runner).unwrap().current());
    node_agrees(&(0..500).map(value).collect::<Vec<_>>());
}

#[test]
fn what_v8_writes_is_read_and_written_back() {
    let Some(values) = ask_node(&json!({ "values": true })) else { return };
    let mut written_back = Vec::new();
    for case in values.as_array().unwrap() {
        let text = |field: &str| case[field].as_str().unwrap().to_owned();
        let name = text("name");
        let value = Value::from_bytes(&unhex(&text("hex"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(describe(&value), text("description"), "{name}");
        written_back.push((name, hex(&value.to_bytes().unwrap())));
    }
    let different = ask_node(&json!({ "compare": written_back })).unwrap();
    assert_eq!(different, json!([]));
}
