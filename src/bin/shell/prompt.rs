//! The prompt: the commands line by line on one database, with history and completion at a terminal.
//!
//! 1. The database stays open between lines, and is opened for writing where that is allowed.
//! 2. A database that is not there yet is made by the first command that writes.
//! 3. At a terminal an error is told and the next line read; lines from elsewhere stop at the first error.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{CommandFactory, Parser};
use duramen::{Access, Database};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use crate::args::{KvCommand, PromptCommand, PromptLine};
use crate::command::{self, Task};
use crate::failure::{Code, Failure, Outcome, Stop};
use crate::lines;
use crate::opened::Opened;
use crate::records;
use crate::world::World;

/// Whether to go on after a line.
enum Next {
    Line,
    Quit,
}

/// A database at the prompt: opened when there is one, or once something is to be written.
struct Session {
    path: PathBuf,
    db: Option<Database>,
}

impl Session {
    /// Opens the database if there is one.
    fn start(path: &Path, world: &mut World<'_>) -> Result<Session, Failure> {
        let mut session = Session { path: path.into(), db: None };
        match session.database(Access::ReadOnly, world) {
            Ok(_) => {}
            Err(failure) if failure.code == Code::NoDatabase && !path.exists() => {
                world.note(format_args!(
                    "no database at {} yet; the first put or import makes it",
                    path.display()
                ));
            }
            Err(failure) => return Err(failure),
        }
        Ok(session)
    }

    /// The open database, opened for at least `access`.
    fn database(&mut self, access: Access, world: &World<'_>) -> Result<Database, Failure> {
        if let Some(db) = &self.db {
            return Ok(db.clone());
        }
        let db = match access {
            Access::ReadOnly => {
                world.open(&self.path, Access::OpenExisting).or_else(|failure| match failure.code {
                    // Whoever may not write may still read.
                    Code::Disk => world.open(&self.path, Access::ReadOnly).map_err(|_| failure),
                    _ => Err(failure),
                })
            }
            writing => world.open(&self.path, writing),
        }?;
        self.db = Some(db.clone());
        Ok(db)
    }

    fn run(&mut self, line: &str, world: &mut World<'_>) -> Outcome<Next> {
        let words = lines::words(line).map_err(|why| Failure::new(Code::Wrong, why))?;
        if words.is_empty() || line.trim_start().starts_with('#') {
            return Ok(Next::Line);
        }
        let parsed = match PromptLine::try_parse_from(words) {
            Ok(parsed) => parsed,
            Err(error) if error.use_stderr() => return Err(wrong_line(&error).into()),
            Err(help) => {
                world.line(format_args!("{}", help.render()))?;
                return world.flush().map(|()| Next::Line);
            }
        };
        let (task, form) = match parsed.command {
            PromptCommand::Quit => return Ok(Next::Quit),
            PromptCommand::Kv(command) => return self.run_kv(command, world).map(|()| Next::Line),
            PromptCommand::Info(form) => (Task::Info, form),
            PromptCommand::Verify(form) => (Task::Verify, form),
            PromptCommand::Checkpoint(form) => (Task::Checkpoint, form),
            PromptCommand::Compact(form) => (Task::Compact, form),
        };
        let db = self.database(task.access(), world)?;
        let done = command::task(task, &Opened { db: &db, path: &self.path }, form, world);
        self.after(done).map(|()| Next::Line)
    }

    fn run_kv(&mut self, mut command: KvCommand, world: &mut World<'_>) -> Outcome {
        if reads_standard_input(&command) {
            let failure = Failure::new(Code::Wrong, "the prompt's own input cannot be read by a command");
            return Err(failure.help("name a file, or use: duramen kv DB …").into());
        }
        let source = command::prepare(&mut command, world)?;
        let db = self.database(command::kv_access(&command), world)?;
        let done = command::kv(&Opened { db: &db, path: &self.path }, &command, source, world);
        self.after(done)
    }

    /// Lets the database go where it must be opened again, so that the next line does.
    fn after(&mut self, done: Outcome) -> Outcome {
        if matches!(&done, Err(Stop::Failed(failure)) if failure.code == Code::Disk) {
            self.db = None;
        }
        done
    }

    fn close(&mut self) -> Outcome {
        match self.db.take() {
            Some(db) => db.close().map_err(|error| Failure::of_engine(&self.path, &error).into()),
            None => Ok(()),
        }
    }
}

