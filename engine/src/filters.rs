//! Filters for absent keys, made for trees that want one.
//!
//! A filter is begun while nobody writes, which takes a moment, and filled from that version while others write on; what they
//! put is added as they put it. It is memory alone: it is not written anywhere and made anew after an open.

use crate::error::Result;
use crate::page::meter::Meter;
use crate::shared::Shared;
use crate::tree::Root;
use crate::version::Version;

/// All filters together take at most this part of the memory budget.
const BUDGET_PART: u64 = 8;

/// Makes the filters that trees of the newest version want. Where somebody writes they are put off.
pub(crate) fn run(shared: &Shared) -> Result<()> {
    if !shared.writer.try_acquire_for_step() {
        wanting(&shared.versions.current()).for_each(Root::put_filter_off);
        return Ok(());
    }
    let version = shared.versions.current();
    let begun = begin(&version, shared.options.memory_budget_bytes / BUDGET_PART, &shared.params.meter);
    shared.writer.release();
    begun.into_iter().try_for_each(|root| root.fill_filter(&*version.pages))
}

fn wanting(version: &Version) -> impl Iterator<Item = &Root> {
    version.catalog.iter().map(|(_, entry)| &entry.root).filter(|root| root.wants_filter())
}

/// Begins the filters that there is memory for. The other trees are not asked again.
fn begin<'v>(version: &'v Version, most_bytes: u64, meter: &Meter) -> Vec<&'v Root> {
    let roots = version.catalog.iter().map(|(_, entry)| &entry.root);
    let mut taken: u64 = roots.map(|root| root.filter_bytes().0).sum();
    let mut begun = Vec::new();
    for root in wanting(version) {
        let (_, bytes) = root.filter_bytes();
        if bytes <= most_bytes.saturating_sub(taken) {
            root.begin_filter(meter);
            taken += bytes;
            begun.push(root);
        }
    }
    begun
}
