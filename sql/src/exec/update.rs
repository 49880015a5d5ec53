//! `UPDATE` and `DELETE`.

use super::subquery::Memory;
use super::write::{Image, Outcome, Writing};
use crate::ast::ConflictAction;
use crate::error::{Error, Result};
use crate::plan::{DeletePlan, ReturningPlan, RowPlan, TablePlan, UpdatePlan};
use crate::value::{Affinity, Value, ValueRef};

/// Stands for the rowid among the columns that are set.
const ROWID: usize = usize::MAX;

impl Writing<'_, '_> {
    /// Runs an `UPDATE`.
    ///
    /// # Errors
    /// Where a row is refused, and those of the engine and of expressions.
    pub fn update(&mut self, plan: &UpdatePlan) -> Result<()> {
        let found = self.rows(&plan.find)?;
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        let mut done = std::collections::HashSet::new();
        for row in found {
            let (key, values) = row.split_at(plan.key_width.min(row.len()));
            if plan.values.is_none() {
                // A row that further tables fit to several times is written once.
                let mut bytes = Vec::new();
                for value in key {
                    crate::codec::push_value(
                        &mut bytes,
                        value.as_ref(),
                        &crate::value::Collation::Binary,
                        crate::codec::Direction::Ascending,
                    );
                }
                if !done.insert(bytes) {
                    continue;
                }
            }
            let Some(existing) = self.load(&plan.target, key)? else { continue };
            let values: Vec<Value> = match &plan.values {
                Some(scalars) => self.with_rows(&plan.row, &[(plan.existing, existing.row())], |env| {
                    Ok(scalars.iter().map(|scalar| scalar.eval(env).to_value()).collect())
                })?,
                None => values.to_vec(),
            };
            let mut places = plan.places.clone();
            if plan.sets_rowid {
                places.push(ROWID);
            }
            let set = places.into_iter().zip(values).collect();
            self.update_row(&plan.row, &plan.target, &existing, set, plan.conflict, &plan.returning)?;
        }
        Ok(())
    }

    /// Writes new values into a row.
    pub(super) fn update_row(
        &mut self,
        plan: &RowPlan,
        target: &TablePlan,
        existing: &Image,
        set: Vec<(usize, Value)>,
        conflict: Option<ConflictAction>,
        returning: &ReturningPlan,
    ) -> Result<()> {
        let mut values = existing.values.clone();
        let mut rowid = existing.rowid;
        for (place, value) in set {
            if place == ROWID {
                rowid = match Affinity::Integer.apply_numeric(value.as_ref()) {
                    ValueRef::Integer(rowid) => rowid,
                    _ => return Err(Error::Mismatch),
                };
            } else {
                values[place] = value;
            }
        }
        let mut image = self.image(plan, target, values, rowid)?;
        if !self.check(plan, target, &mut image, conflict, None)? {
            return Ok(());
        }
        match self.resolve(plan, target, &image, Some(existing), conflict)? {
            Outcome::Ignored => return Ok(()),
            Outcome::Written => {}
        }
        self.write(plan, target, &image, Some(existing))?;
        self.changes += 1;
        self.give_back(plan, target.row, &image, returning)
    }

    /// Runs a `DELETE`.
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    pub fn delete(&mut self, plan: &DeletePlan) -> Result<()> {
        if plan.all {
            let target = &plan.target;
            for index in &target.indexes {
                self.writers.clear(target.store, index.index.tree)?;
            }
            self.changes += self.writers.clear(target.store, target.table.tree)?;
            return Ok(());
        }
        let found = self.rows(&plan.find)?;
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        for key in found {
            let Some(existing) = self.load(&plan.target, &key)? else { continue };
            self.give_back(&plan.row, plan.target.row, &existing, &plan.returning)?;
            self.remove(&plan.row, &plan.target, &existing)?;
            self.changes += 1;
        }
        Ok(())
    }
}
