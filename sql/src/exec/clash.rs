//! Rows in the way of a new row: by its key, and by unique indexes.

use super::entries::NewEntries;
use super::image::Image;
use super::scan::table_key;
use super::write::Writing;
use crate::ast::ConflictAction;
use crate::codec::{Direction, split_rowid_suffix};
use crate::error::{ConstraintKind, Error, Result};
use crate::plan::{IndexPlan, TablePlan};
use crate::schema::{IndexColumn, IndexOrigin, IndexPart, TableKey};
use crate::value::ArenaBuffer;

/// A uniqueness that a new row breaks.
#[derive(Clone, Debug)]
pub(super) enum Clash {
    /// Of the rowid, or the key of a table `WITHOUT ROWID`.
    Key,
    /// Of an index, by its number.
    Index(usize),
}

/// Whether a row may be in the way of another one by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyIs {
    /// It may.
    Given,
    /// The key was chosen because there is no row with it, or is that of the row that is replaced.
    Free,
}

impl Writing<'_, '_> {
    /// The rows in the way of a new row: by rowid or key, and by each unique index. `old` is the row it replaces, and
    /// `entries` are those of the new row that may differ from those of the old one.
    pub(super) fn clashes(
        &self,
        target: &TablePlan,
        (image, key): (&Image<'_>, KeyIs),
        entries: &NewEntries,
        old: Option<&Image<'_>>,
    ) -> Result<Vec<(Clash, Image<'static>)>> {
        let table = &*target.table;
        let key = match old {
            Some(old) if old.has_key_of(table, image) => KeyIs::Free,
            _ => key,
        };
        if key == KeyIs::Free && !entries.iter().any(|(number, _)| target.indexes[number].index.unique) {
            return Ok(Vec::new());
        }
        // What was made last is looked at first; a rowid before all indexes.
        let before_key = match &table.key {
            TableKey::Rowid { .. } => target.indexes.len(),
            TableKey::Primary { made_after, .. } => *made_after,
        };
        let order = (before_key..target.indexes.len()).rev().map(Clash::Index);
        let order = order.chain([Clash::Key]).chain((0..before_key).rev().map(Clash::Index));
        let mut found = Vec::new();
        for clash in order {
            let other = match clash {
                Clash::Key if key == KeyIs::Free => None,
                Clash::Key => self.reload(target, image)?,
                Clash::Index(number) => self.row_of_unique_index(target, number, entries)?,
            };
            let Some(other) = other else { continue };
            let is_old = old.is_some_and(|old| old.has_key_of(table, &other));
            if !is_old {
                found.push((clash, other));
            }
        }
        Ok(found)
    }

    /// The row that a unique index has where it would have a new one, if the new one's entry may be another one.
    fn row_of_unique_index(
        &self,
        target: &TablePlan,
        number: usize,
        entries: &NewEntries,
    ) -> Result<Option<Image<'static>>> {
        let index = &target.indexes[number];
        if !index.index.unique {
            return Ok(None);
        }
        let Some(prefix) = entries.of(number).and_then(|entry| entry.unique_prefix()) else {
            return Ok(None);
        };
        let found = self.writers.stores().first_with(target.store, index.index.tree, prefix)?;
        found.map(|found| self.row_of_entry(target, index, &found)).transpose()
    }

