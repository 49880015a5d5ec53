//! Runs the recorded SQLite corpus: statements with the results that a real SQLite gave.
//!
//! `recorded [--verbose] [--exclude FILE] [--family NAME]… FILE.jsonl[.zst]…`. Prints the share of each family. The last line is
//! `N passed, N failed`; the exit code is 1 if any statement failed. Statements after a failed one still run and count.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use duramen_engine::{Database, Options};
use duramen_sql::{Connection, ResultSet, Value};
use serde_json::Value as Json;

/// Runs the recorded SQLite corpus.
#[derive(Parser)]
struct Arguments {
    /// Show each failure.
    #[arg(long)]
    verbose: bool,
    /// A file with the names of test files to leave out, one a line.
    #[arg(long)]
    exclude: Option<PathBuf>,
    /// Only test files whose name starts so.
    #[arg(long)]
    only: Vec<String>,
    /// Recordings.
    files: Vec<PathBuf>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.files.is_empty() {
        match std::env::var_os("DURAMEN_CORPORA") {
            Some(corpora) => {
                arguments.files.push(PathBuf::from(corpora).join("sqlite-recorded/dev.jsonl.zst"));
            }
            None => {
                eprintln!("name recordings, or set DURAMEN_CORPORA");
                return ExitCode::FAILURE;
            }
        }
    }
    let excluded: HashSet<String> = match &arguments.exclude {
        Some(file) => match std::fs::read_to_string(file) {
            Ok(text) => text.lines().map(|line| line.trim().to_string()).collect(),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        },
        None => HashSet::new(),
    };
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for file in &arguments.files {
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                counts.entry("(unreadable)".into()).or_default().failed += 1;
                continue;
            }
        };
        let wanted = |name: &str| {
            !excluded.contains(name)
                && (arguments.only.is_empty()
                    || arguments.only.iter().any(|start| name.starts_with(start.as_str())))
        };
        run(&text, &wanted, arguments.verbose, &mut counts);
    }
    let mut total = Count::default();
    let mut families: BTreeMap<String, Count> = BTreeMap::new();
    for (file, count) in &counts {
        total.passed += count.passed;
        total.failed += count.failed;
        let family: String = file.chars().take_while(char::is_ascii_alphabetic).collect();
        let sum = families.entry(family).or_default();
        sum.passed += count.passed;
        sum.failed += count.failed;
    }
    for (family, count) in &families {
        let all = count.passed + count.failed;
        println!("{family}: {} of {all} ({:.1} %)", count.passed, percent(count.passed, all));
    }
    if total.passed + total.failed == 0 {
        eprintln!("no statements found");
        total.failed = 1;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn percent(part: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    100.0 * number(part) / number(all.max(1))
}

fn read(file: &Path) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    if file.extension().is_none_or(|extension| extension != "zst") {
        return String::from_utf8(bytes).map_err(|error| error.to_string());
    }
    let mut decoder =
        ruzstd::decoding::StreamingDecoder::new(bytes.as_slice()).map_err(|error| error.to_string())?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut decoder, &mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// A database and the connection to it.
struct Session {
    database: Database,
    connection: Connection,
}

fn session() -> Result<Session, String> {
    let database = Database::in_memory(Options::default()).map_err(|error| error.to_string())?;
    let connection = Connection::new(database.clone());
    Ok(Session { database, connection })
}

fn run(text: &str, wanted: &dyn Fn(&str) -> bool, verbose: bool, counts: &mut BTreeMap<String, Count>) {
    let mut current = String::new();
    let mut running: Option<Session> = None;
    for line in text.lines() {
        let Ok(entry) = serde_json::from_str::<Json>(line) else {
            counts.entry("(unreadable)".into()).or_default().failed += 1;
            continue;
        };
        let file = entry["file"].as_str().unwrap_or_default();
        if !wanted(file) {
            continue;
        }
        let reset = file != current || entry["op"].as_str() == Some("reset");
        if reset {
            current = file.to_string();
            running = session().ok();
        }
        let count = counts.entry(current.clone()).or_default();
        let Some(state) = &mut running else {
            count.failed += 1;
            continue;
        };
        match entry["op"].as_str() {
            Some("reopen") => {
                state.connection = Connection::new(state.database.clone());
                continue;
            }
            Some(_) => continue,
            None => {}
        }
        match statement(&mut state.connection, &entry) {
            Ok(()) => count.passed += 1,
            Err(message) => {
                count.failed += 1;
                if verbose {
                    let sql = entry["sql"].as_str().unwrap_or_default().replace('\n', " ");
                    let sql: String = sql.chars().take(240).collect();
                    let message: String = message.chars().take(400).collect();
                    println!(
                        "{} {}: {message}\n    {sql}",
                        current,
                        entry["name"].as_str().unwrap_or_default()
                    );
                }
            }
        }
    }
}

fn statement(connection: &mut Connection, entry: &Json) -> Result<(), String> {
    let hex;
    let sql = match (entry["sql"].as_str(), entry["sql_hex"].as_str()) {
        (Some(sql), _) => sql,
        (None, Some(digits)) => {
            hex = String::from_utf8(bytes_of(digits)).map_err(|_| "SQL that is not UTF-8".to_string())?;
            &hex
        }
        (None, None) => return Err("no SQL".into()),
    };
    let parameters: Vec<(String, Value)> = entry["params"]
        .as_object()
        .map(|object| object.iter().map(|(name, value)| (name.clone(), value_of(value))).collect())
        .unwrap_or_default();
    let result = if parameters.is_empty() {
        connection.run(sql, &[])
    } else {
        let named: Vec<(&str, Value)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        connection.run_named(sql, &named)
    };
    match (result, entry["error"].as_str()) {
        (Err(error), Some(wanted)) if error.to_string() == wanted => Ok(()),
        (Err(error), Some(wanted)) => {
            Err(format!("error text: expected {wanted:?}, got {:?}", error.to_string()))
        }
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(_), Some(wanted)) => Err(format!("succeeded, expected {wanted:?}")),
        (Ok(result), None) => compare(&result, entry, connection),
    }
}

