//! Runs recorded vectors of a Durable Object's storage through the public API, with the limits of the runtime that they
//! were recorded on.
//!
//! `vectors [--exclude FILE]… [--counts FILE] [--only START]… [--verbose] FILE.jsonl…`. A file of exclusions has a line for each
//! case: its name, then what keeps it from being run. Prints how the cases of each area did, each failure, and two figures
//! apart: how many counts of rows, and how many query plans, are those of the recording. Only in the area `metering` does a
//! count decide, unless the file of counts lists it as that of another plan, with the reason. The last line is `N passed, N failed`; the exit code is 1 if any case failed.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use duramen_fuzz::vectors::case::Case;
use duramen_fuzz::vectors::report::Report;
use duramen_fuzz::vectors::run::{Outcome, run};
use serde_json::Value as Json;

/// Runs recorded vectors of a Durable Object's storage.
#[derive(Parser)]
struct Arguments {
    /// A file with the names of cases to leave out, one a line; what follows the name is the reason.
    #[arg(long)]
    exclude: Vec<PathBuf>,
    /// A file with the counts that are known to differ, as they are shown, one a line, and the reason behind ` # `; in the
    /// place of fuzz/vectors/counts.
    #[arg(long)]
    counts: Option<PathBuf>,
    /// Only cases whose name or area starts so.
    #[arg(long)]
    only: Vec<String>,
    /// Show failures whole, and each count of rows that differs.
    #[arg(long)]
    verbose: bool,
    /// Recordings.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The counts that are known to differ.
const LISTED: &str = include_str!("../../vectors/counts");

/// Deep expressions are evaluated by recursion.
const STACK_BYTES: usize = 256 << 20;

/// So much of a value is shown, unless all is asked for.
const MOST_CHARS: usize = 400;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || run_all(&arguments));
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(0))) => ExitCode::SUCCESS,
        Ok(Ok(Err(message))) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

/// Runs what is asked for; how many cases failed.
fn run_all(arguments: &Arguments) -> Result<u64, String> {
    let excluded = excluded(arguments)?;
    let listed = arguments.counts.as_deref().map(read).transpose()?;
    let mut report = Report::new(listed.as_deref().unwrap_or(LISTED));
    for case in cases(arguments)? {
        if excluded.contains(&case.id) {
            report.exclude(&case);
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&case))).unwrap_or_else(|_| Outcome::panicked());
        tell(&case, &outcome, arguments.verbose);
        for line in report.add(&case, &outcome) {
            println!("{} FAILED: {line}", case.id);
        }
    }
    println!("{report}");
    let (passed, failed) = report.totals();
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The cases that are asked for.
fn cases(arguments: &Arguments) -> Result<Vec<Case>, String> {
    let is_meant = |case: &Case| {
        let only = &arguments.only;
        only.is_empty() || only.iter().any(|start| case.id.starts_with(start) || case.area.starts_with(start))
    };
    let mut cases = Vec::new();
    for file in &arguments.files {
        let text = read(file)?;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let case = Case::read(line);
            cases.push(case.map_err(|error| format!("{}:{}: {error}", file.display(), number + 1))?);
        }
    }
    cases.retain(is_meant);
    Ok(cases)
}

/// The names of the cases to leave out.
fn excluded(arguments: &Arguments) -> Result<HashSet<String>, String> {
    let mut names = HashSet::new();
    for file in &arguments.exclude {
        let text = read(file)?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        names.extend(lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned));
    }
    Ok(names)
}

/// Shows what was not as expected.
fn tell(case: &Case, outcome: &Outcome, is_verbose: bool) {
    let most = if is_verbose { usize::MAX } else { MOST_CHARS };
    let shown = |json: &Json| json.to_string().chars().take(most).collect::<String>();
    for failure in &outcome.failures {
        println!("{} FAILED: {}", case.id, shown(&failure.op));
        println!("    expected: {}", shown(&failure.expected));
        println!("    got:      {}", shown(&failure.got));
    }
    if is_verbose {
        for line in &outcome.differing {
            println!("{}: {line}", case.id);
        }
    }
}
