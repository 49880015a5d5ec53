//! Statements and dot-commands from arguments, standard input and files.
//!
//! 1. A dot-command is a line of its own that begins with a dot, where no statement has begun.
//! 2. A script stops at its first error, unless `.bail off` was said; it then ends with that of the last one.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::failure::{Code, Failure, Outcome, Stop};
use crate::world::World;

use super::commands::{self, Next};
use super::report::Origin;
use super::session::Session;
use super::split::Splitter;

/// How deep files may read files.
const DEEPEST: usize = 25;

/// Runs the arguments of the command line, each a text of statements or a dot-command.
pub(crate) fn arguments(session: &mut Session, texts: &[String], world: &mut World<'_>) -> Outcome<u8> {
    let mut script = Script::new(Origin::Seen, true);
    for text in texts {
        script.lines = Splitter::new(1);
        for line in text.split_inclusive('\n') {
            if let Some(code) = script.line(session, line, world)? {
                return Ok(code);
            }
        }
        script.end(session, world)?;
    }
    Ok(ended(session))
}

/// The code of a script that came to its end.
fn ended(session: &Session) -> u8 {
    session.passed.map_or(0, |code| code as u8)
}

/// Runs standard input.
pub(crate) fn input(session: &mut Session, world: &mut World<'_>) -> Outcome<u8> {
    let mut script = Script::new(Origin::Input, false);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = world.input.read_until(b'\n', &mut line);
        match script.bytes(read, &line, session, world)? {
            Read::More => {}
            Read::End => break,
            Read::Leave(code) => return Ok(code),
        }
    }
    script.end(session, world)?;
    Ok(ended(session))
}

/// Runs a file; the code to leave with, if it says so.
pub(crate) fn file(
    session: &mut Session,
    path: &Path,
    depth: usize,
    world: &mut World<'_>,
) -> Outcome<Option<u8>> {
    let mut from = open(path, depth)?;
    lines(session, path, &mut from, depth, world)
}

/// Opens a file of statements.
fn open(path: &Path, depth: usize) -> Result<BufReader<File>, Failure> {
    if depth > DEEPEST {
        return Err(Failure::new(Code::Wrong, format!("files read each other {DEEPEST} deep")));
    }
    File::open(path).map(BufReader::new).map_err(|error| Failure::of_file("read it", path, &error))
}

/// Runs the lines of a file.
fn lines(
    session: &mut Session,
    path: &Path,
    from: &mut dyn BufRead,
    depth: usize,
    world: &mut World<'_>,
) -> Outcome<Option<u8>> {
    let mut script = Script { depth, ..Script::new(Origin::File(path.into()), false) };
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.read_until(b'\n', &mut line);
        match script.bytes(read, &line, session, world)? {
            Read::More => {}
            Read::End => break,
            Read::Leave(code) => return Ok(Some(code)),
        }
    }
    script.end(session, world)?;
    Ok(None)
}

/// What came of reading a line.
enum Read {
    More,
    End,
    Leave(u8),
}

/// A script under way.
struct Script {
    origin: Origin,
    /// Whether standard input is free to be imported.
    reads_input: bool,
    depth: usize,
    lines: Splitter,
    line: u64,
}

impl Script {
    fn new(origin: Origin, reads_input: bool) -> Script {
        Script { origin, reads_input, depth: 0, lines: Splitter::new(1), line: 0 }
    }

    /// Takes a line as it was read.
    fn bytes(
        &mut self,
        read: io::Result<usize>,
        line: &[u8],
        session: &mut Session,
        world: &mut World<'_>,
    ) -> Outcome<Read> {
        let name = match &self.origin {
            Origin::File(path) => path.clone(),
            _ => PathBuf::from("standard input"),
        };
        if read.map_err(|error| Failure::of_file("read it", &name, &error))? == 0 {
            return Ok(Read::End);
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return Err(self.origin.at(self.line + 1, Failure::new(Code::Wrong, "it is not UTF-8")).into());
        };
        Ok(match self.line(session, text, world)? {
            None => Read::More,
            Some(code) => Read::Leave(code),
        })
    }

    /// Takes a line; the code to leave with, if it says so.
    fn line(&mut self, session: &mut Session, line: &str, world: &mut World<'_>) -> Outcome<Option<u8>> {
        self.line += 1;
        if self.lines.is_blank() && line.starts_with('.') {
            // What was passed over before is no part of a statement.
            self.lines = Splitter::new(self.line + 1);
            let ran = self.dot_command(session, line, world);
            return self.after(ran, session, world).map(Option::flatten);
        }
        self.lines.push(line);
        while let Some(piece) = self.lines.next() {
            let ran = session.run(&piece, &self.origin, world);
            self.after(ran, session, world)?;
        }
        Ok(None)
    }

    fn dot_command(
        &mut self,
        session: &mut Session,
        line: &str,
        world: &mut World<'_>,
    ) -> Outcome<Option<u8>> {
        let told = |stop| match stop {
            Stop::Failed(failure) => self.origin.at(self.line, failure).into(),
            Stop::NobodyReads => Stop::NobodyReads,
        };
        match commands::run(session, line, self.reads_input, world).map_err(told)? {
            Next::Line => Ok(None),
            Next::Leave(code) => Ok(Some(code)),
            Next::Read(path) => {
                let mut from = open(&path, self.depth + 1).map_err(|failure| told(failure.into()))?;
                lines(session, &path, &mut from, self.depth + 1, world)
            }
        }
    }

    /// Runs what is left at the end.
    fn end(&mut self, session: &mut Session, world: &mut World<'_>) -> Outcome {
        if let Some(piece) = self.lines.rest() {
            let ran = session.run(&piece, &self.origin, world);
            self.after(ran, session, world)?;
        }
        Ok(())
    }

    /// Tells an error and passes over it, where that was asked for.
    fn after<T>(&self, ran: Outcome<T>, session: &mut Session, world: &mut World<'_>) -> Outcome<Option<T>> {
        match ran {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Failed(failure)) if session.settings.goes_on => {
                world.tell(&failure);
                session.passed = Some(failure.code);
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }
}
