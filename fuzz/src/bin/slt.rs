//! Runs sqllogictest files, as engine `sqlite`.
//!
//! `slt [--verbose] [--exclude FILE] PATH…`: files or folders; without any the corpus that `DURAMEN_CORPORA` names. The
//! last line is `N passed, N failed`; the exit code is 1 if any record failed. A file that is named is never skipped in
//! silence.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use duramen_fuzz::md5::md5_hex;
use duramen_sql::{Connection, Value};

/// Runs sqllogictest files, as engine `sqlite`.
#[derive(Parser)]
struct Arguments {
    /// Show each failure.
    #[arg(long)]
    verbose: bool,
    /// A file with the names of files to leave out, one a line.
    #[arg(long)]
    exclude: Option<PathBuf>,
    /// How many files to run at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Files or folders.
    paths: Vec<PathBuf>,
}

/// How many records of a file passed and failed, and what is to be said of the failures.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: usize,
    messages: Vec<String>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.paths.is_empty() {
        match std::env::var_os("DURAMEN_CORPORA") {
            Some(corpora) => arguments.paths.push(PathBuf::from(corpora).join("sqllogictest")),
            None => {
                eprintln!("name files or folders, or set DURAMEN_CORPORA");
                return ExitCode::FAILURE;
            }
        }
    }
    let excluded: Vec<String> = match &arguments.exclude {
        Some(file) => match std::fs::read_to_string(file) {
            Ok(text) => {
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect()
            }
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        },
        None => Vec::new(),
    };
    let mut files = Vec::new();
    let mut failed = 0;
    for path in &arguments.paths {
        if let Err(error) = collect(path, &mut files) {
            eprintln!("{}: {error}", path.display());
            failed += 1;
        }
    }
    files.sort();
    files.retain(|file| !excluded.iter().any(|name| file.to_string_lossy().ends_with(name.as_str())));
    let next = AtomicUsize::new(0);
    let outcomes: Mutex<Vec<(PathBuf, Outcome)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = std::time::Instant::now();
                    let outcome = run_file(file);
                    println!(
                        "{}: {} passed, {} failed, {:.1} s",
                        file.display(),
                        outcome.passed,
                        outcome.failed,
                        started.elapsed().as_secs_f64()
                    );
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push((file.clone(), outcome));
                    }
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_default();
    let mut passed = 0;
    for (file, outcome) in &outcomes {
        passed += outcome.passed;
        failed += outcome.failed;
        if arguments.verbose {
            for message in &outcome.messages {
                println!("{}: {message}", file.display());
            }
        }
    }
    if files.is_empty() {
        eprintln!("no sqllogictest files found");
        failed += 1;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "test") {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn run_file(file: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            outcome.failed = 1;
            outcome.messages.push(error.to_string());
            return outcome;
        }
    };
    let mut connection = match Connection::open_in_memory() {
        Ok(connection) => connection,
        Err(error) => {
            outcome.failed = 1;
            outcome.messages.push(error.to_string());
            return outcome;
        }
    };
    let mut labels = std::collections::HashMap::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_end();
        if line.is_empty() || line.starts_with('#') {
            at += 1;
            continue;
        }
        let mut skipped = false;
        let mut head = line;
        while head.starts_with("skipif") || head.starts_with("onlyif") {
            let engine = head.split_whitespace().nth(1).unwrap_or_default();
            skipped |= (engine == "sqlite") == head.starts_with("skipif");
            at += 1;
            head = lines.get(at).map_or("", |line| line.trim_end());
        }
        let start = at;
        if head.starts_with("halt") {
            if skipped {
                at += 1;
                continue;
            }
            break;
        }
        if head.starts_with("hash-threshold") || head.is_empty() {
            at += 1;
            continue;
        }
        at += 1;
        let mut sql = String::new();
        while at < lines.len() && !lines[at].trim_end().is_empty() && lines[at].trim_end() != "----" {
            if !sql.is_empty() {
                sql.push('\n');
            }
            sql.push_str(lines[at]);
            at += 1;
        }
        let mut expected = Vec::new();
        if at < lines.len() && lines[at].trim_end() == "----" {
            at += 1;
            while at < lines.len() && !lines[at].is_empty() {
                expected.push(lines[at]);
                at += 1;
            }
        }
        if skipped {
            continue;
        }
        let result = record(&mut connection, head, &sql, &expected, &mut labels);
        match result {
            Ok(()) => outcome.passed += 1,
            Err(message) => {
                outcome.failed += 1;
                let short: String = sql.chars().take(300).collect();
                outcome.messages.push(format!("{}: {message}\n    {short}", start + 1));
            }
        }
    }
    outcome
}