fn reads_standard_input(command: &KvCommand) -> bool {
    match command {
        KvCommand::Put { json, .. } => json == "-",
        KvCommand::Import(args) => args.file == Path::new("-"),
        _ => false,
    }
}

fn wrong_line(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let text = text.trim_end().trim_start_matches("error: ").to_owned();
    Failure::new(Code::Wrong, text)
}

/// Runs lines that come from a file or another program.
pub(crate) fn script(path: &Path, world: &mut World<'_>) -> Outcome {
    let mut session = Session::start(path, world)?;
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let read = world.input.read_line(&mut text);
        let bytes = read.map_err(|error| Failure::of_file("read it", Path::new("standard input"), &error))?;
        if bytes == 0 {
            break;
        }
        match session.run(&text, world).map_err(|stop| at_line(stop, number))? {
            Next::Line => {}
            Next::Quit => break,
        }
    }
    session.close()
}

fn at_line(stop: Stop, number: u64) -> Stop {
    match stop {
        Stop::Failed(failure) => {
            Failure { message: format!("line {number}: {}", failure.message), ..failure }.into()
        }
        Stop::NobodyReads => Stop::NobodyReads,
    }
}

/// Talks with somebody at a terminal.
pub(crate) fn talk(path: &Path, history: Option<&Path>, world: &mut World<'_>) -> Outcome {
    let session = Rc::new(RefCell::new(Session::start(path, world)?));
    let mut editor = editor(session.clone())?;
    if let Some(history) = history {
        // A history that is not there yet, or cannot be read, is an empty one.
        let _ = editor.load_history(history);
    }
    world.note(format_args!("`help` lists the commands, `quit` leaves"));
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let prompt = format!("{name}> ");
    loop {
        match editor.readline(&prompt) {
            Ok(line) => {
                // A line that cannot be remembered runs all the same.
                let _ = editor.add_history_entry(&line);
                let ran = session.borrow_mut().run(&line, world);
                match ran {
                    Ok(Next::Line) => {}
                    Ok(Next::Quit) => break,
                    Err(Stop::Failed(failure)) => world.note(format_args!("{failure}")),
                    Err(Stop::NobodyReads) => break,
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(terminal_failed(&error).into()),
        }
    }
    if let Some(history) = history {
        // The session is over, and it went well; a history that cannot be kept changes nothing about that.
        let _ = history.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(history);
    }
    session.borrow_mut().close()
}

fn editor(session: Rc<RefCell<Session>>) -> Result<Editor<Completion, FileHistory>, Failure> {
    let config = Config::builder().auto_add_history(false).build();
    let mut editor = Editor::with_config(config).map_err(|error| terminal_failed(&error))?;
    editor.set_helper(Some(Completion { session }));
    Ok(editor)
}

fn terminal_failed(error: &ReadlineError) -> Failure {
    Failure::new(Code::Refused, format!("cannot read from the terminal: {error}"))
}

/// Completes commands, their options, and keys of the database.
struct Completion {
    session: Rc<RefCell<Session>>,
}

/// How many keys are offered at most.
const MOST_KEYS: usize = 100;

impl Completion {
    fn candidates(&self, before: &str, word: &str) -> Vec<String> {
        let commands = PromptLine::command();
        let Some(name) = before.split_whitespace().next() else {
            return commands
                .get_subcommands()
                .map(|c| c.get_name().to_owned())
                .chain(["help".to_owned()])
                .collect();
        };
        let Some(command) = commands.find_subcommand(name) else { return Vec::new() };
        if word.starts_with('-') {
            return command
                .get_arguments()
                .filter_map(|a| a.get_long())
                .map(|long| format!("--{long}"))
                .collect();
        }
        let wants_key = matches!(name, "get" | "delete" | "list")
            || (name == "put" && before.split_whitespace().count() == 1);
        let session = self.session.borrow();
        match &session.db {
            Some(db) if wants_key => records::keys_from(db, word, MOST_KEYS),
            _ => Vec::new(),
        }
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let start = line[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let (before, word) = (&line[..start], &line[start..at]);
        let pairs = self
            .candidates(before, word)
            .into_iter()
            .filter(|candidate| candidate.starts_with(word))
            .map(|candidate| Pair { display: candidate.clone(), replacement: format!("{candidate} ") })
            .collect();
        Ok((start, pairs))
    }
}

impl Hinter for Completion {
    type Hint = String;
}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}
