//! Engines measured in turns: within a round each of them does the same calls, so that a busy machine hurts all alike.

use std::time::{Duration, Instant};

use super::data::Shop;
use super::engine::{Digest, Engine, Failure, Look};
use super::lines::{Clock, Line};
use crate::cpu::{median, precise, process_time, thread_time};
use crate::keys::Random;

/// How long is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Times each engine is measured; the median counts.
    pub rounds: u32,
    /// How long a round takes for the first engine, about.
    pub round_ms: u64,
}

/// What a line came to.
pub struct Figures {
    /// Its name.
    pub name: &'static str,
    /// What was counted.
    pub clock: Clock,
    /// Microseconds a call, an engine each; what it answered where it could not do it.
    pub micros: Vec<Result<f64, String>>,
    /// Whether all engines that could do it gave the same results.
    pub same: bool,
}

impl Figures {
    /// How many times faster the first of two engines is.
    #[must_use]
    pub fn factor(&self) -> Option<f64> {
        match self.micros.as_slice() {
            [Ok(own), Ok(other)] => Some(other / own),
            _ => None,
        }
    }
}

fn now(clock: Clock, start: Instant) -> Duration {
    match clock {
        Clock::Thread => thread_time(),
        Clock::Process => process_time(),
        Clock::Wall => start.elapsed(),
    }
}

/// Does calls, and gives how long they took and what they gave.
fn calls(
    engine: &mut dyn Engine,
    line: &Line,
    shop: Shop,
    (look, seed, count): (Look, u64, u64),
) -> Result<(Duration, Digest), Failure> {
    let mut outcome = (Duration::ZERO, Digest::default());
    engine.with_session(line.statements, &mut |session| {
        let mut random = Random::new(seed);
        let start = Instant::now();
        let before = now(line.clock, start);
        for _ in 0..count {
            outcome.1.add((line.call)(session, &mut random, shop, look)?);
        }
        outcome.0 = now(line.clock, start) - before;
        Ok(())
    })?;
    Ok(outcome)
}

/// What the tables that a line writes hold now.
fn check(engine: &mut dyn Engine, line: &Line) -> Result<Digest, Failure> {
    let mut digest = Digest::default();
    if let Some(check) = line.check {
        engine.with_session(&[check], &mut |session| {
            digest = session.run(0, &[], Look::Compare)?;
            Ok(())
        })?;
    }
    Ok(digest)
}

/// How many calls fill a round, and the numbers of calls that were tried to find out.
fn calls_of_a_round(
    engine: &mut dyn Engine,
    line: &Line,
    shop: Shop,
    effort: Effort,
) -> Result<(u64, Vec<u64>), Failure> {
    let mut count = 1;
    let mut tried = Vec::new();
    loop {
        tried.push(count);
        let start = Instant::now();
        calls(engine, line, shop, (Look::Read, 1, count))?;
        let spent = start.elapsed();
        if spent.as_millis() * 3 >= u128::from(effort.round_ms) {
            let wanted = precise(effort.round_ms) / 1e3 / spent.as_secs_f64() * precise(count);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small and positive"
            )]
            return Ok(((wanted as u64).max(1), tried));
        }
        count *= 2;
    }
}

/// Measures a line on all engines.
///
/// # Errors
/// Where no engine could do it, or the tables it wrote cannot be read.
pub fn measure(
    engines: &mut [Box<dyn Engine>],
    line: &Line,
    shop: Shop,
    effort: Effort,
) -> Result<Figures, Failure> {
    let mut spent: Vec<Result<Vec<f64>, String>> = Vec::new();
    let mut digests = Vec::new();
    for engine in engines.iter_mut() {
        let first = calls(engine.as_mut(), line, shop, (Look::Compare, 7, 3));
        digests.extend(first.as_ref().ok().map(|(_, digest)| *digest));
        spent.push(first.map(|_| Vec::new()).map_err(|failure| failure.to_string()));
    }
    let mut same = digests.windows(2).all(|pair| pair[0] == pair[1]);
    let able = spent.iter().position(Result::is_ok);
    if let Some(able) = able {
        let (count, tried) = calls_of_a_round(engines[able].as_mut(), line, shop, effort)?;
        // All do the same calls, so that they hold the same rows afterwards.
        for (at, engine) in engines.iter_mut().enumerate() {
            for &count in tried.iter().filter(|_| at != able && spent[at].is_ok()) {
                calls(engine.as_mut(), line, shop, (Look::Read, 1, count))?;
            }
        }
        for round in 0..u64::from(effort.rounds) {
            for (engine, spent) in engines.iter_mut().zip(&mut spent) {
                let Ok(times) = spent else { continue };
                let (time, _) = calls(engine.as_mut(), line, shop, (Look::Read, 100 + round, count))?;
                times.push(time.as_secs_f64() * 1e6 / precise(count));
            }
        }
    }
    let mut states = Vec::new();
    for (engine, spent) in engines.iter_mut().zip(&spent) {
        if spent.is_ok() {
            states.push(check(engine.as_mut(), line)?);
        }
    }
    same &= states.windows(2).all(|pair| pair[0] == pair[1]);
    let micros = spent.into_iter().map(|times| times.map(median)).collect();
    Ok(Figures { name: line.name, clock: line.clock, micros, same })
}
