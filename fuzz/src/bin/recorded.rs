//! Runs the recorded SQLite corpus: statements with the results that a real SQLite gave.
//!
//! `recorded [--without FEATURE]… [--exclude FILE] [--only NAME]… [--verbose | --first | --classes] [FILE.jsonl[.zst]…]`.
//! Without files the recording under `DURAMEN_CORPORA` is run. Prints the share of each family and what was left out.
//! The last line is `N passed, N failed`; the exit code is 1 if any statement failed. Statements after a failed one
//! still run and count; one that takes longer than the limit is interrupted and counts as failed.
//!
//! Threads: each test file of a recording runs on one of `--threads`; one more interrupts statements that take too long.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use duramen_engine::{Database, Options};
use duramen_sql::{Connection, ResultSet, Value};
use serde_json::Value as Json;

/// Runs the recorded SQLite corpus.
#[derive(Parser)]
struct Arguments {
    /// Show each failure.
    #[arg(long)]
    verbose: bool,
    /// Show the first failure of each test file.
    #[arg(long)]
    first: bool,
    /// Show how many failures there are of each class, the most frequent first.
    #[arg(long)]
    classes: bool,
    /// Leave out test files with statements of this kind.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Feature>,
    /// A file with the names of test files to leave out, one a line; what follows a `#` is a remark.
    #[arg(long)]
    exclude: Option<PathBuf>,
    /// Only test files whose name starts so.
    #[arg(long)]
    only: Vec<String>,
    /// Fail only if fewer than this share of the statements pass, in percent.
    #[arg(long)]
    at_least: Option<f64>,
    /// How long a statement may run, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many test files run at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Recordings.
    files: Vec<PathBuf>,
}

/// Kinds of statements by which test files can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Feature {
    Attach,
    Json,
    Fts,
    Rtree,
    Trigger,
    ForeignKey,
    Alter,
    Window,
}

impl Feature {
    /// Whether a statement, in small letters, is of this kind.
    fn is_in(self, sql: &str) -> bool {
        let sql = sql.trim_start();
        match self {
            Feature::Attach => sql.starts_with("attach") || sql.starts_with("detach"),
            Feature::Json => sql.contains("json") || sql.contains("->"),
            Feature::Fts => sql.contains("using fts"),
            Feature::Rtree => sql.contains("using rtree") || sql.contains("using geopoly"),
            Feature::Trigger => sql.starts_with("create") && sql.contains("trigger"),
            Feature::ForeignKey => {
                ["foreign_keys", "foreign key", "references "].iter().any(|word| sql.contains(word))
            }
            Feature::Alter => sql.starts_with("alter"),
            Feature::Window => sql.contains(" over ") || sql.contains(" over("),
        }
    }
}

/// The recording of one test file.
struct Recording {
    name: String,
    entries: Vec<Json>,
}

impl Recording {
    fn statements(&self) -> usize {
        self.entries.iter().filter(|entry| entry["op"].is_null()).count()
    }

    fn has(&self, feature: Feature) -> bool {
        self.entries
            .iter()
            .filter_map(|entry| entry["sql"].as_str())
            .any(|sql| feature.is_in(&sql.to_ascii_lowercase()))
    }
}

/// A statement that did not do what it did in SQLite.
struct Failure {
    name: String,
    sql: String,
    message: String,
}