fn record(
    connection: &mut Connection,
    head: &str,
    sql: &str,
    expected: &[&str],
    labels: &mut std::collections::HashMap<String, String>,
) -> Result<(), String> {
    let words: Vec<&str> = head.split_whitespace().collect();
    match words.as_slice() {
        ["statement", wanted, ..] => match (connection.run(sql, &[]), *wanted) {
            (Ok(_), "ok") | (Err(_), "error") => Ok(()),
            (Ok(_), _) => Err("succeeded, but should not".into()),
            (Err(error), _) => Err(error.to_string()),
        },
        ["query", types, rest @ ..] => {
            let result = connection.run(sql, &[]).map_err(|error| error.to_string())?;
            if result.columns.len() != types.len() {
                return Err(format!("{} columns, expected {}", result.columns.len(), types.len()));
            }
            let mut rows: Vec<Vec<String>> = result
                .rows
                .iter()
                .map(|row| row.iter().zip(types.chars()).map(|(value, kind)| shown(value, kind)).collect())
                .collect();
            let values: Vec<String> = match rest.first().copied() {
                Some("rowsort") => {
                    rows.sort();
                    rows.into_iter().flatten().collect()
                }
                Some("valuesort") => {
                    let mut values: Vec<String> = rows.into_iter().flatten().collect();
                    values.sort();
                    values
                }
                _ => rows.into_iter().flatten().collect(),
            };
            let joined: String = values.iter().map(|value| format!("{value}\n")).collect();
            let sum = md5_hex(joined.as_bytes());
            if let Some(label) = rest.get(1) {
                let known = labels.entry((*label).to_string()).or_insert_with(|| sum.clone());
                if *known != sum {
                    return Err(format!("another result than before under the label {label}"));
                }
            }
            if let [line] = expected
                && line.contains(" values hashing to ")
            {
                let wanted = format!("{} values hashing to {sum}", values.len());
                return if *line == wanted { Ok(()) } else { Err(format!("expected {line}, got {wanted}")) };
            }
            if values == expected {
                Ok(())
            } else {
                let shorten = |all: &[String]| all.iter().take(12).cloned().collect::<Vec<_>>().join(" | ");
                let wanted: Vec<String> = expected.iter().map(|line| (*line).to_string()).collect();
                Err(format!("expected {}, got {}", shorten(&wanted), shorten(&values)))
            }
        }
        _ => Err(format!("unknown record: {head}")),
    }
}

/// A value as sqllogictest prints it in a column of this kind.
fn shown(value: &Value, kind: char) -> String {
    let value = value.as_ref();
    if value.is_null() {
        return "NULL".into();
    }
    match kind {
        'I' => value.to_integer().to_string(),
        'R' => real_text(value.to_real()),
        _ => {
            let mut room = duramen_sql::value::NumberText::new();
            let text = value.bytes().or_else(|| value.to_text(&mut room)).unwrap_or_default();
            if text.is_empty() {
                return "(empty)".into();
            }
            let printable = |byte: &u8| if (0x20..=0x7e).contains(byte) { char::from(*byte) } else { '@' };
            text.iter().map(printable).collect()
        }
    }
}

/// A real as SQLite's own `%.3f` prints it: sixteen digits at most, and zeros behind them.
fn real_text(real: f64) -> String {
    let plain = format!("{real:.3}");
    let digits = plain.trim_start_matches('-').split('.').next().map_or(0, str::len);
    if digits <= 16 {
        return plain;
    }
    let short = format!("{real:.15e}");
    let Some((mantissa, exponent)) = short.split_once('e') else { return plain };
    let power: usize = exponent.parse().unwrap_or(0);
    let sign = if real < 0.0 { "-" } else { "" };
    let mut all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    while all.len() <= power {
        all.push('0');
    }
    format!("{sign}{all}.000")
}
