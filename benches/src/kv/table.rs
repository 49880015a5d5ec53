//! The report in words: a table for each group of lines, who is first, and whether all engines read the same.

use super::engine::{Kind, Role};
use super::engines::role_of;
use super::figures::{Better, Figure, Figures};
use super::options::Options;

/// A line of the report: what every engine needed.
#[derive(Clone, Debug)]
pub(super) struct Line<'f> {
    /// The table it stands in.
    pub(super) table: &'f str,
    /// What was measured.
    pub(super) name: &'f str,
    /// Which way it is good.
    pub(super) better: Better,
    figures: Vec<&'f Figure>,
}

impl Line<'_> {
    /// What an engine needed.
    #[must_use]
    pub(super) fn of(&self, engine: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.engine == engine).map(|figure| figure.value)
    }

    /// The best figure among durable engines that `among` takes.
    #[must_use]
    pub(super) fn best(&self, among: impl Fn(&str) -> bool) -> Option<f64> {
        let durable = |figure: &&&Figure| role_of(&figure.engine) == Role::Durable && among(&figure.engine);
        let values = self.figures.iter().filter(durable).map(|figure| figure.value);
        match self.better {
            Better::Less => values.min_by(f64::total_cmp),
            Better::More => values.max_by(f64::total_cmp),
        }
    }

    /// How many times better duramen is than its best durable peer. Where both are as good as zero they are level.
    #[must_use]
    pub(super) fn factor(&self) -> Option<f64> {
        let own = self.of(super::duramen::KIND.name)?;
        let peer = self.best(|engine| engine != super::duramen::KIND.name)?;
        let factor = match self.better {
            Better::Less => peer / own,
            Better::More => own / peer,
        };
        Some(if own == peer { 1.0 } else { factor })
    }
}

/// The lines, grouped by table in the order in which these first came.
#[must_use]
pub(super) fn lines(figures: &Figures) -> Vec<Line<'_>> {
    let mut tables: Vec<&str> = Vec::new();
    let mut lines: Vec<Line<'_>> = Vec::new();
    for figure in &figures.all {
        if !tables.contains(&figure.table.as_str()) {
            tables.push(&figure.table);
        }
        match lines.iter_mut().find(|line| line.table == figure.table && line.name == figure.line) {
            Some(line) => line.figures.push(figure),
            None => lines.push(Line {
                table: &figure.table,
                name: &figure.line,
                better: figure.better,
                figures: vec![figure],
            }),
        }
    }
    lines.sort_by_key(|line| tables.iter().position(|table| *table == line.table));
    lines
}

/// Writes all tables, and what duramen's place is.
pub(super) fn print(options: &Options, kinds: &[Kind], figures: &Figures, say: &mut dyn FnMut(&str)) {
    say(&format!(
        "{} rows of 24 + {} bytes, {} gets, {:?} choice; bold is the best durable engine",
        options.rows(),
        options.value_bytes,
        options.gets(),
        options.distribution
    ));
    let lines = lines(figures);
    let mut table = "";
    for line in &lines {
        if line.table != table {
            table = line.table;
            head(kinds, &lines, table, say);
        }
        row(kinds, &lines, line, say);
    }
    say("");
    placing(&lines, say);
    agreement(figures, say);
}

/// The engines of a table: those of the run, and the floors where there are any.
fn columns<'f>(kinds: &[Kind], lines: &[Line<'f>], table: &str) -> Vec<&'f str> {
    let mut found: Vec<&str> = Vec::new();
    for figure in lines.iter().filter(|line| line.table == table).flat_map(|line| &line.figures) {
        if !found.contains(&figure.engine.as_str()) {
            found.push(&figure.engine);
        }
    }
    found.sort_by_key(|engine| kinds.iter().position(|kind| kind.name == *engine).unwrap_or(usize::MAX));
    found
}

fn head(kinds: &[Kind], lines: &[Line<'_>], table: &str, say: &mut dyn FnMut(&str)) {
    let engines: Vec<String> = columns(kinds, lines, table)
        .iter()
        .map(|engine| match role_of(engine) {
            Role::NotDurable => format!("{engine} (not durable)"),
            _ => String::from(*engine),
        })
        .collect();
    say("");
    say(&format!("### {table}"));
    say("");
    say(&format!("| | {} | times better |", engines.join(" | ")));
    say(&format!("|---|{}---:|", "---:|".repeat(engines.len())));
}

fn row(kinds: &[Kind], lines: &[Line<'_>], line: &Line<'_>, say: &mut dyn FnMut(&str)) {
    let best = line.best(|_| true);
    let cells: Vec<String> = columns(kinds, lines, line.table)
        .iter()
        .map(|engine| match line.of(engine) {
            None => "-".into(),
            Some(value) if Some(value) == best && role_of(engine) == Role::Durable => {
                format!("**{}**", shown(value))
            }
            Some(value) => shown(value),
        })
        .collect();
    let factor = line.factor().map_or_else(String::new, |factor| format!("{factor:.2}"));
    say(&format!("| {} | {} | {factor} |", line.name, cells.join(" | ")));
}

fn shown(value: f64) -> String {
    match value.abs() {
        x if x >= 100.0 => format!("{value:.0}"),
        x if x >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn placing(lines: &[Line<'_>], say: &mut dyn FnMut(&str)) {
    let factors: Vec<f64> = lines.iter().filter_map(Line::factor).collect();
    if factors.is_empty() {
        return;
    }
    let count = |at_least: f64| factors.iter().filter(|factor| **factor >= at_least).count();
    say(&format!(
        "Of {} lines duramen is first or level in {}, at least twice as good as the best durable peer in {}, within 5 % of \
         the best or better in {}.",
        factors.len(),
        count(1.0),
        count(2.0),
        count(0.95)
    ));
}

fn agreement(figures: &Figures, say: &mut dyn FnMut(&str)) {
    let verdict = disagreements(figures).unwrap_or_else(|| {
        format!("All engines read the same: {} digests are equal.", figures.digests.len())
    });
    say("");
    say(&verdict);
}

/// Where engines read different things, if anywhere.
#[must_use]
pub(super) fn disagreements(figures: &Figures) -> Option<String> {
    let mut first: Vec<(&str, &str, u64)> = Vec::new();
    let mut problems = Vec::new();
    for (what, engine, digest) in &figures.digests {
        match first.iter().find(|known| known.0 == what) {
            None => first.push((what, engine, *digest)),
            Some((_, other, known)) if known != digest => {
                problems.push(format!("{engine} and {other} differ in {what}"))
            }
            Some(_) => {}
        }
    }
    (!problems.is_empty()).then(|| format!("ENGINES DISAGREE: {}", problems.join("; ")))
}

#[cfg(test)]
mod tests;
