//! Damages every file of small databases in every place.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use duramen_fuzz::damage::{Counts, Lie, Victim, lie};
use duramen_fuzz::histories::STEPS;
use duramen_fuzz::histories::Step;

/// Damages every file of small databases in every place, and loses every write.
#[derive(Parser)]
struct Arguments {
    /// Only this victim.
    #[arg(long)]
    victim: Option<usize>,
    /// Only this damage.
    #[arg(long)]
    damage: Option<String>,
    /// Only every so many-th damage.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let victims = match Victim::all() {
        Ok(victims) => victims,
        Err(found) => {
            println!("{found}");
            return ExitCode::FAILURE;
        }
    };
    let mut total = Counts::default();
    let mut failures = 0;
    for (number, victim) in victims.iter().enumerate() {
        if arguments.victim.is_some_and(|only| only != number) {
            continue;
        }
        let mut counts = Counts::default();
        for damage in victim.damages().expect("files in memory are readable").iter().step_by(arguments.every)
        {
            if arguments.damage.as_ref().is_some_and(|only| *only != damage.to_string()) {
                continue;
            }
            let before = counts.stepped_back;
            if let Err(found) = victim.damage(damage, &mut counts) {
                failures += 1;
                println!("{}: {damage}\n  {found}", victim.name());
                println!(
                    "replay: cargo run --release -p duramen-fuzz --bin damage -- --victim {number} --damage {damage}"
                );
                if !arguments.keep_going {
                    return ExitCode::FAILURE;
                }
            }
            if counts.stepped_back > before && std::env::var_os("SHOW").is_some() {
                println!("stepped back: {damage}");
            }
        }
        println!("{}: {counts:?}", victim.name());
        total.add(&counts);
    }
    if arguments.damage.is_none() {
        let steps = STEPS.iter().map(|(step, _)| *step).filter(|step| *step != Step::Kill);
        let ops: Vec<_> = steps.enumerate().flat_map(|(place, step)| step.ops(place)).collect();
        for kind in [Lie::LoseWrite, Lie::ReportLate] {
            let mut counts = Counts::default();
            let mut call = 0;
            loop {
                match lie(&ops, call, kind, &mut counts) {
                    Ok(Some(met)) => call = met + 1,
                    Ok(None) => break,
                    Err(found) => {
                        failures += 1;
                        println!("{kind:?} at call {call}\n  {found}");
                        call += 1;
                    }
                }
            }
            println!("{kind:?}: {counts:?}");
            total.add(&counts);
        }
    }
    println!("{total:?}, {failures} failures in {:.1?}", began.elapsed());
    if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