/// What running a recording gave.
struct Outcome {
    recording: String,
    passed: usize,
    failures: Vec<Failure>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let recordings = wanted(arguments)?;
    let outcomes = run_all(arguments, recordings);
    let mut families: BTreeMap<String, Count> = BTreeMap::new();
    let mut total = Count::default();
    for outcome in &outcomes {
        let family: String = outcome.recording.chars().take_while(char::is_ascii_alphabetic).collect();
        let count = families.entry(family).or_default();
        count.passed += outcome.passed;
        count.failed += outcome.failures.len();
        total.passed += outcome.passed;
        total.failed += outcome.failures.len();
    }
    show(arguments, &outcomes);
    println!("{:24} {:>8} {:>8} {:>8}", "family", "passed", "failed", "percent");
    for (family, count) in &families {
        let percent = percent(count);
        println!("{family:24} {:>8} {:>8} {percent:>8.1}", count.passed, count.failed);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    let is_enough = match arguments.at_least {
        Some(wanted) => percent(&total) >= wanted,
        None => total.failed == 0,
    };
    if !is_enough && let Some(wanted) = arguments.at_least {
        eprintln!("{:.2} % passed, {wanted} % were wanted", percent(&total));
    }
    Ok(if is_enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn percent(count: &Count) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    100.0 * number(count.passed) / number((count.passed + count.failed).max(1))
}

/// Prints failures as the arguments ask for.
fn show(arguments: &Arguments, outcomes: &[Outcome]) {
    let shown = |outcome: &Outcome| match (arguments.verbose, arguments.first) {
        (true, _) => outcome.failures.len(),
        (false, true) => 1,
        (false, false) => 0,
    };
    for outcome in outcomes {
        for failure in outcome.failures.iter().take(shown(outcome)) {
            let Failure { name, sql, message } = failure;
            println!("{} {name}: {message}\n    {sql}", outcome.recording);
        }
    }
    if !arguments.classes {
        return;
    }
    let mut classes: BTreeMap<String, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for outcome in outcomes {
        for failure in &outcome.failures {
            let (count, recordings) = classes.entry(class(&failure.message)).or_default();
            *count += 1;
            recordings.insert(&outcome.recording);
        }
    }
    let mut classes: Vec<_> = classes.into_iter().collect();
    classes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (class, (count, recordings)) in classes {
        let some: Vec<&str> = recordings.iter().copied().take(6).collect();
        println!("{count:6} in {:3} files  {class}  ({} …)", recordings.len(), some.join(", "));
    }
}

/// A message without the names and values in it.
fn class(message: &str) -> String {
    let mut class = String::new();
    let message = message.replace("\\\"", "'");
    let mut parts = message.split('"');
    while let Some(outside) = parts.next() {
        match outside.split_once(": ") {
            Some(("rows" | "columns" | "changes", _)) => {
                return outside.split(':').next().unwrap_or("").into();
            }
            _ => class.push_str(outside),
        }
        if parts.next().is_some() {
            class.push('…');
        }
    }
    let mut pieces = class.splitn(3, ": ");
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(first), Some(second), Some(_)) => format!("{first}: {second}: …"),
        _ => class,
    }
}

/// The recordings to run; tells which are left out.
fn wanted(arguments: &Arguments) -> Result<Vec<Recording>, String> {
    let mut files = arguments.files.clone();
    if files.is_empty() {
        let corpora = std::env::var_os("DURAMEN_CORPORA")
            .ok_or("name recordings, or set DURAMEN_CORPORA to where they are")?;
        files.push(PathBuf::from(corpora).join("sqlite-recorded/dev.jsonl.zst"));
    }
    let mut recordings = Vec::new();
    for file in &files {
        let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let found = recordings_of(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        if found.is_empty() {
            return Err(format!("{}: no statements", file.display()));
        }
        recordings.extend(found);
    }
    let excluded: HashSet<String> = match &arguments.exclude {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| format!("{}: {error}", file.display()))?
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default().trim().to_string())
            .collect(),
        None => HashSet::new(),
    };
    let is_meant = |name: &str| {
        arguments.only.is_empty() || arguments.only.iter().any(|start| name.starts_with(start.as_str()))
    };
    recordings.retain(|recording| is_meant(&recording.name));
    let mut left_out: BTreeMap<String, Vec<Recording>> = BTreeMap::new();
    let mut kept = Vec::new();
    for recording in recordings {
        let reason = match arguments.without.iter().find(|feature| recording.has(**feature)) {
            _ if excluded.contains(&recording.name) => Some("named".to_string()),
            Some(feature) => Some(format!("{feature:?}").to_lowercase()),
            None => None,
        };
        match reason {
            Some(reason) => left_out.entry(reason).or_default().push(recording),
            None => kept.push(recording),
        }
    }
    for (reason, recordings) in &left_out {
        let statements: usize = recordings.iter().map(Recording::statements).sum();
        let names: Vec<&str> = recordings.iter().map(|recording| &*recording.name).collect();
        println!("left out ({reason}): {statements} statements in {}", names.join(" "));
    }
    if kept.is_empty() {
        return Err("no recording is left to run".into());
    }
    Ok(kept)
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

fn recordings_of(text: &str) -> Result<Vec<Recording>, String> {
    let mut recordings: Vec<Recording> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let entry: Json =
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        let name = entry["file"].as_str().unwrap_or_default();
        match recordings.last_mut() {
            Some(last) if last.name == name => last.entries.push(entry),
            _ => recordings.push(Recording { name: name.to_string(), entries: vec![entry] }),
        }
    }
    Ok(recordings)
}

/// A statement that runs: since when, how to stop it, and what it is.
struct Running {
    since: Instant,
    interrupt: Arc<AtomicBool>,
    label: String,
}

/// The statements that run at the moment, one for each thread.
type Watched = Mutex<BTreeMap<usize, Running>>;

