//! What is measured and how much of it: the command line of `kv`, which child processes get too.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cpu::precise;
use crate::keys::Random;

/// Sizes and choices of the key-value report. What is not given follows from the scale.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// A tenth of the rows and less of everything.
    #[arg(long)]
    pub quick: bool,
    /// Rows of the loaded database; a million otherwise.
    #[arg(long)]
    rows: Option<u64>,
    /// Gets of each measurement; as many as there are rows otherwise.
    #[arg(long)]
    gets: Option<u64>,
    /// Bytes of a value. Keys have 24.
    #[arg(long, default_value_t = 150)]
    pub value_bytes: usize,
    /// Which keys gets ask for.
    #[arg(long, value_enum, default_value_t)]
    pub distribution: Distribution,
    /// Times each group of durable commits is measured.
    #[arg(long)]
    rounds: Option<u64>,
    /// Only these engines, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub engines: Vec<String>,
    /// Only these parts, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub parts: Vec<Part>,
    /// Instead of the report: random overwrites for this many minutes on each engine, and how space, memory and latency go.
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    pub churn: Option<Duration>,
    /// Seconds after which an engine's part is given up, besides the minutes of a churn.
    #[arg(long, default_value_t = 600)]
    pub patience: u64,
    /// Where to put the databases; a temporary directory otherwise. A full run needs 5 GB.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Writes all figures to this file as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Draws plots into this directory, as SVG.
    #[arg(long)]
    pub plots: Option<PathBuf>,
    /// What a process started by the report itself is to do.
    #[arg(long, hide = true, value_enum)]
    pub task: Option<Task>,
}

/// A time given in minutes, with a fraction if need be.
fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: f64 = text.parse().map_err(|_| format!("{text} is no number of minutes"))?;
    Duration::try_from_secs_f64(minutes * 60.0).map_err(|error| error.to_string())
}

/// Which keys gets ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Distribution {
    /// Each as often as any other.
    #[default]
    Uniform,
    /// Few of them most of the time, as YCSB has it.
    Zipfian,
}

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Durable commits and small databases, the engines in turns within one process.
    Turns,
    /// The life of one database: load, reads, writes, removal, churn, compaction.
    Life,
    /// Keys in ascending order, keys with a common prefix.
    Order,
    /// Opening after an unclean stop.
    Crash,
    /// Many small databases open at once.
    Many,
    /// The workloads A to F of YCSB.
    Ycsb,
    /// Values of 16 B to 1 MiB.
    Values,
    /// Three times as much data as memory.
    Tight,
}

impl Part {
    /// All parts, in the order of the report.
    pub const ALL: [Part; 8] = [
        Part::Turns,
        Part::Life,
        Part::Order,
        Part::Crash,
        Part::Many,
        Part::Ycsb,
        Part::Values,
        Part::Tight,
    ];
}

/// What a process of its own does: those parts whose memory counts, or which end badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// [`Part::Turns`]
    Turns,
    /// [`Part::Life`]
    Life,
    /// [`Part::Order`]
    Order,
    /// Loads a database, writes on and dies.
    Die,
    /// Opens what that left, has a rest, and dies again.
    DieRested,
    /// Opens what the first of those left.
    Reopen,
    /// Opens what the second of those left.
    ReopenRested,
    /// [`Part::Many`]
    Many,
    /// [`Part::Ycsb`]
    Ycsb,
    /// [`Part::Values`]
    Values,
    /// Loads what is too large.
    TightLoad,
    /// Works on it with little memory.
    Tight,
    /// The long churn.
    Churn,
}

impl Options {
    /// What a process for a task must be told besides its task, engines and directory.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments = vec![String::from("kv")];
        let mut set = |name: &str, value: u64| arguments.push(format!("--{name}={value}"));
        set("rows", self.rows());
        set("gets", self.gets());
        set("rounds", self.rounds());
        set("value-bytes", u64::try_from(self.value_bytes).unwrap_or(u64::MAX));
        arguments.extend(self.quick.then(|| "--quick".into()));
        arguments.extend(self.churn.map(|time| format!("--churn={}", time.as_secs_f64() / 60.0)));
        let distribution = self.distribution.to_possible_value();
        arguments.extend(distribution.map(|value| format!("--distribution={}", value.get_name())));
        arguments
    }

    /// How long an engine's part may take.
    #[must_use]
    pub fn longest_part(&self) -> Duration {
        Duration::from_secs(self.patience).saturating_add(self.churn.unwrap_or_default())
    }

    /// Rows of the loaded database.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.unwrap_or(if self.quick { 100_000 } else { 1_000_000 }).max(1000)
    }

    /// Gets of each measurement.
    #[must_use]
    pub fn gets(&self) -> u64 {
        self.gets.unwrap_or(self.rows())
    }

    /// Times each group of durable commits is measured.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 })
    }

    /// `full` in a full run and a tenth of it in a quick one.
    #[must_use]
    pub fn scaled(&self, full: u64) -> u64 {
        if self.quick { full / 10 } else { full }
    }

    /// Bytes of keys and values of `rows` rows.
    #[must_use]
    pub fn user_bytes(&self, rows: u64) -> f64 {
        precise(rows) * (24.0 + precise(u64::try_from(self.value_bytes).unwrap_or(0)))
    }

    /// The numbers of rows that gets ask for.
    #[must_use]
    pub fn choices(&self, seed: u64, rows: u64, count: u64) -> Vec<u64> {
        let mut random = Random::new(seed);
        match self.distribution {
            Distribution::Uniform => (0..count).map(|_| random.below(rows)).collect(),
            Distribution::Zipfian => {
                let zipfian = Zipfian::new(rows);
                (0..count).map(|_| zipfian.scrambled(&mut random)).collect()
            }
        }
    }
}

/// The skewed choice of YCSB: a few rows are asked for most of the time (Gray et al., SIGMOD 1994; theta 0.99).
#[derive(Clone, Copy, Debug)]
pub struct Zipfian {
    rows: u64,
    zeta: f64,
    eta: f64,
}

const THETA: f64 = 0.99;

impl Zipfian {
    /// A choice among so many rows.
    #[must_use]
    pub fn new(rows: u64) -> Zipfian {
        let zeta: f64 = (1..=rows).map(|i| precise(i).powf(-THETA)).sum();
        let zeta_of_two = 1.0 + 2f64.powf(-THETA);
        let eta = (1.0 - (2.0 / precise(rows)).powf(1.0 - THETA)) / (1.0 - zeta_of_two / zeta);
        Zipfian { rows, zeta, eta }
    }

    /// A rank: 0 is the most frequent.
    pub fn rank(&self, random: &mut Random) -> u64 {
        let uniform = precise(random.next_u64() >> 11) / precise(1 << 53);
        let scaled = uniform * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5f64.powf(THETA) {
            return 1;
        }
        let share = (self.eta * uniform - self.eta + 1.0).powf(1.0 / (1.0 - THETA));
        whole(precise(self.rows) * share).min(self.rows - 1)
    }

    /// A row: the frequent ones lie anywhere.
    pub fn scrambled(&self, random: &mut Random) -> u64 {
        Random::new(self.rank(random)).below(self.rows)
    }
}

/// A float that is no less than zero, cut to a whole number.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares of row counts")]
pub fn whole(x: f64) -> u64 {
    x as u64
}

#[cfg(test)]
mod tests;
