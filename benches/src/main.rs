//! `duramen-benches`: measures the engine and prints reports.

#![deny(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use duramen_benches::ground::{self, Scale};
use duramen_benches::{kv, sql, storage};

/// Measures the engine and prints the result as Markdown.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    report: Report,
}

#[derive(Subcommand)]
enum Report {
    /// The engine alone: CPU per put, get and row, size on disk, flushes.
    Ground {
        /// A tenth of the rows, in some seconds.
        #[arg(long)]
        quick: bool,
        /// Where to put the databases; a temporary directory otherwise. It needs about 2 GB.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// The storage of an object, call by call; beside SQLite if it is built with the feature `peers` or `rusqlite`.
    Storage {
        /// A tenth of the calls.
        #[arg(long)]
        quick: bool,
        /// Where to put the databases; a temporary directory otherwise.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Keys and values beside the peers that are built in; all of them with the feature `peers`.
    Kv(kv::Options),
    /// SQL, line by line; beside SQLite if it is built with the feature `peers` or `rusqlite`.
    Sql {
        /// A tenth of the rows and of the time.
        #[arg(long)]
        quick: bool,
        /// Only lines whose name contains this; may be given several times.
        #[arg(long, value_name = "LINE")]
        only: Vec<String>,
        /// Where to put the databases; a temporary directory otherwise.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// How often each line is measured on each engine; the median counts.
        #[arg(long)]
        rounds: Option<u32>,
        /// Writes the figures to this file as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Draws how many times faster than SQLite each line is into this file, as SVG.
        #[arg(long)]
        plot: Option<PathBuf>,
    },
}

fn temporary(dir: Option<PathBuf>) -> std::io::Result<tempfile::TempDir> {
    dir.map_or_else(tempfile::tempdir, tempfile::tempdir_in)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut say = |line: &str| println!("{line}");
    match Arguments::parse().report {
        Report::Ground { quick, dir } => {
            let scale = if quick { Scale::QUICK } else { Scale::FULL };
            ground::report(temporary(dir)?.path(), scale, &mut say)?;
        }
        Report::Storage { quick, dir } => {
            let scale = if quick { storage::Scale::QUICK } else { storage::Scale::FULL };
            storage::report(temporary(dir)?.path(), scale, &mut say)?;
        }
        Report::Kv(options) => kv::report(&options, &mut say).map_err(|failure| failure as Box<dyn Error>)?,
        Report::Sql { quick, only, dir, rounds, json, plot } => {
            let mut scale = if quick { sql::Scale::QUICK } else { sql::Scale::FULL };
            scale.effort.rounds = rounds.unwrap_or(scale.effort.rounds).max(1);
            let figures = sql::report(temporary(dir)?.path(), scale, &only, &mut say)?;
            if let Some(json) = json {
                std::fs::write(json, figures.to_json())?;
            }
            if let Some(plot) = plot {
                std::fs::write(plot, figures.to_svg()?)?;
            }
        }
    }
    Ok(())
}
