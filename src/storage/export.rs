//! [`export`]: all that an object holds as one file, written from its first byte to its last.
//!
//! It holds the trees of one version, each with its number, its name and its entries in order, so that what is made of it
//! is the same database but for its history. The form is that of [`export_form`](super::export_form).

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use duramen_engine::View;

use crate::storage::error::{Error, Result};
use crate::storage::export_form::{Head, Kind, header, push_entry};

/// From this length on a block is written, in bytes.
const BLOCK_BYTES: usize = 256 << 10;

/// What an export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many tables, indexes and collections of values there are, the storage's own among them.
    pub trees: u32,
    /// How many rows, entries of indexes, and values.
    pub entries: u64,
}

/// Writes all of one version of an object to a file: tables, indexes, views, triggers, values, the alarm. `progress` is told
/// how many entries are written, of how many.
///
/// # Errors
/// Those of the engine; [`Error::File`] if it cannot be written. What was written then is not taken by [`Import`].
///
/// [`Import`]: crate::storage::Import
pub fn export(view: &dyn View, out: &mut dyn Write, progress: &mut dyn FnMut(u64, u64)) -> Result<Exported> {
    let mut trees = view.trees();
    trees.sort_by_key(|(_, tree)| tree.0);
    let mut total = 0;
    for (_, tree) in &trees {
        total += view.len(*tree)?;
    }
    let mut file = File { out, blocks: 0, content: Vec::new() };
    file.out.write_all(&header(total)).map_err(failed)?;
    let mut done = Exported::default();
    for (name, tree) in trees {
        file.content.extend_from_slice(&tree.0.to_le_bytes());
        file.content.extend_from_slice(name);
        file.block(Kind::Tree)?;
        done.trees += 1;
        let mut cursor = view.cursor(tree)?;
        let mut more = cursor.first()?;
        while more {
            if !push_entry(&mut file.content, cursor.key(), cursor.value()?) {
                return Err(too_long());
            }
            done.entries += 1;
            if file.content.len() >= BLOCK_BYTES {
                file.block(Kind::Entries)?;
                progress(done.entries, total);
            }
            more = cursor.next()?;
        }
        if !file.content.is_empty() {
            file.block(Kind::Entries)?;
        }
    }
    file.content.extend_from_slice(&done.trees.to_le_bytes());
    file.content.extend_from_slice(&done.entries.to_le_bytes());
    file.block(Kind::End)?;
    file.out.flush().map_err(failed)?;
    progress(done.entries, total);
    Ok(done)
}

/// What reading or writing a file fails with.
pub(crate) fn failed(error: std::io::Error) -> Error {
    Error::File(Arc::new(error))
}

fn too_long() -> Error {
    failed(ErrorKind::FileTooLarge.into())
}

/// A file that is written.
struct File<'o> {
    out: &'o mut dyn Write,
    blocks: u32,
    /// The content of the next block.
    content: Vec<u8>,
}

impl File<'_> {
    fn block(&mut self, kind: Kind) -> Result<()> {
        let head = Head::new(kind, self.blocks, &self.content).ok_or_else(too_long)?;
        self.out.write_all(&head.to_bytes()).map_err(failed)?;
        self.out.write_all(&self.content).map_err(failed)?;
        self.content.clear();
        self.blocks += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
