//! Checks relations between answers over random tables and queries. Needs nothing to compare with.
//!
//! The last line is `N relations, N broken`; the exit code is 1 if any is.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use duramen_fuzz::sql_metamorphic::run_seed;

/// Checks that related queries give related answers.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first tables; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many tables to make.
    #[arg(long, default_value_t = 1000)]
    cases: u64,
    /// Stop after so many seconds, even if seeds are left.
    #[arg(long)]
    seconds: Option<u64>,
    /// Stop after so many broken relations.
    #[arg(long, default_value_t = 5)]
    reports: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (began, limit) = (Instant::now(), arguments.seconds.map(Duration::from_secs));
    let (mut relations, mut broken) = (0, 0);
    std::panic::set_hook(Box::new(|_| {}));
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.cases) {
        if limit.is_some_and(|limit| began.elapsed() >= limit) || broken >= arguments.reports {
            break;
        }
        match run_seed(seed) {
            Ok(checked) => relations += checked,
            Err(found) => {
                println!("{found}");
                broken += 1;
            }
        }
    }
    println!("{relations} relations, {broken} broken");
    if broken > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
