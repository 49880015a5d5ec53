//! The prompt at a terminal: editing over several lines, history, completion, and colours.
//!
//! 1. Enter ends an input that is whole, and otherwise begins another line of it.
//! 2. Ctrl-C drops what is being typed; while a statement runs, it stops the statement.
//! 3. An error is told and the prompt comes back.

use std::borrow::Cow;
use std::path::Path;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::failure::{Code, Failure, Outcome, Stop};
use crate::world::World;

use super::commands::{self, Next};
use super::complete::{Words, is_keyword};
use super::report::Origin;
use super::script;
use super::session::Session;
use super::split::{Splitter, is_whole};

/// Talks with somebody at a terminal; the code to leave with.
pub(crate) fn talk(session: &mut Session, history: Option<&Path>, world: &mut World<'_>) -> Outcome<u8> {
    let mut editor = editor(world)?;
    if let Some(history) = history {
        // A history that is not there yet, or cannot be read, is an empty one.
        let _ = editor.load_history(history);
    }
    greet(session, world);
    let name =
        session.path().file_name().unwrap_or(session.path().as_os_str()).to_string_lossy().into_owned();
    let prompt = format!("{name}> ");
    let code = loop {
        if let Some(helper) = editor.helper_mut() {
            helper.words = Words::of(session);
        }
        match editor.readline(&prompt) {
            Ok(text) => {
                // An input that cannot be remembered runs all the same.
                let _ = editor.add_history_entry(text.trim_end());
                match run(session, &text, world) {
                    Ok(None) => {}
                    Ok(Some(code)) => break code,
                    Err(Stop::Failed(failure)) => world.tell(&failure),
                    Err(Stop::NobodyReads) => break 0,
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break 0,
            Err(error) => return Err(terminal_failed(&error).into()),
        }
    };
    if let Some(history) = history {
        // The session is over, and it went well; a history that cannot be kept changes nothing about that.
        let _ = history.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(history);
    }
    Ok(code)
}

fn greet(session: &Session, world: &mut World<'_>) {
    world.note(format_args!("`.help` lists the commands, `.quit` leaves; a statement ends with a semicolon"));
    if !session.is_there() {
        let path = session.path().display();
        world.note(format_args!("no database at {path} yet; the first statement that writes makes it"));
    }
}

/// Runs what was typed; the code to leave with, if it says so.
fn run(session: &mut Session, text: &str, world: &mut World<'_>) -> Outcome<Option<u8>> {
    if text.starts_with('.') {
        return match commands::run(session, text, false, world)? {
            Next::Line => Ok(None),
            Next::Leave(code) => Ok(Some(code)),
            Next::Read(path) => script::file(session, &path, 1, world),
        };
    }
    let mut pieces = Splitter::new(1);
    pieces.push(text);
    while let Some(piece) = pieces.next() {
        session.run(&piece, &Origin::Seen, world)?;
    }
    Ok(None)
}

fn editor(world: &World<'_>) -> Result<Editor<Help, FileHistory>, Failure> {
    let config = Config::builder().auto_add_history(false).completion_type(CompletionType::List).build();
    let mut editor = Editor::with_config(config).map_err(|error| terminal_failed(&error))?;
    editor.set_helper(Some(Help { words: Words::default(), colours: world.colours }));
    Ok(editor)
}

fn terminal_failed(error: &ReadlineError) -> Failure {
    Failure::new(Code::Refused, format!("cannot read from the terminal: {error}"))
}

/// What helps whoever types.
struct Help {
    words: Words,
    colours: bool,
}

impl Completer for Help {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = self.words.complete(line, at);
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Validator for Help {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        Ok(match text.starts_with('.') || is_whole(text) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Highlighter for Help {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.colours && !line.starts_with('.') { coloured(line).into() } else { line.into() }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.colours && kind != CmdKind::MoveCursor
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colours { format!("\x1b[1m{prompt}\x1b[0m").into() } else { prompt.into() }
    }
}

/// A text with its keywords and strings in colour.
fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let (end, colour) = if word(first) {
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            (end, if is_keyword(&rest[..end]) { "34" } else { "" })
        } else if first == '\'' {
            (rest[1..].find('\'').map_or(rest.len(), |end| end + 2), "32")
        } else if rest.starts_with("--") {
            (rest.find('\n').unwrap_or(rest.len()), "2")
        } else {
            (first.len_utf8(), "")
        };
        match colour {
            "" => out.push_str(&rest[..end]),
            colour => out.push_str(&format!("\x1b[{colour}m{}\x1b[0m", &rest[..end])),
        }
        rest = &rest[end..];
    }
    out
}

impl Hinter for Help {
    type Hint = String;
}
impl Helper for Help {}
