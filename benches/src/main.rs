//! `duramen-benches`: measures the engine and prints reports.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use duramen_benches::ground::{self, Scale};

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
}

fn main() -> Result<(), Box<dyn Error>> {
    let Report::Ground { quick, dir } = Arguments::parse().report;
    let scale = if quick { Scale::QUICK } else { Scale::FULL };
    let temporary = match dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    ground::report(temporary.path(), scale, &mut |line| println!("{line}"))?;
    Ok(())
}
