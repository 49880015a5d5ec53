//! [`Look`]: how rows are shown.

use clap::ValueEnum;

/// The shapes in which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// A table drawn with ASCII
    Table,
    /// A table drawn with lines
    Box,
    /// One line a value
    Line,
    /// One line a row, values separated by |
    List,
    /// Comma-separated values
    Csv,
    /// An array of objects
    Json,
    /// A table in Markdown
    Markdown,
}

impl Mode {
    /// Whether a program reads it: nothing but values, and each as it is.
    pub(crate) fn is_for_programs(self) -> bool {
        matches!(self, Mode::Csv | Mode::Json)
    }
}

/// A setting that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// How rows are shown, as far as somebody said so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) mode: Option<Mode>,
    pub(crate) headers: Option<Switch>,
    /// What stands for NULL.
    pub(crate) null: Option<String>,
    /// What separates the values of a list or of CSV.
    pub(crate) separator: Option<String>,
}

/// Where rows are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The columns of the terminal, if it is one.
    pub(crate) width: Option<u16>,
    pub(crate) colours: bool,
}

impl Look {
    pub(crate) fn mode(&self, place: Place) -> Mode {
        self.mode.unwrap_or(if place.width.is_some() { Mode::Table } else { Mode::List })
    }

    /// Whether the names of columns are shown.
    pub(crate) fn headers(&self, mode: Mode) -> bool {
        match self.headers {
            Some(switch) => switch == Switch::On,
            None => !matches!(mode, Mode::List | Mode::Csv),
        }
    }

    pub(crate) fn null(&self, mode: Mode) -> &str {
        self.null.as_deref().unwrap_or(match mode {
            Mode::List | Mode::Csv => "",
            _ => "NULL",
        })
    }

    pub(crate) fn separator(&self, mode: Mode) -> &str {
        self.separator.as_deref().unwrap_or(if mode == Mode::Csv { "," } else { "|" })
    }
}
