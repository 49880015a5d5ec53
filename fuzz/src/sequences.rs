//! Random sequences of operations, compared with the model after each; a failing one is made smaller.

use std::fmt;

use duramen_engine::Retention;
use duramen_engine::io::sim::SimFs;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::compare::{Checked, Divergence};
use crate::duramen::{Duramen, options_for};
use crate::ops::{Op, ops};
use crate::panics::without_panic;
use crate::random::Random;
use crate::runner::{Promises, Runner};

/// A sequence that failed, as small as it could be made.
#[derive(Debug)]
pub struct Failed {
    /// The seed.
    pub seed: u64,
    /// The longest sequence asked for.
    pub max_ops: usize,
    /// The operations.
    pub ops: Vec<Op>,
    /// What is wrong.
    pub found: Divergence,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} fails: {}", self.seed, self.found)?;
        writeln!(f, "the shortest sequence found ({} operations):", self.ops.len())?;
        self.ops.iter().try_for_each(|op| writeln!(f, "    {op:?}"))?;
        write!(
            f,
            "replay: cargo run --release -p duramen-fuzz --bin model -- --seed {} --sequences 1 --ops {}",
            self.seed, self.max_ops
        )
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// How many operations.
    pub ops: u64,
    /// The hash of every call into the file system.
    pub trace_hash: u64,
}

/// The operations of a seed.
fn generate(seed: u64, max_ops: usize) -> impl ValueTree<Value = Vec<Op>> {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&Random::for_purpose(seed, 1).bytes(32));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    vec(ops(), 1..=max_ops).new_tree(&mut runner).expect("nothing is filtered")
}

/// The operations of a seed.
#[must_use]
pub fn generate_ops(seed: u64, max_ops: usize) -> Vec<Op> {
    generate(seed, max_ops).current()
}

/// Runs the sequence of a seed, and makes it smaller where it fails.
///
/// # Errors
/// The smallest failing sequence found.
pub fn run_seed(seed: u64, max_ops: usize) -> Result<Ran, Box<Failed>> {
    let mut tree = generate(seed, max_ops);
    let mut found = match run(seed, &tree.current()) {
        Ok(ran) => return Ok(ran),
        Err(found) => found,
    };
    let mut smallest = tree.current();
    let mut smaller = tree.simplify();
    for _ in 0..SHRINKING_RUNS {
        if !smaller {
            break;
        }
        smaller = match run(seed, &tree.current()) {
            Ok(_) => tree.complicate(),
            Err(again) => {
                (smallest, found) = (tree.current(), again);
                tree.simplify()
            }
        };
    }
    Err(Box::new(Failed { seed, max_ops, ops: smallest, found }))
}

/// At most so many runs make a failing sequence smaller.
const SHRINKING_RUNS: usize = 3000;

/// Runs a sequence under the options of a seed. A panic counts as a difference.
///
/// # Errors
/// The first difference.
pub fn run(seed: u64, ops: &[Op]) -> Checked<Ran> {
    without_panic(|| run_ops(seed, ops))
}

fn run_ops(seed: u64, ops: &[Op]) -> Checked<Ran> {
    let options = options_for(Random::for_purpose(seed, 2).next());
    let promises = Promises { all_history: options.retention == Retention::All };
    let mut runner = Runner::new(Duramen::open(SimFs::new(), options, seed)?, promises);
    let mut trace_hash = 0u64;
    for (number, op) in ops.iter().enumerate() {
        runner.step(op).map_err(|found| found.during(format_args!("operation {number}, {op:?}")))?;
        trace_hash = trace_hash.rotate_left(1) ^ runner.engine().fs().trace_hash();
        runner.engine().fs().restart_trace();
    }
    runner.finish()?;
    Ok(Ran { ops: ops.len() as u64, trace_hash })
}
