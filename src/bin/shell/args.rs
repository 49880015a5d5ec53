//! What can be said on the command line and at the prompt, and what its first word is.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use duramen::Profile;

use crate::near::nearest;
use crate::sql::{Mode, Switch};

const AFTER_HELP: &str = "\
A database is a directory. The first word is a command; any other word is a database to run SQL on. After `--`, \
or with a `/`, `.` or `:` in it, the first word is always a database.

Start here:
  duramen ./data                             a prompt for SQL
  duramen ./data \"SELECT 1 + 1\"              run statements, print their rows
  duramen ./data < script.sql                run a script
  duramen ./data --mode csv \"SELECT …\"       rows for a spreadsheet; also json, markdown, …
  duramen ./data '.import cities.csv cities' load a file of values separated by commas
  duramen kv ./data put greeting '\"hello\"'   put a value under a key
  duramen kv ./data get greeting             print it
  duramen log ./data                         what was committed when
  duramen restore ./data '5 minutes ago'     go back; every restore can be undone

Exit codes:
  0  done
  1  a statement failed, no such key, or refused
  2  wrong arguments or input
  3  no database, or one this build cannot read
  4  in use by another process
  5  the disk failed or is full
  6  damaged";

const SQL_HELP: &str = "\
The database is made by the first statement that writes. A SQL argument that begins with a dot is a dot-command; \
`duramen :memory: .help` lists them. A script stops at its first error, and the exit code says that there was one.";

const MOMENT_HELP: &str = "\
A moment is a bookmark, as `bookmark` and `log` print them, or a time: '2026-11-23 14:05:00' (UTC, or with a zone behind \
it), now, '5 minutes ago'. A time means the moment after all commits up to it.";

const EXPORT_HELP: &str = "\
Tables, indexes, views, triggers, values and the alarm, as they are now or were at a moment; not the history. For people \
and other programs there is text: `duramen DB .dump` for SQL, `duramen kv DB export` for values.";

const PROMPT_HELP: &str = "\
A KEY is one word, or a JSON string in double quotes. JSON is the rest of the line.";

