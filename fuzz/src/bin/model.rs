//! Runs random sequences of operations against the model.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use duramen_fuzz::sequences::run_seed;

/// Compares the engine with a model after each of many random operations.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first sequence; the others follow.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many sequences to run.
    #[arg(long, default_value_t = 1000)]
    sequences: u64,
    /// The most operations of one sequence.
    #[arg(long, default_value_t = 200)]
    ops: usize,
    /// Stop after so many seconds, even if sequences are left.
    #[arg(long)]
    seconds: Option<u64>,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let limit = arguments.seconds.map(Duration::from_secs);
    let (mut ops, mut sequences, mut failures) = (0, 0, 0);
    std::panic::set_hook(Box::new(|_| {}));
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.sequences) {
        if limit.is_some_and(|limit| began.elapsed() >= limit) {
            break;
        }
        sequences += 1;
        match run_seed(seed, arguments.ops) {
            Ok(ran) => ops += ran.ops,
            Err(failed) => {
                println!("{failed}");
                failures += 1;
                if !arguments.keep_going {
                    break;
                }
            }
        }
    }
    println!("{sequences} sequences, {ops} operations, {failures} failures in {:.1?}", began.elapsed());
    if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
