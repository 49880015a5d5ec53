//! What can be said on the command line and at the prompt, and what its first word is.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

const AFTER_HELP: &str = "\
A database is a directory. The first word is a command; any other word is a database to open at a prompt. After `--`, \
or with a `/` or `.` in it, the first word is always a database.

Start here:
  duramen kv ./data put greeting '\"hello\"'   make a database and put a value in it
  duramen kv ./data get greeting             print it
  duramen kv ./data import records.tsv       load lines of KEY, a tab, and JSON
  duramen ./data                             the same commands at a prompt

Exit codes:
  0  done
  1  no such key, or refused
  2  wrong arguments or input
  3  no database, or one this build cannot read
  4  in use by another process
  5  the disk failed or is full
  6  damaged";

const PROMPT_HELP: &str = "\
A KEY is one word, or a JSON string in double quotes. JSON is the rest of the line.";

/// Keep and query data in a duramen database.
#[derive(Debug, Parser)]
#[command(
    name = "duramen",
    version,
    override_usage = "duramen <COMMAND>\n       duramen <DB>",
    after_help = AFTER_HELP,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put, get, delete and list values; import and export them
    #[command(arg_required_else_help = true)]
    Kv {
        /// The directory of the database
        db: PathBuf,
        #[command(subcommand)]
        command: KvCommand,
    },
    /// Show sizes and positions; changes nothing
    Info(OnDatabase),
    /// Read everything and check it; changes nothing
    Verify(OnDatabase),
    /// Write what the log holds to pages, so that opening has nothing to replay
    Checkpoint(OnDatabase),
    /// Write everything anew, packed, and free what is dead; needs room for the data once more
    Compact(OnDatabase),
    /// Print a script that completes commands in your shell
    Completions {
        /// The shell to print it for
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OnDatabase {
    /// The directory of the database
    pub(crate) db: PathBuf,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KvCommand {
    /// Set the value of a key; on disk when the command returns
    Put {
        /// The key
        key: String,
        /// The value; `-` reads it from standard input
        #[arg(allow_hyphen_values = true)]
        json: String,
    },
    /// Print the value of a key as JSON
    Get {
        /// The key
        key: String,
    },
    /// Delete keys, all or none; prints how many there were
    Delete {
        /// The keys
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Print entries in the order of their keys: the key, a tab, the value as JSON
    List(ListArgs),
    /// Read lines of KEY, a tab, and JSON; print `committed TOTAL` whenever a batch is on disk
    #[command(
        after_help = "A batch is kept whole or not at all. After an interruption, go on where it ended with \
                            `--skip` and the last TOTAL printed.\n\nA key that holds a tab or a line break, or starts \
                            with a double quote, is written as a JSON string; `export` does so."
    )]
    Import(ImportArgs),
    /// Print all entries as lines that `import` reads
    Export,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// Only keys that start with this
    #[arg(long, value_name = "KEY")]
    pub(crate) prefix: Option<String>,
    /// Only this key and those after it
    #[arg(long, value_name = "KEY", conflicts_with = "start_after")]
    pub(crate) start: Option<String>,
    /// Only keys after this one
    #[arg(long, value_name = "KEY")]
    pub(crate) start_after: Option<String>,
    /// Only keys before this one
    #[arg(long, value_name = "KEY")]
    pub(crate) end: Option<String>,
    /// From the last key to the first
    #[arg(long)]
    pub(crate) reverse: bool,
    /// At most so many entries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file to read; `-` is standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// How many records become durable together
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) batch: u64,
    /// Pass over the first N records, which an earlier import has committed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) skip: u64,
}

/// A line at the prompt.
#[derive(Debug, Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_flag = true,
    after_help = PROMPT_HELP,
    help_template = "{subcommands}\n\n{after-help}",
    max_term_width = 100
)]
pub(crate) struct PromptLine {
    #[command(subcommand)]
    pub(crate) command: PromptCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PromptCommand {
    #[command(flatten)]
    Kv(KvCommand),
    /// Show sizes and positions
    Info(Form),
    /// Read everything and check it
    Verify(Form),
    /// Write what the log holds to pages
    Checkpoint(Form),
    /// Write everything anew, packed, and free what is dead
    Compact(Form),
    /// Leave; the end of the input does too
    #[command(visible_alias = "exit")]
    Quit,
}

/// What the first word asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A command: everything is for [`CommandLine`].
    Command,
    /// A prompt on a database.
    Prompt(PathBuf),
    /// A word that is no command, with more after it or close to a command.
    Misspelt {
        word: String,
        /// The command it is close to.
        close: Option<String>,
    },
}

/// Decides by the first word. `exists` tells whether a path does.
pub(crate) fn wish(words: &[OsString], exists: impl Fn(&Path) -> bool) -> Wish {
    let Some(first) = words.first() else { return Wish::Command };
    if first == "--" {
        return match &words[1..] {
            [db] => Wish::Prompt(db.into()),
            _ => Wish::Command,
        };
    }
    let text = first.to_string_lossy();
    let surely_a_path = text.contains(['/', '.', std::path::MAIN_SEPARATOR]);
    if text.starts_with('-') || (!surely_a_path && is_command(first)) {
        return Wish::Command;
    }
    let close = closest_command(&text).filter(|_| !surely_a_path && !exists(Path::new(first)));
    if words.len() > 1 || close.is_some() {
        return Wish::Misspelt { word: text.into_owned(), close };
    }
    Wish::Prompt(first.into())
}

fn command_names() -> Vec<String> {
    let names = CommandLine::command().get_subcommands().map(|c| c.get_name().to_owned()).collect::<Vec<_>>();
    names.into_iter().chain(["help".to_owned()]).collect()
}

fn is_command(word: &OsStr) -> bool {
    command_names().iter().any(|name| word == name.as_str())
}

fn closest_command(word: &str) -> Option<String> {
    const NEAR: usize = 2;
    let near = |name: &String| distance(word, name) <= NEAR.min(name.len() - 1);
    command_names().into_iter().filter(near).min_by_key(|name| distance(word, name))
}

/// How many letters must be put in, left out or exchanged to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