/// Keep and query data in a duramen database.
#[derive(Debug, Parser)]
#[command(
    name = "duramen",
    version,
    override_usage = "duramen [OPTIONS] <DB> [SQL]...\n       duramen <COMMAND>",
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
    /// Run SQL, or open a prompt for it; `duramen DB …` is short for `duramen sql DB …`
    #[command(after_help = SQL_HELP)]
    Sql(SqlArgs),
    /// Put, get, delete and list values; import and export them; without a command, open a prompt
    #[command(arg_required_else_help = true)]
    Kv {
        /// The directory of the database
        db: PathBuf,
        /// Read the database as it was at this moment
        #[arg(long, value_name = "BOOKMARK|TIME", global = true)]
        as_of: Option<String>,
        #[command(subcommand)]
        command: Option<KvCommand>,
    },
    /// Write all that a database holds to one file, which `import` reads
    #[command(after_help = EXPORT_HELP)]
    Export(ExportArgs),
    /// Make a database of a file that `export` wrote: all of it, or nothing
    Import(TransferArgs),
    /// Show sizes and positions; changes nothing
    Info(OnDatabase),
    /// Read everything and check it; changes nothing
    Verify(OnDatabase),
    /// Write what the log holds to pages, so that opening has nothing to replay
    Checkpoint(OnDatabase),
    /// Write everything anew, packed, and free what is dead; needs room for the data once more
    Compact(OnDatabase),
    /// Print the bookmark of now, or of a time
    Bookmark {
        /// The directory of the database
        db: PathBuf,
        /// The moment after all commits up to this time
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// List commits: bookmark, time, size, and what they touched
    Log(LogArgs),
    /// Make the content what it was at a moment; the last line printed is the bookmark that undoes it
    #[command(after_help = MOMENT_HELP)]
    Restore(RestoreArgs),
    /// Make a database of its own out of a moment, sharing files where the file system can
    #[command(after_help = MOMENT_HELP)]
    Fork {
        /// The directory of the database
        db: PathBuf,
        /// A bookmark, or a time
        #[arg(value_name = "BOOKMARK|TIME")]
        moment: String,
        /// The directory of the new database
        #[arg(value_name = "NEWDB")]
        new: PathBuf,
    },
    /// Show what differs between two moments, row by row and key by key
    #[command(after_help = MOMENT_HELP)]
    Diff(DiffArgs),
    /// Show how far back the database can go, what keeps it so, and what that costs
    History(OnDatabase),
    /// Keep a moment by name beyond retention; without a name list what is kept
    #[command(after_help = MOMENT_HELP)]
    Pin(PinArgs),
    /// Print a script that completes commands in your shell
    Completions {
        /// The shell to print it for
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SqlArgs {
    /// The directory of the database; `:memory:` is one that is gone at the end
    pub(crate) db: PathBuf,
    /// Statements to run, or a dot-command; without any they come from a prompt or from standard input
    #[arg(value_name = "SQL", allow_hyphen_values = false)]
    pub(crate) texts: Vec<String>,
    /// How rows are shown; `table` on a terminal, else `list`
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) mode: Option<Mode>,
    /// Whether the names of columns are shown
    #[arg(long, value_name = "on|off", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pub(crate) headers: Option<Switch>,
    /// What is shown for NULL
    #[arg(long, value_name = "TEXT")]
    pub(crate) nullvalue: Option<String>,
    /// What stands between the values of `list` and `csv`
    #[arg(long, value_name = "TEXT")]
    pub(crate) separator: Option<String>,
    /// Open the database for reading only
    #[arg(long)]
    pub(crate) readonly: bool,
    /// Read the database as it was at this moment
    #[arg(long, value_name = "BOOKMARK|TIME")]
    pub(crate) as_of: Option<String>,
    /// Run statements as the storage of an object does, with what that allows and its limits
    #[arg(long, value_enum)]
    pub(crate) profile: Option<ProfileName>,
}

/// The profiles of an object's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// A Durable Object in production
    DurableObject,
    /// A Durable Object in the local runtime
    WorkerdLocal,
    /// Everything
    Open,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Profile {
        match name {
            ProfileName::DurableObject => Profile::DurableObject,
            ProfileName::WorkerdLocal => Profile::WorkerdLocal,
            ProfileName::Open => Profile::Open,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The directory of the database
    pub(crate) db: PathBuf,
    /// The file to write; `-` is standard output
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Export the database as it was at this moment
    #[arg(long, value_name = "BOOKMARK|TIME")]
    pub(crate) as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// The file to read; `-` is standard input
    pub(crate) file: PathBuf,
    /// The directory of the new database
    pub(crate) db: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The directory of the database
    pub(crate) db: PathBuf,
    /// Only commits after this bookmark or time
    #[arg(long, value_name = "BOOKMARK|TIME")]
    pub(crate) since: Option<String>,
    /// Only commits up to this bookmark or time
    #[arg(long, value_name = "BOOKMARK|TIME")]
    pub(crate) until: Option<String>,
    /// The newest N of them
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The directory of the database
    pub(crate) db: PathBuf,
    /// The first moment
    #[arg(value_name = "A")]
    pub(crate) from: String,
    /// The second moment; now without it
    #[arg(value_name = "B")]
    pub(crate) to: Option<String>,
    /// Print statements that lead from the first to the second
    #[arg(long)]
    pub(crate) sql: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The directory of the database
    pub(crate) db: PathBuf,
    /// A bookmark, or a time
    #[arg(value_name = "BOOKMARK|TIME", required_unless_present = "cancel")]
    pub(crate) moment: Option<String>,
    /// Only this table: its rows, indexes and triggers
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Take back a restore that a program put off to the next session; prints the moment it would have gone back to
    #[arg(long, conflicts_with_all = ["moment", "table", "yes"])]
    pub(crate) cancel: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PinArgs {
    /// The directory of the database
    pub(crate) db: PathBuf,
    /// The name
    pub(crate) name: Option<String>,
    /// The moment to keep; now without it
    #[arg(value_name = "BOOKMARK|TIME")]
    pub(crate) moment: Option<String>,
    /// Let it go
    #[arg(long, requires = "name", conflicts_with = "moment")]
    pub(crate) remove: bool,
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
    /// SQL on a database: everything is for the command `sql`.
    Sql,
    /// A word that is no command but close to one.
    Misspelt {
        word: String,
        /// The command it is close to.
        close: String,
    },
}

/// Decides by the first word. `exists` tells whether a path does.
pub(crate) fn wish(words: &[OsString], exists: impl Fn(&Path) -> bool) -> Wish {
    let Some(first) = words.first() else { return Wish::Command };
    let text = first.to_string_lossy();
    if text.starts_with('-') {
        return if text == "--" || is_sql_option(&text) { Wish::Sql } else { Wish::Command };
    }
    if text.contains(['/', '.', ':', std::path::MAIN_SEPARATOR]) {
        return Wish::Sql;
    }
    let names = command_names();
    if names.contains(&*text) {
        return Wish::Command;
    }
    if exists(Path::new(first)) {
        return Wish::Sql;
    }
    let close = if is_kv_command(&text) {
        Some(format!("kv DB {text}"))
    } else {
        nearest(&text, names.iter().map(String::as_str)).map(str::to_owned)
    };
    match close {
        Some(close) => Wish::Misspelt { close, word: text.into_owned() },
        None => Wish::Sql,
    }
}

fn command_names() -> BTreeSet<String> {
    let commands = CommandLine::command();
    commands.get_subcommands().map(|c| c.get_name().to_owned()).chain(["help".to_owned()]).collect()
}

/// Whether a word is a command that needs `kv` and a database before it.
fn is_kv_command(word: &str) -> bool {
    let commands = CommandLine::command();
    commands.find_subcommand("kv").is_some_and(|kv| kv.find_subcommand(word).is_some())
}

/// Whether a word is an option of the command `sql`.
fn is_sql_option(word: &str) -> bool {
    let name = word.split('=').next().and_then(|name| name.strip_prefix("--"));
    let commands = CommandLine::command();
    let Some(sql) = commands.find_subcommand("sql") else { return false };
    name.is_some_and(|name| sql.get_arguments().any(|argument| argument.get_long() == Some(name)))
}

#[cfg(test)]
mod tests;