/// A statement that still runs this long after it was to stop ends the program.
const GRACE: Duration = Duration::from_secs(20);

fn run_all(arguments: &Arguments, recordings: Vec<Recording>) -> Vec<Outcome> {
    const STACK_BYTES: usize = 256 << 20;
    let next = AtomicUsize::new(0);
    let watched = Watched::default();
    let outcomes = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let limit = Duration::from_secs(arguments.seconds);
    let work = |thread: usize| {
        while let Some(recording) = recordings.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run_recording(recording, &|running| watch(&watched, thread, running));
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
        }
    };
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.threads.max(1))
            .filter_map(|thread| {
                let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
                builder.spawn_scoped(scope, move || work(thread)).ok()
            })
            .collect();
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
                stop_long_ones(&watched, limit);
            }
        });
        for worker in workers {
            if worker.join().is_err() {
                eprintln!("a thread of the runner failed");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by(|a: &Outcome, b: &Outcome| a.recording.cmp(&b.recording));
    outcomes
}

fn watch(watched: &Watched, thread: usize, running: Option<Running>) {
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    match running {
        Some(running) => watched.insert(thread, running),
        None => watched.remove(&thread),
    };
}

fn stop_long_ones(watched: &Watched, limit: Duration) {
    for running in watched.lock().unwrap_or_else(PoisonError::into_inner).values() {
        let time = running.since.elapsed();
        if time > limit {
            running.interrupt.store(true, Ordering::Relaxed);
        }
        if time > limit + GRACE {
            eprintln!("does not stop when interrupted: {}", running.label);
            std::process::exit(1);
        }
    }
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

fn run_recording(recording: &Recording, watch: &dyn Fn(Option<Running>)) -> Outcome {
    let mut outcome = Outcome { recording: recording.name.clone(), passed: 0, failures: Vec::new() };
    let mut current = session();
    for entry in &recording.entries {
        match (entry["op"].as_str(), &mut current) {
            (None, _) => {}
            (Some("reopen"), Ok(state)) => {
                state.connection = Connection::new(state.database.clone());
                continue;
            }
            (Some(_), _) => {
                current = session();
                continue;
            }
        }
        let name = entry["name"].as_str().unwrap_or_default().to_string();
        let result = match &mut current {
            Ok(state) => {
                let connection = &mut state.connection;
                watch(Some(Running {
                    since: Instant::now(),
                    interrupt: connection.interrupt_flag(),
                    label: format!("{} {name}: {}", recording.name, entry["sql"]),
                }));
                let result = catch_unwind(AssertUnwindSafe(|| statement(connection, entry)));
                watch(None);
                result.unwrap_or_else(|_| Err("panicked".into()))
            }
            Err(error) => Err(error.clone()),
        };
        match result {
            Ok(()) => outcome.passed += 1,
            Err(message) => {
                let sql = entry["sql"].as_str().unwrap_or_default();
                let sql = sql.replace('\n', " ").chars().take(MOST_CHARS).collect();
                let message = message.chars().take(MOST_CHARS).collect();
                outcome.failures.push(Failure { name, sql, message });
            }
        }
    }
    outcome
}

/// So much of a statement or of a message is shown.
const MOST_CHARS: usize = 600;

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
    let columns = entry["cols"].as_array().map_or(&[][..], Vec::as_slice);
    let wanted: Vec<&str> = columns.iter().filter_map(Json::as_str).collect();
    let found: Vec<&str> = result.columns.iter().map(|column| &**column).collect();
    if wanted != found {
        return Err(format!("columns: expected {wanted:?}, got {found:?}"));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let exact = entry["order"].as_str() == Some("exact");
    if let Some(count) = entry["nrows"].as_u64() {
        if u64::try_from(result.rows.len()).ok() != Some(count) {
            return Err(format!("rows: expected {count} of them, got {}", result.rows.len()));
        }
        let first = rows_of(&entry["first_rows"]);
        let found = &result.rows[..first.len().min(result.rows.len())];
        if exact && first != found {
            return Err(format!("rows: expected first {}, got {}", brief(&first), brief(found)));
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
    if wanted == found {
        return Ok(());
    }
    let first = wanted.iter().zip(&found).position(|(wanted, found)| wanted != found);
    let first = first.unwrap_or(wanted.len().min(found.len()));
    Err(format!(
        "rows: expected {}, got {}; they differ from row {} on: {} and {}",
        brief(&wanted),
        brief(&found),
        first + 1,
        brief(wanted.get(first..).unwrap_or_default()),
        brief(found.get(first..).unwrap_or_default())
    ))
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
        .take(6)
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
