//! [`Report`]: how the cases of each area did.
//!
//! Only in the area `metering` do counts of rows decide. One that is listed there is of a plan that is known to be another
//! one.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::case::Case;
use super::compare::Tally;
use super::run::Outcome;

/// How the cases of each area did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Counts that are known to differ: the name of the case, and the line that tells of it.
    listed: HashSet<String>,
    areas: BTreeMap<String, Area>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Area {
    passed: u64,
    failed: u64,
    listed: u64,
    excluded: u64,
    counts: Tally,
    plans: Tally,
}

impl Report {
    /// Nothing run yet. A line of the list is the name of a case, a colon, how a count of it differs, and behind ` # ` why.
    #[must_use]
    pub fn new(list: &str) -> Report {
        let lines = list.lines().map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned());
        Report { listed: lines.collect(), areas: BTreeMap::new() }
    }

    /// A case was run. Gives the counts that decide and are not as expected.
    pub fn add<'o>(&mut self, case: &Case, outcome: &'o Outcome) -> Vec<&'o str> {
        let area = self.areas.entry(case.area.clone()).or_default();
        let decide = case.area == "metering";
        let differing = outcome.differing.iter().filter(|_| decide).map(String::as_str);
        let (listed, wrong): (Vec<_>, Vec<_>) =
            differing.partition(|line| self.listed.contains(&format!("{}: {line}", case.id)));
        match (outcome.failures.is_empty() && wrong.is_empty(), listed.is_empty()) {
            (true, true) => area.passed += 1,
            (true, false) => area.listed += 1,
            (false, _) => area.failed += 1,
        }
        area.counts.add(outcome.counts);
        area.plans.add(outcome.plans);
        wrong
    }

    /// A case was left out.
    pub fn exclude(&mut self, case: &Case) {
        self.areas.entry(case.area.clone()).or_default().excluded += 1;
    }

    /// How many cases passed, and how many failed. Those that differ as listed passed.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        let sum = |of: fn(&Area) -> u64| self.areas.values().map(of).sum();
        (sum(|area| area.passed + area.listed), sum(|area| area.failed))
    }
}

/// A table, and the figures that do not decide.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["passed", "failed", "listed", "excluded", "counts"];
        writeln!(
            f,
            "{:<20} {:>7} {:>7} {:>7} {:>9} {:>12}",
            "area", titles[0], titles[1], titles[2], titles[3], titles[4]
        )?;
        let (mut counts, mut plans) = (Tally::default(), Tally::default());
        for (name, area) in &self.areas {
            let Area { passed, failed, listed, excluded, .. } = area;
            let equal = format!("{}/{}", area.counts.equal, area.counts.compared);
            writeln!(f, "{name:<20} {passed:>7} {failed:>7} {listed:>7} {excluded:>9} {equal:>12}")?;
            counts.add(area.counts);
            plans.add(area.plans);
        }
        writeln!(f, "metering: {} of {} counts are those of the recording", counts.equal, counts.compared)?;
        write!(f, "query plans: {} of {} texts are those of the recording", plans.equal, plans.compared)
    }
}

#[cfg(test)]
mod tests;