fn compare(result: &ResultSet, entry: &Json, connection: &Connection) -> Result<(), String> {
    if let Some(changes) = entry["changes"].as_i64()
        && connection.changes() != changes
    {
        return Err(format!("changes: expected {changes}, got {}", connection.changes()));
    }
    let Some(columns) = entry["cols"].as_array() else { return Ok(()) };
    let wanted: Vec<&str> = columns.iter().filter_map(Json::as_str).collect();
    let found: Vec<&str> = result.columns.iter().map(|column| &**column).collect();
    if wanted != found {
        return Err(format!("columns: expected {wanted:?}, got {found:?}"));
    }
    let exact = entry["order"].as_str() == Some("exact");
    if let Some(count) = entry["nrows"].as_u64() {
        if u64::try_from(result.rows.len()).ok() != Some(count) {
            return Err(format!("expected {count} rows, got {}", result.rows.len()));
        }
        let first = rows_of(&entry["first_rows"]);
        if exact && !same(&first, &result.rows[..first.len().min(result.rows.len())]) {
            return Err("the first rows differ".into());
        }
        return Ok(());
    }
    let mut wanted = rows_of(&entry["rows"]);
    let mut found = result.rows.clone();
    if !exact {
        let key = |row: &Vec<Value>| format!("{row:?}");
        wanted.sort_by_key(key);
        found.sort_by_key(key);
    }
    if same(&wanted, &found) {
        Ok(())
    } else {
        Err(format!("rows: expected {}, got {}", brief(&wanted), brief(&found)))
    }
}

fn same(a: &[Vec<Value>], b: &[Vec<Value>]) -> bool {
    a == b
}

fn brief(rows: &[Vec<Value>]) -> String {
    let shown = |value: &Value| match value {
        Value::Null => "NULL".into(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        Value::Blob(blob) => {
            format!("x'{}'", blob.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
    };
    let rows: Vec<String> = rows
        .iter()
        .take(8)
        .map(|row| format!("({})", row.iter().map(shown).collect::<Vec<String>>().join(",")))
        .collect();
    rows.join(" ")
}

fn rows_of(json: &Json) -> Vec<Vec<Value>> {
    let row = |row: &Json| row.as_array().map(|row| row.iter().map(value_of).collect()).unwrap_or_default();
    json.as_array().map(|rows| rows.iter().map(row).collect()).unwrap_or_default()
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::real(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Object(object) => {
            if let Some(digits) = object.get("blob").and_then(Json::as_str) {
                Value::from(bytes_of(digits))
            } else if let Some(digits) = object.get("text_hex").and_then(Json::as_str) {
                Value::Text(bytes_of(digits).into())
            } else {
                match object.get("real").and_then(Json::as_str) {
                    Some("-inf") => Value::Real(f64::NEG_INFINITY),
                    _ => Value::Real(f64::INFINITY),
                }
            }
        }
        _ => Value::Null,
    }
}

fn bytes_of(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
