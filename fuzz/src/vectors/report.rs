//! [`Report`]: how the cases of each area did.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Case;
use super::compare::Tally;
use super::run::Outcome;

/// How the cases of each area did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    areas: BTreeMap<String, Area>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Area {
    passed: u64,
    failed: u64,
    excluded: u64,
    counts: Tally,
    plans: Tally,
}

impl Report {
    /// A case was run.
    pub fn add(&mut self, case: &Case, outcome: &Outcome) {
        let area = self.areas.entry(case.area.clone()).or_default();
        if outcome.failures.is_empty() {
            area.passed += 1;
        } else {
            area.failed += 1;
        }
        area.counts.add(outcome.counts);
        area.plans.add(outcome.plans);
    }

    /// A case was left out.
    pub fn exclude(&mut self, case: &Case) {
        self.areas.entry(case.area.clone()).or_default().excluded += 1;
    }

    /// How many cases passed, and how many failed.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        let sum = |of: fn(&Area) -> u64| self.areas.values().map(of).sum();
        (sum(|area| area.passed), sum(|area| area.failed))
    }
}

/// A table, and the figures that do not decide.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>7} {:>7} {:>9} {:>12}", "area", "passed", "failed", "excluded", "counts")?;
        let (mut counts, mut plans) = (Tally::default(), Tally::default());
        for (name, area) in &self.areas {
            let Area { passed, failed, excluded, .. } = area;
            let equal = format!("{}/{}", area.counts.equal, area.counts.compared);
            writeln!(f, "{name:<20} {passed:>7} {failed:>7} {excluded:>9} {equal:>12}")?;
            counts.add(area.counts);
            plans.add(area.plans);
        }
        writeln!(f, "metering: {} of {} counts are those of the recording", counts.equal, counts.compared)?;
        write!(f, "query plans: {} of {} texts are those of the recording", plans.equal, plans.compared)
    }
}
