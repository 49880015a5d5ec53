//! The dot-commands: what they are called, what they do, and their help.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::failure::{Code, Failure, Outcome};
use crate::near::nearest;
use crate::world::World;

use super::dump::{self, What};
use super::import_csv::{self, Import};
use super::look::{Mode, Switch};
use super::names;
use super::session::Session;
use super::words::words;

/// A dot-command, as its help shows it.
pub(crate) struct Command {
    /// Without its dot.
    pub(crate) name: &'static str,
    arguments: &'static str,
    help: &'static str,
    /// What there is to know besides.
    more: &'static str,
}

const fn command(
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    more: &'static str,
) -> Command {
    Command { name, arguments, help, more }
}

/// All dot-commands, by name.
pub(crate) const COMMANDS: &[Command] = &[
    command("bail", "on|off", "Stop a script at its first error", "On unless it is turned off."),
    command("changes", "on|off", "Say how many rows a statement changed", ""),
    command("databases", "", "Show where the database lies", ""),
    command(
        "dump",
        "[--preserve-rowids] [NAME…]",
        "Write SQL that makes the same again",
        "NAME is a pattern of LIKE. SQLite reads the result as well. Rowids that no column holds are given anew when \
         it is loaded, unless --preserve-rowids keeps them.",
    ),
    command("echo", "on|off", "Show statements before they run", ""),
    command("exit", "[CODE]", "Leave, with an exit code", ""),
    command("explain", "on|off", "Show the plan of each statement before its rows", ""),
    command(
        "headers",
        "on|off",
        "Show the names of columns",
        "Without it, `list` and `csv` do not show them, all others do.",
    ),
    command("help", "[COMMAND]", "Show this, or more about one command", ""),
    command(
        "import",
        "[--skip N] [--header] [--separator C] FILE TABLE",
        "Read lines of values separated by commas into a table",
        "The table is made if it is not there: the first row names its columns, which are TEXT. Where it is there, \
         every row is data; --skip 1 passes over a header, and --header takes from it which columns the values are \
         for. All rows are taken, or none. Values in double quotes may hold separators, line ends, and quotes written \
         twice. An empty value is an empty text. On the command line the file - is standard input.",
    ),
    command("indexes", "[TABLE]", "List the indexes, or those of tables LIKE a pattern", ""),
    command(
        "mode",
        "[MODE]",
        "Show rows as table, box, line, list, csv, json or markdown",
        "Without MODE, says which it is. A terminal has `table` to begin with, all else `list`. In `csv` NULL is \
         nothing and an empty text has quotes; in `json` a blob is the text that hex() gives. Everywhere else a blob \
         is x'..'.",
    ),
    command("nullvalue", "TEXT", "Show TEXT for NULL", ""),
    command("once", "FILE", "Send the next result to a file", ""),
    command("output", "[FILE]", "Send results to a file; without FILE, no longer", ""),
    command("print", "TEXT…", "Print a text", ""),
    command("quit", "", "Leave; the end of the input does too", ""),
    command("read", "FILE", "Run a file of statements and dot-commands", ""),
    command("schema", "[NAME]", "Show the statements that made the tables, or what is LIKE a pattern", ""),
    command("separator", "TEXT", "Put TEXT between the values of `list` and `csv`", ""),
    command("show", "", "Show what is set", ""),
    command("tables", "[NAME]", "List the tables and views, or those LIKE a pattern", ""),
    command("timer", "on|off", "Say how long each statement took", ""),
];

/// What follows a dot-command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next line.
    Line,
    /// The lines of this file.
    Read(PathBuf),
    /// Leaving, with this code.
    Leave(u8),
}

/// Runs a line that begins with a dot. `reads_input` tells whether standard input is free to be imported.
pub(crate) fn run(
    session: &mut Session,
    line: &str,
    reads_input: bool,
    world: &mut World<'_>,
) -> Outcome<Next> {
    let words = words(line).map_err(|why| Failure::new(Code::Wrong, why))?;
    let Some((first, arguments)) = words.split_first() else { return Ok(Next::Line) };
    let command = find(first)?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let next = run_command(session, command, &arguments, reads_input, world)?;
    if command.name != "once" {
        session.settle(world)?;
    }
    Ok(next)
}

/// The command that a word means: its name, or the beginning of no other's.
fn find(word: &str) -> Result<&'static Command, Failure> {
    let name = word.trim_start_matches('.');
    if let Some(command) = COMMANDS.iter().find(|command| command.name == name) {
        return Ok(command);
    }
    let begins: Vec<&Command> =
        COMMANDS.iter().filter(|command| !name.is_empty() && command.name.starts_with(name)).collect();
    if let [only] = begins[..] {
        return Ok(only);
    }
    let failure = Failure::new(Code::Wrong, format!("no command {word:?}"));
    let close = nearest(name, COMMANDS.iter().map(|command| command.name));
    let close = close.into_iter().chain(begins.iter().map(|command| command.name)).next();
    Err(match close {
        Some(close) => failure.help(format!("did you mean: .{close}")),
        None => failure.help("`.help` lists the commands"),
    })
}

