//! Turns the package index of a Debian-like system into lines that `duramen kv DB import` takes: the package's name, a
//! tab, and its record as JSON.
//!
//! `apt-cache dumpavail | cargo run --release --example package_index > packages.tsv`
//!
//! A record is a paragraph of `Field: value` lines; a line that starts with a space goes on with the field above.
//! Sizes become numbers, lists of packages become arrays, all else is text.

use std::io::{self, BufRead, Write};

use serde_json::{Map, Value};

const NUMBERS: [&str; 2] = ["Installed-Size", "Size"];
const LISTS: [&str; 9] = [
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Provides",
    "Replaces",
    "Breaks",
    "Conflicts",
];

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut record: Vec<(String, String)> = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if let Some(more) = line.strip_prefix([' ', '\t']) {
            if let Some((_, text)) = record.last_mut() {
                text.push('\n');
                text.push_str(more);
            }
        } else if let Some((field, text)) = line.split_once(':') {
            record.push((field.into(), text.trim_start().into()));
        } else {
            write_record(&mut out, std::mem::take(&mut record))?;
        }
    }
    write_record(&mut out, record)?;
    out.flush()
}

fn write_record(out: &mut impl Write, record: Vec<(String, String)>) -> io::Result<()> {
    let fields: Map<String, Value> =
        record.into_iter().map(|(field, text)| (field.clone(), value(&field, text))).collect();
    let record = Value::Object(fields);
    match record.get("Package").and_then(Value::as_str) {
        Some(name) => writeln!(out, "{name}\t{record}"),
        None => Ok(()),
    }
}

fn value(field: &str, text: String) -> Value {
    if LISTS.contains(&field) {
        return text.split(',').map(str::trim).collect();
    }
    match text.parse::<u64>() {
        Ok(number) if NUMBERS.contains(&field) => number.into(),
        _ => text.into(),
    }
}
