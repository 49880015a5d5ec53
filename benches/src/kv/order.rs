//! Keys that are not random: in ascending order, and with a long common prefix.

use std::path::Path;

use super::engine::{Done, Kind, Memory};
use super::figures::{Figures, Notes};
use super::life::get_each;
use super::options::Options;
use super::probe::{Span, disk_bytes};
use super::rows::{Rows, digest, touch_all};
use crate::cpu::precise;
use crate::keys::KeyShape;

/// Measures both.
///
/// # Errors
/// What the engine answers.
pub fn measure(options: &Options, kind: &Kind, dir: &Path, figures: &mut Figures) -> Done {
    let mut notes = Notes::new(figures, kind.name, "Bulk");
    let rows = options.rows();
    let (ascending, common) = (dir.join("ascending"), dir.join("common"));
    std::fs::create_dir_all(&ascending)?;
    std::fs::create_dir_all(&common)?;

    let store = (kind.open)(&ascending, Memory::AsDefault)?;
    let span = Span::begin();
    Rows::of(options, KeyShape::Ascending).load(&*store, rows)?;
    notes.cost("ascending, 1 transaction, ms", span.seconds() * 1e3);
    notes.cost("ascending, CPU s", span.cpu_seconds());
    notes.cost(
        "ascending, bytes written / user bytes",
        precise(span.written_bytes()) / options.user_bytes(rows),
    );
    notes.cost("ascending, size, MB", precise(disk_bytes(&ascending)?) / 1e6);
    notes.digest("ascending rows", digest(&*store)?);
    store.close()?;

    let store = (kind.open)(&common, Memory::AsDefault)?;
    let shaped = Rows::of(options, KeyShape::CommonPrefix);
    shaped.load(&*store, rows)?;
    touch_all(&*store)?;
    notes.table("Reads, warm (CPU ns)");
    let chosen = options.choices(6, rows, options.gets());
    notes.cost("get, keys with a common prefix", get_each(&*store, shaped, &chosen)?);
    store.close()
}
