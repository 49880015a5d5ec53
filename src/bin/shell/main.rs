//! The program `duramen`: databases from the command line and at a prompt.
//!
//! Results go to standard output, everything else to standard error. The exit code says what kind of failure it was;
//! [`failure::Code`] lists them.

#![forbid(unsafe_code)]

mod args;
mod command;
mod failure;
mod import;
mod lines;
mod opened;
mod prompt;
mod records;
mod render;
mod world;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use duramen::Options;
use duramen::io::Io;

use crate::args::{Command, CommandLine, Wish};
use crate::command::Task;
use crate::failure::{Code, Failure, Outcome, Stop};
use crate::world::World;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut input = io::stdin().lock();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut notes = io::stderr();
    let (typed, watched) = (io::stdin().is_terminal(), notes.is_terminal());
    let mut world = World {
        io: Io::os(),
        options: Options::default(),
        input: &mut input,
        out: &mut out,
        notes: &mut notes,
        typed,
        watched,
    };
    let done = run(&words, &mut world).and_then(|()| world.flush());
    exit_code(done, &mut world)
}

/// Does what the words ask for.
fn run(words: &[OsString], world: &mut World<'_>) -> Outcome {
    match args::wish(words, Path::exists) {
        Wish::Command => {
            let program = OsString::from("duramen");
            let line = CommandLine::try_parse_from([&program].into_iter().chain(words))
                .unwrap_or_else(|error| error.exit());
            run_command(line.command, world)
        }
        Wish::Prompt(db) if world.typed => prompt::talk(&db, history_file().as_deref(), world),
        Wish::Prompt(db) => prompt::script(&db, world),
        Wish::Misspelt { word, close } => Err(misspelt(&word, close.as_deref()).into()),
    }
}

fn run_command(command: Command, world: &mut World<'_>) -> Outcome {
    match command {
        Command::Kv { db, command } => command::kv_once(&db, command, world),
        Command::Info(on) => command::task_once(Task::Info, &on, world),
        Command::Verify(on) => command::task_once(Task::Verify, &on, world),
        Command::Checkpoint(on) => command::task_once(Task::Checkpoint, &on, world),
        Command::Compact(on) => command::task_once(Task::Compact, &on, world),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut CommandLine::command(), "duramen", &mut world.out);
            world.flush()
        }
    }
}

fn misspelt(word: &str, close: Option<&str>) -> Failure {
    let failure = Failure::new(Code::Wrong, format!("no command {word:?}"));
    let failure = match close {
        Some(close) => failure.help(format!("did you mean: duramen {close}")),
        None => failure.help("`duramen --help` lists the commands"),
    };
    failure
        .help(format!("to open a database of that name: duramen -- {word}"))
        .help(format!("to run one command on it: duramen kv {word} get KEY"))
}

/// Where the lines typed at the prompt are remembered.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("duramen/history"))
}

fn exit_code(done: Outcome, world: &mut World<'_>) -> ExitCode {
    match done {
        // Whoever stopped reading has what they wanted.
        Ok(()) | Err(Stop::NobodyReads) => ExitCode::SUCCESS,
        Err(Stop::Failed(failure)) => {
            // What was written before the failure is a result too.
            let _ = world.flush();
            world.note(format_args!("{failure}"));
            ExitCode::from(failure.code as u8)
        }
    }
}

#[cfg(test)]
mod tests;
