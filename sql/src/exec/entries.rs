//! [`Entry`]: what a row has in an index.

use duramen_engine::MAX_KEY_BYTES;

use super::image::{Image, is_same_value};
use crate::codec::{Fidelity, encode_record, push_rowid_suffix, push_value};
use crate::error::{Error, Result};
use crate::expr::Env;
use crate::plan::IndexPlan;
use crate::schema::{IndexPart, Table};
use crate::value::{Affinity, ValueRef};

/// The entries of a row in some of its table's indexes, by the numbers of these.
pub(super) type NewEntries = Vec<(usize, Option<Entry>)>;

/// The entry of a row in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    /// The columns once more, if the key does not keep them as they were.
    pub(super) originals: Vec<u8>,
    /// How long the part of the key is that must be unique in a unique index; `None` if a column is NULL.
    unique_len: Option<usize>,
}

impl Entry {
    /// The entry of a row; `None` if it has none.
    pub(super) fn of(
        env: &Env<'_>,
        table: &Table,
        index: &IndexPlan,
        image: &Image<'_>,
    ) -> Result<Option<Entry>> {
        if index.filter.as_ref().is_some_and(|filter| !filter(env)) {
            return Ok(None);
        }
        let mut key = Vec::with_capacity(32);
        let mut lost = false;
        let mut has_null = false;
        for (scalar, column) in index.columns.iter().zip(&index.index.columns) {
            let value = scalar.eval(env);
            has_null |= value.is_null();
            let fidelity = push_value(&mut key, value, &column.collation, column.direction);
            let is_real = matches!(column.part, IndexPart::Column(place)
                if table.columns[place].affinity == Affinity::Real)
                && value.is_number();
            lost |= fidelity == Fidelity::Lost && !is_real;
        }
        let unique_len = (!has_null).then_some(key.len());
        if table.has_rowid() {
            push_rowid_suffix(&mut key, image.rowid);
        } else {
            for column in &index.index.suffix {
                if let IndexPart::Column(place) = column.part {
                    push_value(&mut key, image.stored(table, place), &column.collation, column.direction);
                }
            }
        }
        check_key(&key)?;
        let mut originals = Vec::new();
        if lost {
            let values: Vec<ValueRef<'_>> = index.columns.iter().map(|scalar| scalar.eval(env)).collect();
            encode_record(&mut originals, &values, 0).map_err(|_| Error::Malformed)?;
        }
        Ok(Some(Entry { key, originals, unique_len }))
    }

    /// Appends what the key does not tell.
    pub(super) fn append_rest(&self, out: &mut Vec<u8>) -> Result<()> {
        let unique_len = self.unique_len.map_or(Ok(u32::MAX), u32::try_from).map_err(|_| Error::Malformed)?;
        out.extend_from_slice(&unique_len.to_le_bytes());
        out.extend_from_slice(&self.originals);
        Ok(())
    }

    /// The unique prefix, and the columns that the key does not keep, of a key and what was appended.
    pub(super) fn split_rest<'e>(key: &'e [u8], rest: &'e [u8]) -> Result<(Option<&'e [u8]>, &'e [u8])> {
        let (unique_len, originals) = rest.split_first_chunk().ok_or(Error::Malformed)?;
        let unique_len = usize::try_from(u32::from_le_bytes(*unique_len)).map_err(|_| Error::Malformed)?;
        Ok((key.get(..unique_len), originals))
    }

    /// What no other entry of a unique index may start with; `None` if a column is NULL, which is equal to nothing.
    pub(super) fn unique_prefix(&self) -> Option<&[u8]> {
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
