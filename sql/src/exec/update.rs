//! `UPDATE` and `DELETE`.

use std::collections::HashSet;

use super::agenda::{Agenda, Found, Job, RemoveRow, UpdateRow};
use super::foreign::Direction;
use super::image::Image;
use super::lookup::is_of_one_row;
use super::query::Action;
use super::subquery::Memory;
use super::write::Writing;
use crate::ast::ConflictAction;
use crate::error::{Error, Result};
use crate::plan::{DeletePlan, UpdatePlan};
use crate::schema::TableKind;
use crate::value::{Affinity, Value, ValueRef};

/// Stands for the rowid among the columns that are set.
const ROWID: usize = usize::MAX;

impl Writing<'_, '_> {
    /// Starts an `UPDATE`: its rows are found.
    pub(super) fn start_update<'p>(&mut self, plan: &'p UpdatePlan, agenda: &mut Agenda<'p>) -> Result<()> {
        let found = self.rows(&plan.find)?;
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        if found.len() > 1 || !plan.is_quiet() || !plan.returning.values.is_empty() {
            self.mark();
        }
        agenda.push(Job::Updates(plan, found.into_iter(), HashSet::new()));
        Ok(())
    }

    /// Updates rows until one makes something else run, or all are done.
    pub(super) fn update_rows<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        mut found: Found,
        mut done: HashSet<Vec<u8>>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if plan.is_quiet() {
            return found.try_for_each(|row| self.update_found(plan, &row, &mut done, agenda));
        }
        let Some(row) = found.next() else { return Ok(()) };
        let at = agenda.jobs.len();
        agenda.push(Job::Updates(plan, found, HashSet::new()));
        self.update_found(plan, &row, &mut done, agenda)?;
        if let Some(Job::Updates(_, _, known)) = agenda.jobs.get_mut(at) {
            *known = done;
        }
        Ok(())
    }

    fn update_found<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        row: &[Value],
        done: &mut HashSet<Vec<u8>>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let (key, values) = row.split_at(plan.key_width.min(row.len()));
        if plan.target.table.kind == TableKind::View {
            return self.update_of_view(plan, key, values, agenda);
        }
        // A row that further tables fit to several times is written once.
        if plan.values.is_none() && !done.insert(key_bytes(key)) {
            return Ok(());
        }
        let Some(existing) = self.load(&plan.target, key)? else { return Ok(()) };
        let values: Vec<Value> = match &plan.values {
            Some(scalars) => self.with_rows(&plan.row, &[(plan.existing, existing.row())], |env| {
                Ok(scalars.iter().map(|scalar| scalar.eval(env).to_value()).collect())
            })?,
            None => values.to_vec(),
        };
        let rowid = plan.sets_rowid.then_some(ROWID);
        let set = plan.places.iter().copied().chain(rowid).zip(values).collect();
        let how = UpdateRow {
            row: &plan.row,
            target: &plan.target,
            conflict: plan.conflict,
            follows: &plan.follows,
            replaced: &plan.replaced,
            returning: &plan.returning,
        };
        self.update_row(how, existing, set, agenda)
    }

    /// A row of a view is not written: its triggers run instead.
    fn update_of_view<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        old: &[Value],
        values: &[Value],
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let table = &plan.target.table;
        let old: Vec<ValueRef<'_>> = old.iter().map(Value::as_ref).collect();
        let mut new = old.clone();
        for (&place, value) in plan.places.iter().zip(values) {
            new[place] = value.as_ref();
        }
        let (old, new) = (Image::new(table, &old, 0)?, Image::new(table, &new, 0)?);
        self.give_back(&plan.row, plan.target.row, &new, &plan.returning)?;
        agenda.fire(&plan.follows.before, Some(&old), Some(&new));
        Ok(())
    }

    /// Writes new values into a row, once what runs before has run.
    pub(super) fn update_row<'p>(
        &mut self,
        how: UpdateRow<'p>,
        existing: Image,
        set: Vec<(usize, Value)>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let image = self.updated(&how, &existing, &set)?;
        if how.follows.before.is_empty() {
            return self.rewrite(how, existing.clone(), existing, image, agenda);
        }
        agenda.push(Job::Update(how, existing.clone(), set));
        agenda.fire(&how.follows.before, Some(&existing), Some(&image));
        Ok(())
    }

    /// The same, after programs ran that may have changed or removed the row.
    pub(super) fn update_again<'p>(
        &mut self,
        how: UpdateRow<'p>,
        old: Image,
        set: &[(usize, Value)],
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(current) = self.reload(how.target, &old)? else { return Ok(()) };
        let image = self.updated(&how, &current, set)?;
        self.rewrite(how, old, current, image, agenda)
    }

    /// A row with new values.
    fn updated(&self, how: &UpdateRow<'_>, existing: &Image, set: &[(usize, Value)]) -> Result<Image> {
        let mut values = existing.columns(&how.target.table);
        let mut rowid = existing.rowid;
        for (place, value) in set {
            if *place == ROWID {
                rowid = match Affinity::Integer.apply_numeric(value.as_ref()) {
                    ValueRef::Integer(rowid) => rowid,
                    _ => return Err(Error::Mismatch),
                };
            } else {
                values[*place] = value.as_ref();
            }
        }
        self.image(how.row, how.target, &values, rowid)
    }

    fn rewrite<'p>(
        &mut self,
        how: UpdateRow<'p>,
        old: Image,
        current: Image,
        mut image: Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if !self.check(how.row, how.target, &mut image, how.conflict)? {
            return Ok(());
        }
        let others = match image.is_same(&current) {
            true => Some(Vec::new()),
            false => self.in_the_way(how.row, how.target, &image, Some(&current), how.conflict)?,
        };
        let Some(others) = others else { return Ok(()) };
        if !others.is_empty() {
            self.mark();
        }
        if others.is_empty() || how.replaced.nothing {
            for other in others {
                self.remove(how.row, how.target, &other)?;
            }
            return self.rewrite_image(how, &old, &current, &image, agenda);
        }
        agenda.push(Job::Rewrite(how, old, current, image));
        let remove = RemoveRow { row: how.row, target: how.target, follows: how.replaced, returning: None };
        agenda.jobs.extend(others.into_iter().rev().map(|other| Job::Replace(remove, other)));
        Ok(())
    }

    /// Writes a row anew whose new place is free.
    pub(super) fn rewrite_image<'p>(
        &mut self,
        how: UpdateRow<'p>,
        old: &Image,
        current: &Image,
        image: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let follows = how.follows;
        if follows.parents.is_empty() && follows.children.is_empty() {
            self.write(how.row, how.target, image, Some(current))?;
        } else {
            // The row must not be taken for its own parent as it was.
            self.count_orphans(follows, &how.target.table, old, Direction::Goes)?;
            self.remove(how.row, how.target, current)?;
            self.count_orphans(follows, &how.target.table, image, Direction::Comes)?;
            self.write(how.row, how.target, image, None)?;
        }
        self.tell(Action::Update, how.target, image);
        self.changes += 1;
        self.give_back(how.row, how.target.row, image, how.returning)?;
        agenda.fire(&follows.after, Some(old), Some(image));
        agenda.fire(&follows.actions, Some(old), Some(image));
        Ok(())
    }

    /// Starts a `DELETE`: its rows are found.
    pub(super) fn start_delete<'p>(&mut self, plan: &'p DeletePlan, agenda: &mut Agenda<'p>) -> Result<()> {
        if plan.all {
            let target = &plan.target;
            for index in &target.indexes {
                self.writers.clear(target.store, index.index.tree)?;
            }
            let cleared = self.writers.clear(target.store, target.table.tree)?;
            self.given.pace.wrote(cleared);
            self.changes += cleared;
            return Ok(());
        }
        let found = self.rows(&plan.find)?;
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        if found.len() > 1 || !plan.follows.nothing || !plan.returning.values.is_empty() {
            self.mark();
        }
        agenda.push(Job::Deletes(plan, found.into_iter()));
        Ok(())
    }

    /// Deletes rows until one makes something else run, or all are done.
    pub(super) fn delete_rows<'p>(
        &mut self,
        plan: &'p DeletePlan,
        mut found: Found,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let how = RemoveRow {
            row: &plan.row,
            target: &plan.target,
            follows: &plan.follows,
            returning: Some(&plan.returning),
        };
        if plan.follows.nothing {
            return found.try_for_each(|key| match self.load(&plan.target, &key)? {
                Some(existing) => self.remove_row(how, &existing, &existing, agenda),
                None => Ok(()),
            });
        }
        let Some(key) = found.next() else { return Ok(()) };
        // Rows that make something else run are looked up again, unless there can be one only.
        self.given.pace.read(u64::from(!is_of_one_row(&plan.find)));
        agenda.push(Job::Deletes(plan, found));
        if plan.target.table.kind == TableKind::View {
            let columns: Vec<ValueRef<'_>> = key.iter().map(Value::as_ref).collect();
            let old = Image::new(&plan.target.table, &columns, 0)?;
            self.give_back(&plan.row, plan.target.row, &old, &plan.returning)?;
            agenda.fire(&plan.follows.before, Some(&old), None);
            return Ok(());
        }
        match self.load(&plan.target, &key)? {
            Some(existing) => self.delete_row(how, existing, agenda),
            None => Ok(()),
        }
    }

    /// Removes a row, once what runs before has run.
    fn delete_row<'p>(&mut self, how: RemoveRow<'p>, existing: Image, agenda: &mut Agenda<'p>) -> Result<()> {
        if how.follows.before.is_empty() {
            return self.remove_row(how, &existing, &existing, agenda);
        }
        agenda.fire(&how.follows.before, Some(&existing), None);
        let at = agenda.jobs.len() - 1;
        agenda.jobs.insert(at, Job::Remove(how, existing));
        Ok(())
    }

    /// Removes a row that is in the way, if it is still there.
    pub(super) fn replace_row<'p>(
        &mut self,
        how: RemoveRow<'p>,
        other: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        match self.reload(how.target, other)? {
            Some(other) => self.delete_row(how, other, agenda),
            None => Ok(()),
        }
    }

    /// Removes a row after programs ran that may have changed or removed it.
    pub(super) fn remove_again<'p>(
        &mut self,
        how: RemoveRow<'p>,
        old: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        match self.reload(how.target, old)? {
            Some(current) => self.remove_row(how, old, &current, agenda),
            None => Ok(()),
        }
    }

    fn remove_row<'p>(
        &mut self,
        how: RemoveRow<'p>,
        old: &Image,
        current: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if !how.follows.nothing {
            self.count_orphans(how.follows, &how.target.table, old, Direction::Goes)?;
        }
        self.remove(how.row, how.target, current)?;
        if let Some(returning) = how.returning {
            self.tell(Action::Delete, how.target, old);
            self.given.pace.wrote(1);
            self.changes += 1;
            self.give_back(how.row, how.target.row, old, returning)?;
        }
        agenda.fire(&how.follows.after, Some(old), None);
        agenda.fire(&how.follows.actions, Some(old), None);
        Ok(())
    }

    /// Refuses a row that is in the way of another once more, after programs ran that were to clear its place.
    pub(super) fn place_is_free(
        &mut self,
        how: &RemoveRow<'_>,
        image: &Image,
        current: Option<&Image>,
    ) -> Result<()> {
        match self.clashes(how.row, how.target, image, current)?.first() {
            Some((clash, _)) => Err(self.refuse_clash(ConflictAction::Abort, how.target, clash)),
            None => Ok(()),
        }
    }
}

/// The key of a found row as bytes.
fn key_bytes(key: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in key {
        crate::codec::push_value(
            &mut bytes,
            value.as_ref(),
            &crate::value::Collation::Binary,
            crate::codec::Direction::Ascending,
        );
    }
    bytes
}
