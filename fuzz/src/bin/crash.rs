//! Enumerates crashes.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use duramen_fuzz::crash::{Subject, crash};
use duramen_fuzz::histories::{History, histories, history};
use duramen_fuzz::images::{Counts, Effort};
use duramen_fuzz::random::Random;
use duramen_fuzz::storage_crash::StorageHistory;

/// Recovers and checks every state that a loss of power may leave of many short histories.
#[derive(Parser)]
struct Arguments {
    /// Only this history, in full.
    #[arg(long)]
    history: Option<History>,
    /// Only the random sequence of this seed, in full.
    #[arg(long)]
    random: Option<u64>,
    /// Only the history of SQL of this seed, in full.
    #[arg(long)]
    sql: Option<u64>,
    /// Histories of SQL without end instead of operations on keys.
    #[arg(long)]
    sql_only: bool,
    /// Only the history of an object of this seed, in full.
    #[arg(long)]
    storage: Option<u64>,
    /// Of that history only the steps with these numbers, as a failure gives them.
    #[arg(long, value_delimiter = ',', requires = "storage")]
    only: Vec<usize>,
    /// Histories of objects without end instead of operations on keys.
    #[arg(long)]
    storage_only: bool,
    /// The statements of a history of SQL after its definitions, and the steps of one of an object.
    #[arg(long, default_value_t = 40)]
    statements: usize,
    /// The most operations of a random sequence.
    #[arg(long, default_value_t = 60)]
    ops: usize,
    /// Stop after so many states.
    #[arg(long)]
    states: Option<u64>,
    /// Stop after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// The most steps of a history.
    #[arg(long, default_value_t = 3)]
    steps: usize,
    /// At most so many images of one moment.
    #[arg(long)]
    images_per_moment: Option<u64>,
    /// Chooses among images, and the random sequences.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many threads work.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

impl Arguments {
    /// What is run as number `number`: the short histories by length, then random ones without end; or SQL.
    fn subject(&self, mut number: u64) -> (Subject, Effort) {
        let effort = Effort {
            images_per_moment: self.images_per_moment.unwrap_or(u64::MAX),
            recovery_crashed_in: 1,
            recovery_images_per_moment: u64::MAX,
            seed: self.seed,
        };
        if let Some(history) = &self.history {
            return (Subject::Short(history.clone()), effort);
        }
        if let Some(seed) = self.random {
            return (Subject::Random { seed, max_ops: self.ops }, effort);
        }
        if let Some(seed) = self.sql {
            return (Subject::Sql { seed, steps: self.statements }, effort);
        }
        if let Some(seed) = self.storage {
            let only = self.only.clone();
            return (Subject::Storage(StorageHistory { seed, steps: self.statements, only }), effort);
        }
        if self.sql_only || self.storage_only {
            let effort = Effort {
                images_per_moment: self.images_per_moment.unwrap_or(6),
                recovery_images_per_moment: 4,
                recovery_crashed_in: 50,
                ..effort
            };
            let (seed, steps) = (Random::for_purpose(self.seed, number).next(), self.statements);
            let subject = match self.storage_only {
                true => Subject::Storage(StorageHistory { seed, steps, only: Vec::new() }),
                false => Subject::Sql { seed, steps },
            };
            return (subject, effort);
        }
        for len in 1..=self.steps {
            let all = histories(len);
            if number < all {
                let effort = match len {
                    1 => Effort {
                        images_per_moment: 2000,
                        recovery_images_per_moment: 40,
                        recovery_crashed_in: 20,
                        ..effort
                    },
                    2 => Effort {
                        images_per_moment: 200,
                        recovery_images_per_moment: 40,
                        recovery_crashed_in: 100,
                        ..effort
                    },
                    _ => Effort {
                        images_per_moment: 20,
                        recovery_images_per_moment: 10,
                        recovery_crashed_in: 100,
                        ..effort
                    },
                };
                return (Subject::Short(history(len, number)), effort);
            }
            number -= all;
        }
        let effort = Effort {
            images_per_moment: 6,
            recovery_images_per_moment: 10,
            recovery_crashed_in: 100,
            ..effort
        };
        (Subject::Random { seed: Random::for_purpose(self.seed, number).next(), max_ops: self.ops }, effort)
    }

    fn one_only(&self) -> bool {
        self.history.is_some() || self.random.is_some() || self.sql.is_some() || self.storage.is_some()
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let (next, states, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new((Counts::default(), 0u64));
    std::panic::set_hook(Box::new(|_| {}));
    let work = || {
        let mut counts = Counts::default();
        let mut failures = 0;
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if arguments.one_only() && number > 0 {
                break;
            }
            let (subject, effort) = arguments.subject(number);
            let before = counts.states();
            if let Err(failed) = crash(&subject, &effort, &mut counts) {
                println!("{failed}");
                failures += 1;
                stop.fetch_or(!arguments.keep_going, Ordering::Relaxed);
            }
            let done =
                states.fetch_add(counts.states() - before, Ordering::Relaxed) + counts.states() - before;
            let late = arguments.seconds.is_some_and(|limit| began.elapsed() >= Duration::from_secs(limit));
            stop.fetch_or(late || arguments.states.is_some_and(|limit| done >= limit), Ordering::Relaxed);
        }
        let mut total = total.lock().expect("no thread panics while it holds this");
        total.0.add(&counts);
        total.1 += failures;
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(work);
        }
    });
    let (counts, failures) = *total.lock().expect("no thread panics while it holds this");
    let seconds = began.elapsed().as_secs_f64();
    println!("{counts:#?}");
    println!(
        "{} states in {seconds:.1} s, {:.0} a second; {failures} failures",
        counts.states(),
        counts.states() as f64 / seconds
    );
    if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
