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
mod near;
mod opened;
mod past;
mod prompt;
mod records;
mod render;
mod running;
mod sql;
mod transfer;
mod world;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use duramen::io::Io;
use duramen::{Options, Retention, Window};

use crate::args::{Command, CommandLine, SqlArgs, Wish};
use crate::command::Task;
use crate::failure::{Code, Failure, Outcome, Stop};
use crate::running::Running;
use crate::sql::{Look, Session, Start};
use crate::world::World;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut input = io::stdin().lock();
    let stdout = io::stdout().lock();
    let screen = stdout.is_terminal().then_some(screen_width as fn() -> u16);
    let mut out = io::BufWriter::new(stdout);
    let mut notes = io::stderr();
    let (typed, watched) = (io::stdin().is_terminal(), notes.is_terminal());
    let running = Running::default();
    stop_on_interrupt(running.clone(), typed);
    let mut world = World {
        io: Io::os(),
        options: Options { retention: Retention::Window(Window::default()), ..Options::default() },
        input: &mut input,
        out: &mut out,
        notes: &mut notes,
        typed,
        watched,
        screen,
        colours: wants_colours(),
        running,
    };
    let done = run(&words, &mut world).and_then(|code| world.flush().map(|()| code));
    exit_code(done, &mut world)
}

/// How wide the terminal is; what all of them once were, if it does not say.
fn screen_width() -> u16 {
    terminal_size::terminal_size().map_or(80, |(width, _)| width.0)
}

/// See <https://no-color.org>.
fn wants_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// What a shell tells of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Lets Ctrl-C stop the running statement. Without one, or when the statement does not stop, it ends the program; but
/// not a prompt, where Ctrl-C may come a moment after the statement has ended.
fn stop_on_interrupt(running: Running, typed: bool) {
    // Where this cannot be, Ctrl-C ends the program, which harms no database.
    let _ = ctrlc::set_handler(move || {
        if !running.stop() && (!typed || running.is_busy()) {
            std::process::exit(INTERRUPTED);
        }
    });
}

/// Does what the words ask for; the code to exit with.
fn run(words: &[OsString], world: &mut World<'_>) -> Outcome<u8> {
    let before: &[&str] = match args::wish(words, Path::exists) {
        Wish::Command => &["duramen"],
        Wish::Sql => &["duramen", "sql"],
        Wish::Misspelt { word, close } => return Err(misspelt(&word, &close).into()),
    };
    let words = before.iter().map(OsString::from).chain(words.iter().cloned());
    let line = CommandLine::try_parse_from(words).unwrap_or_else(|error| error.exit());
    run_command(line.command, world)
}

/// Runs SQL from where it comes from.
fn run_sql(args: SqlArgs, world: &mut World<'_>) -> Outcome<u8> {
    let look =
        Look { mode: args.mode, headers: args.headers, null: args.nullvalue, separator: args.separator };
    let profile = args.profile.map(Into::into);
    let start = Start { path: args.db, read_only: args.readonly, as_of: args.as_of, profile, look };
    let mut session = Session::start(start, world)?;
    let done = match (&args.texts[..], world.typed) {
        ([], true) => sql::talk(&mut session, history_file("sql_history").as_deref(), world),
        ([], false) => sql::input(&mut session, world),
        (texts, _) => sql::arguments(&mut session, texts, world),
    };
    let closed = session.close(world);
    done.and_then(|code| closed.map(|()| code))
}

fn run_command(command: Command, world: &mut World<'_>) -> Outcome<u8> {
    let done = match command {
        Command::Sql(args) => return run_sql(args, world),
        Command::Kv { db, as_of, command: Some(command) } => {
            command::kv_once(&db, as_of.as_deref(), command, world)
        }
        Command::Kv { as_of: Some(_), .. } => {
            Err(Failure::new(Code::Wrong, "a prompt is about the present; --as-of needs a command").into())
        }
        Command::Kv { db, command: None, .. } if world.typed => {
            prompt::talk(&db, history_file("history").as_deref(), world)
        }
        Command::Kv { db, command: None, .. } => prompt::script(&db, world),
        Command::Bookmark { db, at } => past::bookmark(&db, at.as_deref(), world),
        Command::Log(args) => past::log(&args, world),
        Command::Restore(args) => past::restore(&args, world),
        Command::Fork { db, moment, new } => past::fork(&db, &moment, &new, world),
        Command::Diff(args) => past::diff(&args, world),
        Command::History(on) => past::history(&on, world),
        Command::Pin(args) => past::pin(&args, world),
        Command::Export(args) => transfer::export(&args, world),
        Command::Import(args) => transfer::import(&args, world),
        Command::Info(on) => command::task_once(Task::Info, &on, world),
        Command::Verify(on) => command::task_once(Task::Verify, &on, world),
        Command::Checkpoint(on) => command::task_once(Task::Checkpoint, &on, world),
        Command::Compact(on) => command::task_once(Task::Compact, &on, world),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut CommandLine::command(), "duramen", &mut world.out);
            world.flush()
        }
    };
    done.map(|()| 0)
}

fn misspelt(word: &str, close: &str) -> Failure {
    Failure::new(Code::Wrong, format!("no command {word:?}"))
        .help(format!("did you mean: duramen {close}"))
        .help(format!("to open a database of that name: duramen -- {word}"))
}

/// Where the lines typed at a prompt are remembered.
fn history_file(name: &str) -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("duramen").join(name))
}

fn exit_code(done: Outcome<u8>, world: &mut World<'_>) -> ExitCode {
    match done {
        Ok(code) => ExitCode::from(code),
        // Whoever stopped reading has what they wanted.
        Err(Stop::NobodyReads) => ExitCode::SUCCESS,
        Err(Stop::Failed(failure)) => {
            world.tell(&failure);
            ExitCode::from(failure.code as u8)
        }
    }
}

#[cfg(test)]
mod tests;
