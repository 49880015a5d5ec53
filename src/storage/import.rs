//! [`Import`]: an object made of the file that [`export`](super::export::export) wrote.
//!
//! Invariant: nothing of a file is in the database unless all of it was read and found whole: it is one transaction.

use std::io::{ErrorKind, Read};

use duramen_engine::{Database, Durability, TreeId, View, WriteTxn};

use crate::storage::error::{Error, Result};
use crate::storage::export::{Exported, failed};
use crate::storage::export_form::{
    BLOCK_HEAD_BYTES, HEADER_BYTES, Head, HeaderFault, Kind, entries_of, take_entry, take_u32, u64_at,
};
use crate::storage::import_fault::ImportFault;

/// An export that is read; see the head of the file. Its header was found sound.
#[derive(Debug)]
pub struct Import<R> {
    input: R,
    offset: u64,
    blocks: u32,
    entries: u64,
    content: Vec<u8>,
}

/// Numbers of trees are given in turn: more of them than this between two trees were given by nobody.
const WIDEST_GAP: u32 = 1 << 24;

impl<R: Read> Import<R> {
    /// Reads the header of an export.
    ///
    /// # Errors
    /// [`Error::Import`], [`Error::File`].
    pub fn open(mut input: R) -> Result<Import<R>> {
        let mut bytes = [0; HEADER_BYTES];
        let begins = input.read_exact(&mut bytes);
        let entries = match (begins, entries_of(&bytes)) {
            (Err(error), _) if error.kind() == ErrorKind::UnexpectedEof => Err(ImportFault::Foreign),
            (Err(error), _) => return Err(failed(error)),
            (_, Err(HeaderFault::Foreign)) => Err(ImportFault::Foreign),
            (_, Err(HeaderFault::Version(version))) => Err(ImportFault::Version(version)),
            (_, Err(HeaderFault::Damaged)) => Err(ImportFault::Damaged { offset: 0 }),
            (_, Ok(entries)) => Ok(entries),
        }?;
        let offset = HEADER_BYTES as u64;
        Ok(Import { input, offset, blocks: 0, entries, content: Vec::new() })
    }

    /// How many entries it says that it holds.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Makes a database without anything in it the one that was exported, in one commit, which is durable when this returns.
    /// `progress` is told how many entries are read, of how many.
    ///
    /// # Errors
    /// [`Error::Import`], [`Error::File`], those of the engine. Then there is still nothing in the database.
    pub fn into_database(
        mut self,
        database: &Database,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Exported> {
        let mut txn = database.begin_write()?;
        if !txn.trees().is_empty() {
            return Err(ImportFault::NotEmpty.into());
        }
        let mut done = Exported::default();
        let mut tree: Option<TreeId> = None;
        let mut last_key = None;
        loop {
            let offset = self.offset;
            let damaged = || Error::from(ImportFault::Damaged { offset });
            let kind = self.block()?;
            match kind {
                Kind::Tree => {
                    let (number, name) = take_u32(&self.content).ok_or_else(damaged)?;
                    tree = Some(make_tree(&mut txn, tree, TreeId(number), name)?.ok_or_else(damaged)?);
                    done.trees += 1;
                    last_key = None;
                }
                Kind::Entries => {
                    let tree = tree.ok_or_else(damaged)?;
                    let put = put_all(&mut txn, tree, &self.content, &mut last_key)?;
                    done.entries += put.ok_or_else(damaged)?;
                    progress(done.entries, self.entries);
                }
                Kind::End => {
                    let (trees, entries) = take_u32(&self.content).ok_or_else(damaged)?;
                    let is_whole = entries.len() == 8
                        && (trees, u64_at(entries, 0)) == (done.trees, done.entries)
                        && done.entries == self.entries;
                    if !is_whole || !self.is_at_end()? {
                        return Err(damaged());
                    }
                    txn.commit(Durability::Immediate)?;
                    return Ok(done);
                }
            }
        }
    }

    /// Reads the next block into the content; its kind.
    fn block(&mut self) -> Result<Kind> {
        let damaged = Error::from(ImportFault::Damaged { offset: self.offset });
        let mut bytes = [0; BLOCK_HEAD_BYTES];
        self.input.read_exact(&mut bytes).map_err(ended)?;
        let Some(head) = Head::from_bytes(&bytes).filter(|head| head.number == self.blocks) else {
            return Err(damaged);
        };
        self.content.clear();
        let wanted = u64::from(head.content_bytes);
        // Only as much memory is taken as there are bytes, whatever the head says.
        let read = (&mut self.input).take(wanted).read_to_end(&mut self.content).map_err(ended)?;
        if u64::try_from(read).ok() != Some(wanted) {
            return Err(ImportFault::Truncated.into());
        }
        if !head.fits(&self.content) {
            return Err(damaged);
        }
        self.blocks += 1;
        self.offset += BLOCK_HEAD_BYTES as u64 + wanted;
        Ok(head.kind)
    }

    fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.input.read(&mut [0]).map_err(failed)? == 0)
    }
}

/// What reading fails with where something has to come.
fn ended(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => ImportFault::Truncated.into(),
        _ => failed(error),
    }
}

/// Makes a tree of this number, because the schema refers to trees by it; `None` if it cannot have it.
fn make_tree(
    txn: &mut WriteTxn,
    before: Option<TreeId>,
    wanted: TreeId,
    name: &[u8],
) -> Result<Option<TreeId>> {
    let gap = wanted.0.checked_sub(before.map_or(0, |before| before.0));
    if gap.is_none_or(|gap| gap == 0 || gap > WIDEST_GAP) || txn.tree(name).is_some() {
        return Ok(None);
    }
    // Numbers are given in turn and not twice.
    loop {
        let made = txn.create_tree(name)?;
        if made == wanted {
            return Ok(Some(made));
        }
        if made.0 > wanted.0 {
            return Ok(None);
        }
        txn.drop_tree(made)?;
    }
}

/// Puts the entries of a block; how many, or `None` if they are not entries in their order.
fn put_all(
    txn: &mut WriteTxn,
    tree: TreeId,
    mut content: &[u8],
    last_key: &mut Option<Vec<u8>>,
) -> Result<Option<u64>> {
    let mut count = 0;
    while !content.is_empty() {
        let Some((key, value)) = take_entry(&mut content) else { return Ok(None) };
        if last_key.as_deref().is_some_and(|last| last >= key) {
            return Ok(None);
        }
        txn.put(tree, key, value)?;
        let last = last_key.get_or_insert_default();
        last.clear();
        last.extend_from_slice(key);
        count += 1;
    }
    Ok(Some(count))
}
