//! Compares this project's SQL with SQLite itself, statement by statement.
//!
//! The last line is `N statements, N differences`; the exit code is 1 if there are any. Errors whose texts differ are
//! listed apart and are no difference.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use duramen_fuzz::sql_answer::{Class, Difference};
use duramen_fuzz::sql_case::{After, Case, Statement};
use duramen_fuzz::sql_oracle::{run, smallest};

/// Compares answers with those of SQLite.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first case; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run cases until so many statements have run.
    #[arg(long, default_value_t = 100_000)]
    statements: usize,
    /// Run at most so many cases.
    #[arg(long, default_value_t = u64::MAX)]
    cases: u64,
    /// So many cases run side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Make the first so many differences small and print them.
    #[arg(long, default_value_t = 10)]
    reports: usize,
    /// Print the statements of each case before it runs.
    #[arg(long)]
    print: bool,
}

/// A case that takes so long is named.
const SLOW: Duration = Duration::from_secs(5);

/// What all threads found.
#[derive(Default)]
struct Findings {
    statements: AtomicUsize,
    differences: AtomicUsize,
    reports: AtomicUsize,
    texts: Mutex<BTreeMap<String, usize>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    let findings = Findings::default();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                while findings.statements.load(Ordering::Relaxed) < arguments.statements {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= arguments.cases {
                        break;
                    }
                    run_case(&arguments, arguments.seed.wrapping_add(number), &findings);
                }
            });
        }
    });
    let texts = findings.texts.lock().map(|texts| texts.clone()).unwrap_or_default();
    let mut by_count: Vec<(&String, &usize)> = texts.iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    if !by_count.is_empty() {
        println!(
            "{} errors with another text, for example:",
            by_count.iter().map(|(_, count)| **count).sum::<usize>()
        );
        for (text, count) in by_count.iter().take(arguments.reports) {
            println!("{count} times\n{text}");
        }
    }
    let differences = findings.differences.into_inner();
    println!("{} statements, {differences} differences", findings.statements.into_inner());
    if differences > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run_case(arguments: &Arguments, seed: u64, findings: &Findings) {
    let case = Case::of(seed);
    if arguments.print {
        println!("{}", script(&case.statements));
    }
    let began = Instant::now();
    let (ran, found) = match run(seed, &case.statements) {
        Ok(ran) => ran,
        Err(error) => {
            println!("seed {seed} stopped: {error}");
            findings.differences.fetch_add(1, Ordering::Relaxed);
            return;
        }
    };
    if began.elapsed() > SLOW {
        eprintln!("seed {seed} took {:.1?}", began.elapsed());
    }
    findings.statements.fetch_add(ran, Ordering::Relaxed);
    let mut reported = Vec::new();
    for found in found {
        if found.difference.class == Class::ErrorText {
            if let Ok(mut texts) = findings.texts.lock() {
                *texts.entry(found.difference.text).or_default() += 1;
            }
            continue;
        }
        findings.differences.fetch_add(1, Ordering::Relaxed);
        let sort = (found.difference.class, found.difference.mark.clone());
        if reported.contains(&sort) {
            continue;
        }
        reported.push(sort);
        if findings.reports.fetch_add(1, Ordering::Relaxed) < arguments.reports {
            let (statements, difference) = smallest(seed, &case.statements, &found);
            println!("{}", report(seed, &statements, &difference));
        }
    }
}

fn report(seed: u64, statements: &[Statement], difference: &Difference) -> String {
    format!(
        "-- {:?}\n{}\n{}\nreplay: cargo run --release -p duramen-fuzz --features oracle --bin differential -- --cases 1 --seed {seed}\n",
        difference.class,
        script(statements),
        difference.text,
    )
}

fn script(statements: &[Statement]) -> String {
    let lines = statements.iter().map(|statement| match statement.after {
        After::Nothing => format!("{};", statement.sql),
        after => format!("{}; -- then {after:?}", statement.sql),
    });
    lines.collect::<Vec<_>>().join("\n")
}
