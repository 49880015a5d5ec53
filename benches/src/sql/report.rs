//! The report: a table in Markdown while it is measured, and all figures as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::data::{Shop, load};
use super::duramen::Duramen;
use super::engine::{Engine, Failure};
use super::lines::{Clock, lines};
use super::measure::{Effort, Figures, measure};
use super::tpch::{self, Tpch};
use crate::bars::times_better;
use crate::cpu::process_time;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How many rows the shop has.
    pub shop: Shop,
    /// How many rows the tables of TPC-H have.
    pub tpch: Tpch,
    /// How long is measured.
    pub effort: Effort,
}

impl Scale {
    /// 381,000 rows, and 86,000 of TPC-H.
    pub const FULL: Scale =
        Scale { shop: Shop::FULL, tpch: Tpch::FULL, effort: Effort { rounds: 7, round_ms: 100 } };
    /// A tenth of it, in some seconds.
    pub const QUICK: Scale =
        Scale { shop: Shop::QUICK, tpch: Tpch::QUICK, effort: Effort { rounds: 3, round_ms: 20 } };
}

/// What was measured.
pub struct Report {
    engines: Vec<String>,
    figures: Vec<Figures>,
}

impl Report {
    /// All figures, in microseconds a call.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines = self.figures.iter().map(|line| {
            let micros = self.engines.iter().zip(&line.micros).map(|(engine, micros)| {
                let value = match micros {
                    Ok(micros) => json!(micros),
                    Err(failure) => json!({ "failed": failure }),
                };
                (engine.clone(), value)
            });
            let micros: serde_json::Map<String, Value> = micros.collect();
            let clock = clock_name(line.clock);
            json!({ "line": line.name, "clock": clock, "micros": micros, "same": line.same })
        });
        let lines: Vec<Value> = lines.collect();
        format!("{:#}\n", json!({ "engines": self.engines, "lines": lines }))
    }

    /// A picture of how many times faster the first engine is than the second.
    ///
    /// # Errors
    /// Where there is only one engine, or the picture cannot be drawn.
    pub fn to_svg(&self) -> Result<String, Failure> {
        let [own, other] = self.engines.as_slice() else {
            return Err("a plot compares two engines: build with --features peers".into());
        };
        let bars: Vec<_> = self.figures.iter().filter_map(|line| Some((line.name, line.factor()?))).collect();
        times_better(&format!("{own} beside {other}"), &bars)
    }
}

fn clock_name(clock: Clock) -> &'static str {
    match clock {
        Clock::Thread => "CPU",
        Clock::Process => "CPU, all threads",
        Clock::Wall => "wall",
    }
}

fn engines(dir: &Path) -> Result<Vec<Box<dyn Engine>>, Failure> {
    Ok(vec![
        Box::new(Duramen::new(&dir.join("duramen"))?),
        #[cfg(feature = "rusqlite")]
        Box::new(super::sqlite::Sqlite::new(&dir.join("sqlite"))?),
    ])
}

fn shown(micros: f64) -> String {
    if micros < 10.0 { format!("{micros:.2}") } else { format!("{micros:.0}") }
}

fn row(say: &mut dyn FnMut(&str), line: &Figures) {
    let cells = line.micros.iter().map(|micros| match micros {
        Ok(micros) => shown(*micros),
        Err(_) => String::from("-"),
    });
    let cells: Vec<String> = cells.collect();
    let factor = line.factor().map_or_else(String::new, |factor| format!("{factor:.2}"));
    let failures = line.micros.iter().filter_map(|micros| micros.as_ref().err());
    let mut remarks: Vec<&str> = failures.map(String::as_str).collect();
    if line.clock == Clock::Wall {
        remarks.push("wall time");
    }
    if !line.same {
        remarks.push("RESULTS DIFFER");
    }
    say(&format!("| {} | {} | {factor} | {} |", line.name, cells.join(" | "), remarks.join("; ")));
}

/// Measures the lines whose names contain one of `only`, or all. `say` gets the report a line at a time.
///
/// # Errors
/// What the engines answer where they cannot go on.
pub fn report(
    dir: &Path,
    scale: Scale,
    only: &[String],
    say: &mut dyn FnMut(&str),
) -> Result<Report, Failure> {
    let mut engines = engines(dir)?;
    let names: Vec<String> = engines.iter().map(|engine| engine.name()).collect();
    let Scale { shop, tpch, effort } = scale;
    say(&format!(
        "µs of CPU a call (of all threads where it writes), median of {} rounds; {} orders{}",
        effort.rounds,
        shop.orders,
        if shop.shrunk_by() > 1 { ", fewer than in the names of the lines" } else { "" }
    ));
    say("");
    say(&format!("| line | {} | times faster | |", names.join(" | ")));
    say(&format!("|---|{}---:|---|", "---:|".repeat(names.len())));
    let mut figures = Vec::new();
    let loads: [(&str, Load<'_>); 2] =
        [("load", &|engine| load(engine, shop)), ("tpch_load_sf0.01", &|engine| tpch::load(engine, tpch))];
    for (name, load) in loads {
        let loaded = measure_load(&mut engines, name, load)?;
        row(say, &loaded);
        figures.push(loaded);
    }
    for line in lines().into_iter().chain(tpch::lines()) {
        if !only.is_empty() && !only.iter().any(|part| line.name.contains(part.as_str())) {
            continue;
        }
        let measured = measure(&mut engines, &line, shop, effort)?;
        row(say, &measured);
        figures.push(measured);
    }
    Ok(Report { engines: names, figures })
}

type Load<'l> = &'l dyn Fn(&mut dyn Engine) -> Result<(), Failure>;

/// Fills all engines, once.
fn measure_load(
    engines: &mut [Box<dyn Engine>],
    name: &'static str,
    load: Load<'_>,
) -> Result<Figures, Failure> {
    let mut micros = Vec::new();
    for engine in engines {
        let before = process_time();
        load(engine.as_mut())?;
        micros.push(Ok((process_time() - before).as_secs_f64() * 1e6));
    }
    Ok(Figures { name, clock: Clock::Process, micros, same: true })
}
