//! Feeds hostile bytes to every decoder.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use duramen_fuzz::compare::Divergence;
use duramen_fuzz::decoders::{DECODERS, input, samples};
use duramen_fuzz::panics::without_panic;
use duramen_fuzz::random::Random;

/// Decodes random and damaged bytes with every decoder; a panic is a failure.
#[derive(Parser)]
struct Arguments {
    /// Stop after so many seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The first input; the others follow.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Stop after so many inputs, even if there is time left.
    #[arg(long)]
    inputs: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let samples = match samples() {
        Ok(samples) => samples,
        Err(error) => {
            eprintln!("error: the samples cannot be made: {error}");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    let mut runs = 0u64;
    for seed in arguments.seed.. {
        let done = seed - arguments.seed;
        let late = began.elapsed() >= Duration::from_secs(arguments.seconds);
        if late || arguments.inputs.is_some_and(|most| done >= most) {
            break;
        }
        let bytes = input(&samples, &mut Random::for_purpose(seed, 3));
        for decoder in DECODERS {
            let run = without_panic(|| {
                (decoder.run)(&bytes);
                Ok::<(), Divergence>(())
            });
            if let Err(found) = run {
                println!("{}: {found}", decoder.name);
                println!(
                    "replay: cargo run --release -p duramen-fuzz --bin decode -- --seed {seed} --inputs 1"
                );
                return ExitCode::FAILURE;
            }
            runs += 1;
        }
    }
    println!(
        "{runs} runs of {} decoders, 0 failures in {:.1} s",
        DECODERS.len(),
        began.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