fn run_command(
    session: &mut Session,
    command: &Command,
    arguments: &[&str],
    reads_input: bool,
    world: &mut World<'_>,
) -> Outcome<Next> {
    match (command.name, arguments) {
        ("bail", [word]) => session.settings.goes_on = !switch(word)?,
        ("changes", [word]) => session.settings.changes = switch(word)?,
        ("echo", [word]) => session.settings.echo = switch(word)?,
        ("explain", [word]) => session.settings.explain = switch(word)?,
        ("timer", [word]) => session.settings.timer = switch(word)?,
        ("headers", [word]) => {
            session.settings.look.headers = Some(if switch(word)? { Switch::On } else { Switch::Off });
        }
        ("nullvalue", [text]) => session.settings.look.null = Some((*text).into()),
        ("separator", [text]) => session.settings.look.separator = Some((*text).into()),
        ("mode", []) => {
            let mode = session.settings.look.mode(session.place(world));
            session.line(format_args!("{}", name_of(mode)), world)?;
        }
        ("mode", [word]) => session.settings.look.mode = Some(mode(word)?),
        ("databases", []) => {
            let path = session.path().display().to_string();
            let note = if session.is_there() { "" } else { " (not there yet)" };
            session.line(format_args!("main: {path}{note}"), world)?;
        }
        ("dump", words) => dump::dump(session, &what(words), world)?,
        ("import", words) => {
            let import = Import::try_parse_from(words).map_err(|error| wrong(command, &told(&error)))?;
            import_csv::run(session, &import, reads_input, world)?;
        }
        ("tables", [] | [_]) => {
            let found = names::tables(session, arguments.first().copied())?;
            names::write(session, &found, world)?;
        }
        ("indexes", [] | [_]) => {
            let found = names::indexes(session, arguments.first().copied())?;
            names::write(session, &found, world)?;
        }
        ("schema", [] | [_]) => {
            for statement in names::schema(session, arguments.first().copied())? {
                session.line(format_args!("{statement};"), world)?;
            }
        }
        ("once", [file]) => session.redirect(Some(file.as_ref()), true)?,
        ("output", []) => session.redirect(None, false)?,
        ("output", [file]) => session.redirect(Some(file.as_ref()), false)?,
        ("print", words) => session.line(format_args!("{}", words.join(" ")), world)?,
        ("read", [file]) => return Ok(Next::Read(file.into())),
        ("show", []) => show(session, world)?,
        ("help", []) => session.text(&help(), world)?,
        ("help", [word]) => session.text(&help_on(find(word)?), world)?,
        ("quit", []) | ("exit", []) => return Ok(Next::Leave(0)),
        ("exit", [code]) => {
            return code
                .parse()
                .map(Next::Leave)
                .map_err(|_| wrong(command, "CODE is a number below 256").into());
        }
        _ => return Err(wrong(command, "these are not its arguments").into()),
    }
    Ok(Next::Line)
}

/// A failure of somebody who writes a command in another way than it is written.
fn wrong(command: &Command, why: &str) -> Failure {
    let form = format!(".{} {}", command.name, command.arguments);
    Failure::new(Code::Wrong, format!(".{}: {why}", command.name))
        .help(format!("it is written: {}", form.trim_end()))
}

fn told(error: &clap::Error) -> String {
    if error.kind() == clap::error::ErrorKind::MissingRequiredArgument {
        return "an argument is missing".into();
    }
    let text = error.render().to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn switch(word: &str) -> Result<bool, Failure> {
    match &*word.to_ascii_lowercase() {
        "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err(Failure::new(Code::Wrong, format!("{word:?} is neither on nor off"))),
    }
}

fn mode(word: &str) -> Result<Mode, Failure> {
    Mode::from_str(word, true).map_err(|_| {
        let names: Vec<&str> = Mode::value_variants().iter().map(|mode| name_of(*mode)).collect();
        let failure = Failure::new(Code::Wrong, format!("no mode {word:?}"));
        match nearest(word, names.iter().copied()) {
            Some(close) => failure.help(format!("did you mean: .mode {close}")),
            None => failure.help(format!("the modes are {}", names.join(", "))),
        }
    })
}

/// The name of a mode.
fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Table => "table",
        Mode::Box => "box",
        Mode::Line => "line",
        Mode::List => "list",
        Mode::Csv => "csv",
        Mode::Json => "json",
        Mode::Markdown => "markdown",
    }
}

fn what(words: &[&str]) -> What {
    let (options, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("--"));
    What {
        patterns: names.into_iter().map(String::from).collect(),
        rowids: options.contains(&"--preserve-rowids"),
    }
}

fn show(session: &mut Session, world: &mut World<'_>) -> Outcome {
    let settings = &session.settings;
    let mode = settings.look.mode(session.place(world));
    let on = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    let rows = [
        ("bail", on(!settings.goes_on)),
        ("changes", on(settings.changes)),
        ("echo", on(settings.echo)),
        ("explain", on(settings.explain)),
        ("headers", on(settings.look.headers(mode))),
        ("mode", name_of(mode).to_owned()),
        ("nullvalue", format!("{:?}", settings.look.null(mode))),
        ("output", session.redirected_to().map_or("stdout".into(), |path| path.display().to_string())),
        ("separator", format!("{:?}", settings.look.separator(mode))),
        ("timer", on(settings.timer)),
    ];
    for (name, value) in rows {
        session.line(format_args!("{name:<10} {value}"), world)?;
    }
    Ok(())
}

/// A line for each command.
fn help() -> String {
    let mut text = String::new();
    for Command { name, arguments, help, .. } in COMMANDS {
        // Long arguments are for the help of their command.
        let arguments = if arguments.len() > 12 { "…" } else { arguments };
        let form = format!(".{name} {arguments}");
        text.push_str(&format!("{form:<22} {help}\n"));
    }
    text.push_str("\nStatements end with a semicolon. A command may be cut short as long as it is clear.\n");
    text
}

fn help_on(command: &Command) -> String {
    let Command { name, arguments, help, more } = command;
    let form = format!(".{name} {arguments}");
    let mut text = format!("{}\n  {help}.\n", form.trim_end());
    for sentence in wrapped(more, 90) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

/// A text in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}
