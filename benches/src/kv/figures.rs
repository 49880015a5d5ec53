//! Figures as they are measured, and as they pass from one process to another.

use serde_json::{Value, json};

use super::engine::Failure;

/// Which way a figure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Costs.
    Less,
    /// Work done.
    More,
}

/// A measured figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The engine's name.
    pub engine: String,
    /// The table it belongs to.
    pub table: String,
    /// What was measured, with its unit.
    pub line: String,
    /// Which way it is good.
    pub better: Better,
    /// How much.
    pub value: f64,
}

/// What a measurement found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// The figures, in the order of the report.
    pub all: Vec<Figure>,
    /// What engines read: by what it is a digest of, the engine and the digest.
    pub digests: Vec<(String, String, u64)>,
}

impl Figures {
    /// Takes in what another process found out.
    pub fn extend(&mut self, other: Figures) {
        self.all.extend(other.all);
        self.digests.extend(other.digests);
    }

    /// All of it, as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let figures = self.all.iter().map(|figure| {
            json!({
                "engine": figure.engine, "table": figure.table, "line": figure.line, "value": figure.value,
                "better": if figure.better == Better::Less { "less" } else { "more" },
            })
        });
        let digests = self.digests.iter().map(|(what, engine, digest)| json!([what, engine, digest]));
        json!({ "figures": figures.collect::<Vec<_>>(), "digests": digests.collect::<Vec<_>>() })
    }

    /// What [`to_json`](Figures::to_json) gave.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn from_json(json: &Value) -> Result<Figures, Failure> {
        let strange = || Failure::from("figures of another shape");
        let text = |value: &Value| value.as_str().map(String::from).ok_or_else(strange);
        let mut found = Figures::default();
        for figure in json["figures"].as_array().ok_or_else(strange)? {
            found.all.push(Figure {
                engine: text(&figure["engine"])?,
                table: text(&figure["table"])?,
                line: text(&figure["line"])?,
                better: if figure["better"] == "less" { Better::Less } else { Better::More },
                value: figure["value"].as_f64().unwrap_or(f64::NAN),
            });
        }
        for digest in json["digests"].as_array().ok_or_else(strange)? {
            let number = digest[2].as_u64().ok_or_else(strange)?;
            found.digests.push((text(&digest[0])?, text(&digest[1])?, number));
        }
        Ok(found)
    }
}

/// Notes figures of one engine in one table.
pub struct Notes<'f> {
    figures: &'f mut Figures,
    engine: &'static str,
    table: &'static str,
}

impl<'f> Notes<'f> {
    /// Notes for this engine and table.
    pub fn new(figures: &'f mut Figures, engine: &'static str, table: &'static str) -> Notes<'f> {
        Notes { figures, engine, table }
    }

    /// Goes on with another table.
    pub fn table(&mut self, table: &'static str) {
        self.table = table;
    }

    /// A cost.
    pub fn cost(&mut self, line: impl Into<String>, value: f64) {
        self.note(line.into(), Better::Less, value);
    }

    /// Work done.
    pub fn rate(&mut self, line: impl Into<String>, value: f64) {
        self.note(line.into(), Better::More, value);
    }

    fn note(&mut self, line: String, better: Better, value: f64) {
        let (engine, table) = (self.engine.into(), self.table.into());
        self.figures.all.push(Figure { engine, table, line, better, value });
    }

    /// What was read, to be compared with what others read.
    pub fn digest(&mut self, what: &str, digest: u64) {
        self.figures.digests.push((what.into(), self.engine.into(), digest));
    }
}

#[cfg(test)]
mod tests;
