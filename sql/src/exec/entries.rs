//! [`NewEntries`]: what a row has in the indexes of its table.

use duramen_engine::MAX_KEY_BYTES;

use super::image::{Image, is_same_value};
use crate::codec::{Fidelity, encode_record, push_rowid_suffix, push_value};
use crate::error::{Error, Result};
use crate::expr::Env;
use crate::plan::{IndexPlan, TablePlan};
use crate::schema::{IndexPart, Table};
use crate::value::{Affinity, ValueRef};

/// The entries of a row in some of its table's indexes, in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct NewEntries {
    /// The keys, each with its originals behind it.
    bytes: Vec<u8>,
    /// Where they lie, with the number of the index; nothing where the row has no entry.
    made: Vec<(usize, Option<Made>)>,
}

/// Where an entry lies.
#[derive(Clone, Copy, Debug)]
struct Made {
    start: usize,
    key_end: usize,
    end: usize,
    unique_len: Option<usize>,
}

/// The entry of a row in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'e> {
    pub(super) key: &'e [u8],
    /// The columns once more, if the key does not keep them as they were.
    pub(super) originals: &'e [u8],
    /// How long the part of the key is that must be unique in a unique index; `None` if a column is NULL.
    unique_len: Option<usize>,
}

/// How many bytes an entry is taken to have.
const USUAL_BYTES: usize = 32;

impl NewEntries {
    /// The entries of a row in these indexes.
    pub(super) fn of_row(
        env: &Env<'_>,
        target: &TablePlan,
        indexes: impl Iterator<Item = usize>,
        image: &Image<'_>,
    ) -> Result<NewEntries> {
        let most = target.indexes.len();
        let mut entries =
            NewEntries { bytes: Vec::with_capacity(most * USUAL_BYTES), made: Vec::with_capacity(most) };
        for number in indexes {
            entries.add(env, target, number, image)?;
        }
        Ok(entries)
    }

    /// Adds the entry of a row in the index of a number, or that it has none there.
    pub(super) fn add(
        &mut self,
        env: &Env<'_>,
        target: &TablePlan,
        number: usize,
        image: &Image<'_>,
    ) -> Result<()> {
        let (index, table) = (&target.indexes[number], &target.table);
        let made = match index.filter.as_ref().is_none_or(|filter| filter(env)) {
            true => Some(push_entry(&mut self.bytes, env, index, table, image)?),
            false => None,
        };
        self.made.push((number, made));
        Ok(())
    }

    /// All of them, with the numbers of their indexes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Option<Entry<'_>>)> {
        self.made.iter().map(|(number, made)| (*number, made.map(|made| self.entry(made))))
    }

    /// The entry in the index of a number.
    pub(super) fn of(&self, number: usize) -> Option<Entry<'_>> {
        self.iter().find(|(of, _)| *of == number).and_then(|(_, entry)| entry)
    }

    /// Whether there is nothing of any index.
    pub(super) fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Forgets them, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.made.clear();
    }

    fn entry(&self, Made { start, key_end, end, unique_len }: Made) -> Entry<'_> {
        Entry { key: &self.bytes[start..key_end], originals: &self.bytes[key_end..end], unique_len }
    }
}

/// Appends the entry of a row that has one.
fn push_entry(
    bytes: &mut Vec<u8>,
    env: &Env<'_>,
    index: &IndexPlan,
    table: &Table,
    image: &Image<'_>,
) -> Result<Made> {
    let start = bytes.len();
    let mut lost = false;
    let mut has_null = false;
    for (scalar, column) in index.columns.iter().zip(&index.index.columns) {
        let value = scalar.eval(env);
        has_null |= value.is_null();
        let fidelity = push_value(bytes, value, &column.collation, column.direction);
        let is_real = matches!(column.part, IndexPart::Column(place)
            if table.columns[place].affinity == Affinity::Real)
            && value.is_number();
        lost |= fidelity == Fidelity::Lost && !is_real;
    }
    let unique_len = (!has_null).then_some(bytes.len() - start);
    if table.has_rowid() {
        push_rowid_suffix(bytes, image.rowid);
    } else {
        for column in &index.index.suffix {
            if let IndexPart::Column(place) = column.part {
                push_value(bytes, image.stored(table, place), &column.collation, column.direction);
            }
        }
    }
    check_key(&bytes[start..])?;
    let key_end = bytes.len();
    if lost {
        let values: Vec<ValueRef<'_>> = index.columns.iter().map(|scalar| scalar.eval(env)).collect();
        encode_record(bytes, &values, 0).map_err(|_| Error::Malformed)?;
    }
    Ok(Made { start, key_end, end: bytes.len(), unique_len })
}

impl<'e> Entry<'e> {
    /// Appends what the key does not tell.
    pub(super) fn append_rest(&self, out: &mut Vec<u8>) -> Result<()> {
        let unique_len = self.unique_len.map_or(Ok(u32::MAX), u32::try_from).map_err(|_| Error::Malformed)?;
        out.extend_from_slice(&unique_len.to_le_bytes());
        out.extend_from_slice(self.originals);
        Ok(())
    }

    /// The unique prefix, and the columns that the key does not keep, of a key and what was appended.
    pub(super) fn split_rest(key: &'e [u8], rest: &'e [u8]) -> Result<(Option<&'e [u8]>, &'e [u8])> {
        let (unique_len, originals) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let unique_len = usize::try_from(u32::from_le_bytes(*unique_len)).map_err(|_| Error::Malformed)?;
        Ok((key.get(..unique_len), originals))
    }

    /// What no other entry of a unique index may start with; `None` if a column is NULL, which is equal to nothing.
    pub(super) fn unique_prefix(&self) -> Option<&'e [u8]> {
        self.unique_len.map(|len| &self.key[..len])
    }
}

/// Refuses a key that the engine would refuse: before anything of the row is written.
pub(super) fn check_key(key: &[u8]) -> Result<()> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::TooBig("string or blob too big"));
    }
    Ok(())
}

/// Whether the entry of a row in an index may differ from that of the row it replaces.
pub(super) fn may_differ(table: &Table, index: &IndexPlan, image: &Image<'_>, old: &Image<'_>) -> bool {
    let same = |place: usize| is_same_value(image.stored(table, place), old.stored(table, place));
    !index.reads.iter().all(|&place| same(place)) || !image.has_key_of(table, old)
}
