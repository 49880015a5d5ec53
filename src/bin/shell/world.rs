//! [`World`]: all that a command touches besides its arguments, so that tests run commands on files that fail.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Duration;

use duramen::io::Io;
use duramen::{Access, Database, Options};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::failure::{Code, Failure, Outcome, Stop};
use crate::running::Running;

/// Where a command reads, writes, and keeps databases.
pub(crate) struct World<'w> {
    pub(crate) io: Io,
    /// How databases are opened, but for what each command may do.
    pub(crate) options: Options,
    pub(crate) input: &'w mut dyn BufRead,
    pub(crate) out: &'w mut dyn Write,
    /// What is no result: notes to whoever watches.
    pub(crate) notes: &'w mut dyn Write,
    /// Whether somebody types the input at a terminal.
    pub(crate) typed: bool,
    /// Whether somebody watches the notes at a terminal.
    pub(crate) watched: bool,
    /// Tells how wide the terminal is that results go to, if they go to one.
    pub(crate) screen: Option<fn() -> u16>,
    /// Whether a terminal may be written to in colours.
    pub(crate) colours: bool,
    /// The statement that is running.
    pub(crate) running: Running,
}

impl World<'_> {
    /// Opens the database at `path`.
    pub(crate) fn open(&self, path: &Path, access: Access) -> Result<Database, Failure> {
        open(&self.io, &self.options, path, access)
    }

    /// Writes a line of the result.
    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) -> Outcome {
        write_line(self.out, line).map_err(cannot_write)
    }

    /// Writes some of the result.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
        write(self.out).map_err(cannot_write)
    }

    /// The columns of the terminal that results go to, if they go to one.
    pub(crate) fn width(&self) -> Option<u16> {
        self.screen.map(|width| width())
    }

    /// Hands what was written to whoever reads it.
    pub(crate) fn flush(&mut self) -> Outcome {
        self.out.flush().map_err(cannot_write)
    }

    /// Writes a note. Where it cannot be written there is nobody to tell.
    pub(crate) fn note(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = write_line(self.notes, line);
    }

    /// Tells a failure.
    pub(crate) fn tell(&mut self, failure: &Failure) {
        // What was written before the failure is a result too; where it cannot be written there is nobody to tell.
        let _ = self.out.flush();
        let text = failure.to_string();
        match text.strip_prefix("error:") {
            Some(rest) if self.watched && self.colours => {
                self.note(format_args!("\x1b[1;31merror:\x1b[0m{rest}"));
            }
            _ => self.note(format_args!("{text}")),
        }
    }

    /// A bar for work of `total` steps; invisible where nobody watches.
    pub(crate) fn bar(&self, total: Option<u64>, template: &str) -> ProgressBar {
        bar(self.watched, total, template)
    }
}

fn bar(watched: bool, total: Option<u64>, template: &str) -> ProgressBar {
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(total, target);
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Says that work goes on whose length nobody knows, and for how long it has, until this is dropped; invisible where nobody
/// watches.
pub(crate) fn sign_of_work(watched: bool, what: &'static str) -> ProgressBar {
    let sign = bar(watched, None, "{spinner} {msg}, {elapsed}").with_finish(ProgressFinish::AndClear);
    sign.set_message(what);
    if watched {
        sign.enable_steady_tick(Duration::from_millis(200));
    }
    sign
}

/// Opens the database at `path`.
pub(crate) fn open(io: &Io, options: &Options, path: &Path, access: Access) -> Result<Database, Failure> {
    let options = Options { access, ..options.clone() };
    Database::open_with(io.clone(), path, options).map_err(|error| Failure::of_engine(path, &error))
}

/// Writes a line of the result and hands it on at once.
pub(crate) fn say(out: &mut dyn Write, line: std::fmt::Arguments<'_>) -> Outcome {
    write_line(out, line).and_then(|()| out.flush()).map_err(cannot_write)
}

fn write_line(out: &mut dyn Write, line: std::fmt::Arguments<'_>) -> io::Result<()> {
    out.write_fmt(line)?;
    out.write_all(b"\n")
}

fn cannot_write(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::NobodyReads,
        _ => Failure::new(Code::Disk, format!("cannot write the result: {error}")).into(),
    }
}
