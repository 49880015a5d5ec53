//! Foreign keys while rows are written.
//!
//! Nothing is refused at once: a row that loses its parent counts one up, one that gets it back counts one down. A
//! statement fails if its own count is not back at zero at its end, a commit if that of the transaction is not.

use super::image::Image;
use super::query::run_select_within;
use super::write::Writing;
use crate::bound::{ParentCheck, ParentKey};
use crate::codec::{push_value, rowid_key};
use crate::error::Result;
use crate::expr::Row;
use crate::plan::{ConsequencePlan, RowPlan, SelectPlan, TablePlan};
use crate::schema::{IndexColumn, IndexPart, TableKey};
use crate::store::Stores;
use crate::value::{Affinity, ArenaBuffer, Value, ValueRef};

/// Whether a row comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Comes,
    Goes,
}

impl Writing<'_, '_> {
    /// Counts what a row changes that comes or goes. Asked before that happens.
    pub(super) fn count_orphans(
        &mut self,
        follows: &ConsequencePlan,
        written: (&RowPlan, &TablePlan),
        image: &Image<'_>,
        direction: Direction,
    ) -> Result<()> {
        for check in &follows.parents {
            if direction == Direction::Goes && !self.orphans.has(check.deferred) {
                continue;
            }
            if !self.has_parent(check, written, image, direction)? {
                self.count(check.deferred, if direction == Direction::Comes { 1 } else { -1 });
            }
        }
        for child in &follows.children {
            if direction == Direction::Comes && !self.orphans.has(child.deferred) {
                continue;
            }
            let (plan, sign) = match (direction, &child.others) {
                (Direction::Comes, _) => (&child.all, -1),
                (Direction::Goes, Some(others)) => (others, 1),
                (Direction::Goes, None) => (&child.all, 1),
            };
            let found = self.count_rows(plan, image.row())?;
            self.count(child.deferred, sign * found);
        }
        Ok(())
    }

    fn count(&mut self, deferred: bool, change: i64) {
        let orphans = &mut self.orphans;
        if self.put_off_foreign_keys {
            orphans.put_off += change;
        } else if deferred {
            orphans.deferred += change;
        } else {
            orphans.statement += change;
        }
    }

    fn count_rows(&self, plan: &SelectPlan, row: Row<'_>) -> Result<i64> {
        let mut found = 0;
        run_select_within(plan, self.writers.stores(), self.given(), &[row], |_| {
            found += 1;
            Ok(true)
        })?;
        Ok(found)
    }

    /// Whether the parent of a row is there, or none is needed.
    fn has_parent(
        &self,
        check: &ParentCheck,
        (plan, target): (&RowPlan, &TablePlan),
        image: &Image<'_>,
        direction: Direction,
    ) -> Result<bool> {
        let values_at = |places: &[usize]| {
            places.iter().map(|&place| self.value(plan, target, image, place)).collect::<Result<Vec<_>>>()
        };
        let values = values_at(&check.columns)?;
        if values.iter().any(Value::is_null) {
            return Ok(true);
        }
        let Some(parent) = &check.parent else { return Ok(false) };
        let Some(wanted) = parent_key(parent, &values) else { return Ok(false) };
        if check.own && direction == Direction::Comes {
            let own = values_at(&parent.columns)?;
            if parent_key(parent, &own).as_ref() == Some(&wanted) {
                return Ok(true);
            }
        }
        // A rowid is looked up in a table; what an index is asked does not count.
        self.given.pace.read(u64::from(parent.index.is_none() && parent.table.has_rowid()));
        is_there(self.writers.stores(), parent, &wanted)
    }
}

/// Whether a parent has a row with this key.
///
/// # Errors
/// Those of the engine.
pub(super) fn is_there(stores: Stores<'_>, parent: &ParentKey, wanted: &[u8]) -> Result<bool> {
    match &parent.index {
        None => Ok(stores.get(parent.store, parent.table.tree, wanted)?.is_some()),
        Some(index) => Ok(stores.first_with(parent.store, index.tree, wanted)?.is_some()),
    }
}

/// The key of the row of a parent that has these values, in the order of the foreign key; `None` if no row can.
pub(super) fn parent_key(parent: &ParentKey, values: &[Value]) -> Option<Vec<u8>> {
    let columns: &[IndexColumn] = match (&parent.index, &parent.table.key) {
        (Some(index), _) => &index.columns,
        (None, TableKey::Primary { columns, .. }) => columns,
        (None, TableKey::Rowid { .. }) => {
            return match Affinity::Integer.apply_numeric(values.first()?.as_ref()) {
                ValueRef::Integer(rowid) => Some(rowid_key(rowid).to_vec()),
                _ => None,
            };
        }
    };
    let mut key = Vec::new();
    let mut buffer = ArenaBuffer::new();
    for column in columns {
        let IndexPart::Column(place) = column.part else { return None };
        let at = parent.columns.iter().position(|&known| known == place)?;
        let arena = buffer.arena();
        // As in comparisons, no integer is rounded to a real.
        let affinity = parent.table.columns[place].affinity.min(Affinity::Numeric);
        let value = affinity.apply(values.get(at)?.as_ref(), &arena);
        push_value(&mut key, value, &column.collation, column.direction);
    }
    Some(key)
}
