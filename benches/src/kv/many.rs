//! Many small databases open at once in one process: what each of them takes.

use std::path::Path;

use super::engine::{Done, Kind, Memory};
use super::figures::{Figures, Notes};
use super::options::Options;
use super::probe::{anonymous_bytes, descriptors, threads};
use super::rows::Rows;
use crate::cpu::precise;
use crate::keys::KeyShape;

/// Measures it.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let rows = Rows::of(options, KeyShape::Random);
    let count: u64 = if options.quick { 50 } else { 100 };
    let dirs: Vec<_> = (0..=count).map(|i| dir.join(i.to_string())).collect();
    for dir in &dirs {
        std::fs::create_dir_all(dir)?;
        let store = (kind.open)(dir, Memory::AsDefault)?;
        rows.load(&*store, 1000)?;
        store.close()?;
    }
    let open_and_get = |dir: &Path| {
        let store = (kind.open)(dir, Memory::AsDefault)?;
        store.read(&mut |reader| rows.get(reader, 1).map(drop))?;
        Ok::<_, super::engine::Failure>(store)
    };
    // The first one brings what all share.
    let first = open_and_get(&dirs[0])?;
    let (memory, files, running) = (anonymous_bytes(), descriptors(), threads());
    let stores = dirs[1..].iter().map(|dir| open_and_get(dir)).collect::<Result<Vec<_>, _>>()?;
    let each = |after: u64, before: u64| precise(after.saturating_sub(before)) / precise(count);
    let mut notes = Notes::new(figures, kind.name, "Small databases");
    notes.cost("anonymous KB for each open one", each(anonymous_bytes(), memory) / 1e3);
    notes.cost("descriptors for each open one", each(descriptors(), files));
    notes.cost("threads for each open one", each(threads(), running));
    stores.into_iter().try_for_each(|store| store.close())?;
    first.close()
}
