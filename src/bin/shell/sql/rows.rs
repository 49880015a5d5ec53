//! Rows as text, in each [`Mode`]: as they come where that can be, else when all are there.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::presets::{ASCII_FULL_CONDENSED, ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Row, Table};
use duramen_sql::ValueRef;

use super::look::{Look, Mode, Place};
use super::value_text::{hex_digits, shown, tame};

/// Takes the rows of one statement.
pub(crate) trait RowWriter {
    /// Writes a row, or keeps it.
    fn row(&mut self, values: &[ValueRef<'_>], out: &mut dyn Write) -> io::Result<()>;

    /// Writes what is left to write.
    fn end(self: Box<Self>, out: &mut dyn Write) -> io::Result<()>;
}

/// Begins to write rows with these columns.
pub(crate) fn begin(
    look: &Look,
    place: Place,
    columns: &[Box<str>],
    out: &mut dyn Write,
) -> io::Result<Box<dyn RowWriter>> {
    let mode = look.mode(place);
    let names = || columns.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let (headers, null) = (look.headers(mode), look.null(mode).to_owned());
    Ok(match mode {
        Mode::Table | Mode::Box | Mode::Markdown => Box::new(Drawn::new(mode, headers, null, columns, place)),
        Mode::Line => {
            let width = columns.iter().map(|name| name.chars().count()).max().unwrap_or(0);
            Box::new(Lines { names: names(), width, null, first: true })
        }
        Mode::Json => Box::new(Objects { names: names(), first: true }),
        Mode::List | Mode::Csv => {
            let fields = Fields {
                separator: look.separator(mode).to_owned(),
                null,
                csv: mode == Mode::Csv,
                tamed: place.width.is_some(),
            };
            if headers {
                fields.names(columns, out)?;
            }
            Box::new(fields)
        }
    })
}

/// `List` and `Csv`: a line a row.
struct Fields {
    separator: String,
    null: String,
    csv: bool,
    /// Whether it goes to a terminal.
    tamed: bool,
}

impl Fields {
    fn names(&self, names: &[Box<str>], out: &mut dyn Write) -> io::Result<()> {
        for (place, name) in names.iter().enumerate() {
            self.between(place, out)?;
            out.write_all(self.field(&**name).as_bytes())?;
        }
        out.write_all(b"\n")
    }

    fn between(&self, place: usize, out: &mut dyn Write) -> io::Result<()> {
        if place > 0 { out.write_all(self.separator.as_bytes()) } else { Ok(()) }
    }

    /// A text as it stands in a line.
    fn field<'t>(&self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        let text = text.into();
        if !self.csv {
            return if self.tamed { tame(text) } else { text };
        }
        // An empty text has quotes, so that it differs from NULL.
        let quotes = text.is_empty()
            || text.contains(['"', '\n', '\r'])
            || text.contains(&self.separator)
            || text.starts_with(' ')
            || text.ends_with(' ');
        if quotes { format!("\"{}\"", text.replace('"', "\"\"")).into() } else { text }
    }
}

impl RowWriter for Fields {
    fn row(&mut self, values: &[ValueRef<'_>], out: &mut dyn Write) -> io::Result<()> {
        for (place, value) in values.iter().enumerate() {
            self.between(place, out)?;
            match value {
                ValueRef::Null => out.write_all(self.null.as_bytes())?,
                // Text that is no UTF-8 goes to programs as it is.
                ValueRef::Text(text) if !self.tamed && std::str::from_utf8(text).is_err() && !self.csv => {
                    out.write_all(text)?;
                }
                value => out.write_all(self.field(shown(*value, &self.null)).as_bytes())?,
            }
        }
        out.write_all(b"\n")
    }

    fn end(self: Box<Self>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// `Line`: a line a value, rows set apart by an empty one.
struct Lines {
    names: Vec<String>,
    width: usize,
    null: String,
    first: bool,
}

impl RowWriter for Lines {
    fn row(&mut self, values: &[ValueRef<'_>], out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::take(&mut self.first) {
            out.write_all(b"\n")?;
        }
        for (name, value) in self.names.iter().zip(values) {
            writeln!(out, "{name:>width$} = {}", tame(shown(*value, &self.null)), width = self.width)?;
        }
        Ok(())
    }

    fn end(self: Box<Self>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// `Json`: an object a row. A blob is the text that `hex()` gives; infinities are numbers too large for a double.
struct Objects {
    names: Vec<String>,
    first: bool,
}

impl RowWriter for Objects {
    fn row(&mut self, values: &[ValueRef<'_>], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if std::mem::take(&mut self.first) { b"[{" } else { b",\n{" })?;
        for (place, (name, value)) in self.names.iter().zip(values).enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(out, "{comma}{}:", json_string(name))?;
            match value {
                ValueRef::Null => out.write_all(b"null")?,
                ValueRef::Text(text) => {
                    out.write_all(json_string(&String::from_utf8_lossy(text)).as_bytes())?;
                }
                ValueRef::Blob(blob) => out.write_all(json_string(&hex_digits(blob)).as_bytes())?,
                ValueRef::Real(real) if real.is_infinite() => {
                    write!(out, "{}1e999", if *real < 0.0 { "-" } else { "" })?;
                }
                number => out.write_all(shown(*number, "").as_bytes())?,
            }
        }
        out.write_all(b"}")
    }

    fn end(self: Box<Self>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.first { b"[]\n" } else { b"]\n" })
    }
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `Table`, `Box` and `Markdown`: drawn when all rows are there. On a terminal each row is one line, cut where it is
/// too long.
struct Drawn {
    table: Table,
    null: String,
    markdown: bool,
    place: Place,
}

impl Drawn {
    fn new(mode: Mode, headers: bool, null: String, columns: &[Box<str>], place: Place) -> Drawn {
        let mut table = Table::new();
        table.load_style(match mode {
            Mode::Box => UTF8_FULL_CONDENSED,
            Mode::Markdown => ASCII_MARKDOWN,
            _ => ASCII_FULL_CONDENSED,
        });
        table.force_no_tty();
        if place.colours {
            table.enforce_styling();
        }
        table.set_truncation_indicator("…");
        match place.width.filter(|_| mode != Mode::Markdown) {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let markdown = mode == Mode::Markdown;
        let drawn = Drawn { table, null, markdown, place };
        // Without its header a table in Markdown is none.
        if headers || markdown {
            let names = columns
                .iter()
                .map(|name| Cell::new(drawn.text(name.as_ref().into())).add_attribute(Attribute::Bold));
            let names = Row::from(names.collect::<Vec<_>>());
            return drawn.with_header(names);
        }
        drawn
    }

    fn with_header(mut self, names: Row) -> Drawn {
        self.table.set_header(names);
        self
    }

    fn text<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let text = tame(text);
        if !self.markdown || !text.contains(['|', '\n', '\\']) {
            return text;
        }
        text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', "<br>").into()
    }
}

impl RowWriter for Drawn {
    fn row(&mut self, values: &[ValueRef<'_>], _: &mut dyn Write) -> io::Result<()> {
        let cells = values.iter().map(|value| {
            let cell = Cell::new(self.text(shown(*value, &self.null)));
            match value {
                ValueRef::Null => cell.add_attribute(Attribute::Dim),
                ValueRef::Integer(_) | ValueRef::Real(_) => cell.set_alignment(CellAlignment::Right),
                _ => cell,
            }
        });
        let mut row = Row::from(cells.collect::<Vec<_>>());
        if self.place.width.is_some() {
            row.max_height(1);
        }
        self.table.add_row(row);
        Ok(())
    }

    fn end(self: Box<Self>, out: &mut dyn Write) -> io::Result<()> {
        for line in self.table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
