//! The report: objects measured in turns, so that a busy machine hurts all alike.

use std::path::Path;
use std::time::Instant;

use super::duramen::OfDuramen;
use super::floor::Floor;
use super::lines::{LINES, Line, Told, fill};
use super::object::{Failure, Object};
use crate::cpu::{median, precise, process_time, thread_time};
use crate::keys::Random;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Entries of an object.
    pub entries: u64,
    /// Reads of a round; of dearer calls it is a part of that.
    pub reads: u64,
    /// Times each object is measured; the median counts.
    pub rounds: u64,
}

impl Scale {
    /// An object of 10,000 values.
    pub const FULL: Scale = Scale { entries: 10_000, reads: 200_000, rounds: 7 };
    /// A tenth of it, in some seconds.
    pub const QUICK: Scale = Scale { entries: 1_000, reads: 20_000, rounds: 3 };
}

/// What a line came to on an object: microseconds, and of those that wait the 99th percentile behind.
struct Figure {
    micros: Vec<f64>,
    late: Vec<f64>,
}

fn objects(dir: &Path) -> Result<Vec<Box<dyn Object>>, Failure> {
    Ok(vec![
        Box::new(OfDuramen::new(&dir.join("duramen"))?),
        #[cfg(feature = "rusqlite")]
        Box::new(super::sqlite::OfSqlite::new(&dir.join("sqlite"))?),
        Box::new(Floor::new(&dir.join("engine"))?),
    ])
}

/// One round of a line on an object; false where it cannot do it.
fn round(
    object: &mut dyn Object,
    line: &Line,
    scale: Scale,
    seed: u64,
    figure: &mut Figure,
) -> Result<bool, Failure> {
    let mut random = Random::new(seed);
    let calls = (scale.reads / line.share).max(20);
    if line.told == Told::Percentiles {
        let mut took = Vec::new();
        for _ in 0..calls {
            let began = Instant::now();
            if !(line.call)(object, &mut random, scale.entries)? {
                return Ok(false);
            }
            took.push(began.elapsed().as_secs_f64() * 1e6);
        }
        took.sort_by(f64::total_cmp);
        figure.micros.push(took[took.len() / 2]);
        figure.late.push(took[took.len() * 99 / 100]);
        return Ok(true);
    }
    let now = if line.told == Told::Cpu { thread_time } else { process_time };
    let before = now();
    for _ in 0..calls {
        if !(line.call)(object, &mut random, scale.entries)? {
            return Ok(false);
        }
    }
    figure.micros.push((now() - before).as_secs_f64() * 1e6 / precise(calls));
    Ok(true)
}

fn cell(figure: Option<Figure>) -> String {
    let Some(Figure { micros, late }) = figure else { return "-".into() };
    let micros = median(micros);
    match late.is_empty() {
        true => format!("{micros:.2}"),
        false => format!("{micros:.0} / {:.0}", median(late)),
    }
}

/// Measures all lines. `say` gets the report a line at a time.
///
/// # Errors
/// What the objects answer.
pub fn report(dir: &Path, scale: Scale, say: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let mut objects = objects(dir)?;
    for object in &mut objects {
        fill(object.as_mut(), scale.entries)?;
    }
    let names: Vec<String> = objects.iter().map(|object| object.name()).collect();
    say(&format!("µs a call, median of {} rounds; {} values of 100 bytes", scale.rounds, scale.entries));
    say("");
    say(&format!("| line | {} | |", names.join(" | ")));
    say(&format!("|---|{}---|", "---:|".repeat(names.len())));
    for line in &LINES {
        let figures = objects.iter().map(|_| Some(Figure { micros: Vec::new(), late: Vec::new() }));
        let mut figures: Vec<Option<Figure>> = figures.collect();
        for seed in 0..scale.rounds {
            for (object, figure) in objects.iter_mut().zip(&mut figures) {
                if let Some(known) = figure
                    && !round(object.as_mut(), line, scale, seed, known)?
                {
                    *figure = None;
                }
            }
        }
        let told = match line.told {
            Told::Cpu => "CPU",
            Told::AllCpu => "CPU, all threads",
            Told::Percentiles => "by the clock, median / 99 %",
        };
        let cells: Vec<String> = figures.into_iter().map(cell).collect();
        say(&format!("| {} | {} | {told} |", line.name, cells.join(" | ")));
    }
    Ok(())
}
