//! Sweeps errors over every call into the file system.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use duramen_fuzz::faults::{AFTER, Case, Counts, FAULTS};
use duramen_fuzz::sweep::Workload;

/// Lets every call into the file system fail, in every way.
#[derive(Parser)]
struct Arguments {
    /// Only this case.
    #[arg(long)]
    case: Option<Case>,
    /// Only every so many-th call.
    #[arg(long, default_value_t = 1)]
    every: u64,
    /// Only workloads whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let workloads = match Workload::all() {
        Ok(workloads) => workloads,
        Err(found) => {
            println!("{found}");
            return ExitCode::FAILURE;
        }
    };
    let mut total = Counts::default();
    let mut failures = 0;
    let chosen = |workload: &Workload| workload.name().contains(&arguments.only);
    for (number, workload) in workloads.iter().enumerate().filter(|(_, workload)| chosen(workload)) {
        let mut counts = Counts::default();
        for call in (0..workload.calls()).step_by(usize::try_from(arguments.every).unwrap_or(usize::MAX)) {
            for fault in (0..FAULTS.len()).filter(|fault| workload.is_possible(call, FAULTS[*fault].0)) {
                for (after, what_after) in AFTER.iter().enumerate() {
                    let case = Case { workload: number, call, fault, after };
                    if arguments.case.is_some_and(|only| only != case) {
                        continue;
                    }
                    if let Err(found) = workload.run(case, &mut counts) {
                        failures += 1;
                        println!(
                            "{}: {:?} at call {call}, then {:?}\n  {found}",
                            workload.name(),
                            FAULTS[fault],
                            what_after
                        );
                        println!("replay: cargo run --release -p duramen-fuzz --bin sweep -- --case {case}");
                        if !arguments.keep_going {
                            return ExitCode::FAILURE;
                        }
                    }
                }
            }
        }
        println!("{}: {} calls, {counts:?}", workload.name(), workload.calls());
        total.add(&counts);
    }
    println!("{total:?}, {failures} failures in {:.1?}", began.elapsed());
    if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