    /// The row that an entry of an index is of.
    fn row_of_entry(&self, target: &TablePlan, index: &IndexPlan, entry: &[u8]) -> Result<Image<'static>> {
        let stores = self.writers.stores();
        let table = &*target.table;
        match &table.key {
            TableKey::Rowid { .. } => {
                let (_, rowid) = split_rowid_suffix(entry).map_err(|_| Error::Malformed)?;
                let bytes = stores.row(target.store, table.tree, rowid)?.ok_or(Error::Malformed)?;
                Ok(Image::decode(bytes, rowid)?.into_owned())
            }
            TableKey::Primary { columns, .. } => {
                let all: Vec<_> = index.index.columns.iter().chain(&index.index.suffix).collect();
                let directions: Vec<Direction> = all.iter().map(|column| column.direction).collect();
                let parts: Vec<_> = columns
                    .iter()
                    .map(|key| {
                        let same = |column: &&IndexColumn| {
                            matches!((&column.part, &key.part),
                                (IndexPart::Column(a), IndexPart::Column(b)) if a == b)
                                && column.collation == key.collation
                        };
                        let place = all.iter().position(same).unwrap_or(0);
                        (place, key.collation.clone(), key.direction)
                    })
                    .collect();
                let mut key = Vec::new();
                table_key(entry, &directions, &parts, &mut ArenaBuffer::new(), &mut key)?;
                let bytes = stores.get(target.store, table.tree, &key)?.ok_or(Error::Malformed)?;
                Ok(Image::decode(bytes, 0)?.into_owned())
            }
        }
    }

    /// The rows that are to be removed of those in the way of a new row; `None` if the new row is to be left out.
    ///
    /// # Errors
    /// If the row is refused.
    pub(super) fn in_the_way(
        &mut self,
        target: &TablePlan,
        clashes: Vec<(Clash, Image<'static>)>,
        conflict: Option<ConflictAction>,
    ) -> Result<Option<Vec<Image<'static>>>> {
        let action_of = |clash: &Clash| {
            let own = match clash {
                Clash::Key => match &target.table.key {
                    TableKey::Rowid { conflict, .. } | TableKey::Primary { conflict, .. } => *conflict,
                },
                Clash::Index(number) => target.indexes[*number].index.conflict,
            };
            conflict.or(own).unwrap_or(ConflictAction::Abort)
        };
        for (clash, _) in &clashes {
            match action_of(clash) {
                ConflictAction::Replace => {}
                ConflictAction::Ignore => return Ok(None),
                action => return Err(self.refuse_clash(action, target, clash)),
            }
        }
        let mut rows: Vec<Image<'static>> = Vec::new();
        for (clash, other) in clashes {
            // One row may be in the way twice.
            if !rows.iter().any(|row| row.has_key_of(&target.table, &other)) {
                self.count_fetched(target, &clash);
                rows.push(other);
            }
        }
        Ok(Some(rows))
    }

    /// Counts that a row in the way is read: by its rowid, of which an index told.
    pub(super) fn count_fetched(&self, target: &TablePlan, clash: &Clash) {
        let by_rowid = matches!(clash, Clash::Index(_)) && target.table.has_rowid();
        self.given.pace.read(u64::from(by_rowid));
    }

    /// The error of a row that is not unique.
    pub(super) fn refuse_clash(
        &mut self,
        action: ConflictAction,
        target: &TablePlan,
        clash: &Clash,
    ) -> Error {
        let (kind, message) = clash_message(target, clash);
        self.refuse(action, kind, message)
    }
}

/// What is wrong with a row that is in the way.
pub(super) fn clash_message(target: &TablePlan, clash: &Clash) -> (ConstraintKind, String) {
    let table = &*target.table;
    let list = |columns: &[IndexColumn]| {
        let names: Vec<String> = columns
            .iter()
            .filter_map(|column| match column.part {
                IndexPart::Column(place) => Some(format!("{}.{}", table.name, table.columns[place].name)),
                IndexPart::Expr(_) => None,
            })
            .collect();
        names.join(", ")
    };
    match clash {
        Clash::Key => match &table.key {
            TableKey::Rowid { alias: Some(alias), .. } => (
                ConstraintKind::PrimaryKey,
                format!("UNIQUE constraint failed: {}.{}", table.name, table.columns[*alias].name),
            ),
            TableKey::Rowid { alias: None, .. } => {
                (ConstraintKind::Rowid, format!("UNIQUE constraint failed: {}.rowid", table.name))
            }
            TableKey::Primary { columns, .. } => {
                (ConstraintKind::PrimaryKey, format!("UNIQUE constraint failed: {}", list(columns)))
            }
        },
        Clash::Index(number) => {
            let index = &target.indexes[*number].index;
            let kind = match index.origin {
                IndexOrigin::PrimaryKey => ConstraintKind::PrimaryKey,
                _ => ConstraintKind::Unique,
            };
            if index.columns.iter().any(|column| matches!(column.part, IndexPart::Expr(_))) {
                return (kind, format!("UNIQUE constraint failed: index '{}'", index.name));
            }
            (kind, format!("UNIQUE constraint failed: {}", list(&index.columns)))
        }
    }
}
