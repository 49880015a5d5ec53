//! `UPDATE` and `DELETE`.

use std::collections::HashSet;

use super::agenda::{Agenda, Found, Job, RemoveRow, UpdateRow};
use super::clash::KeyIs;
use super::entries::NewEntries;
use super::foreign::Direction;
use super::image::{Image, is_same_value};
use super::operator::{with_room, with_values};
use super::query::{Action, Finder};
use super::subquery::Memory;
use super::write::{RowsStay, Writing};
use crate::ast::ConflictAction;
use crate::codec::{self, Record, push_value};
use crate::error::{Error, Result};
use crate::expr::{Row, Scalar, Test};
use crate::plan::{DeletePlan, ROWID_PLACE, TablePlan, UpdatePlan};
use crate::schema::TableKind;
use crate::value::{Affinity, Arena, ArenaBuffer, Collation, Value, ValueRef};

impl Writing<'_, '_> {
    /// Starts an `UPDATE`: its rows are found, and updated if nothing runs for them.
    pub(super) fn start_update<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        finder: &mut Finder,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let (mut found, unchanged) = match plan.may_pass_over && self.given.watch.is_none() {
            true => self.rows_to_change(plan, finder)?,
            false => (self.rows(&plan.find, finder)?, 0),
        };
        self.given.pace.read(plan.revisits.count(found.len() + unchanged));
        self.count_unchanged(unchanged);
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        self.rows_moved = false;
        if found.len() > 1 || !plan.is_quiet() || !plan.returning.values.is_empty() {
            self.mark();
        }
        let mut done = HashSet::new();
        if !plan.is_quiet() {
            agenda.push(Job::Updates(plan, found, done));
            return Ok(());
        }
        while let Some(place) = found.next() {
            self.update_found(plan, &found.row(place)?, RowsStay::Yes, &mut done, agenda)?;
        }
        Ok(())
    }

    /// The rows of an update that sets the same for all of them, without those that hold it already, and how many those are.
    fn rows_to_change(&self, plan: &UpdatePlan, finder: &mut Finder) -> Result<(Found, usize)> {
        let columns = &plan.target.table.columns;
        self.with_rows(&plan.row, [], |env| {
            with_values(&plan.set.values, env, |values| {
                with_room(values.len(), |stored| {
                    for ((stored, value), &place) in stored.iter_mut().zip(values).zip(&plan.set.places) {
                        *stored = columns[place].affinity.apply(*value, env.arena);
                    }
                    let mut unchanged = 0;
                    let found = self.rows_to_keep(&plan.find, finder, |row| {
                        let is_same = holds(row.get(plan.key_width), &plan.set.places, stored);
                        unchanged += usize::from(is_same);
                        !is_same
                    })?;
                    Ok((found, unchanged))
                })
            })
        })
    }

    /// Counts rows that hold already what is set. They count as written.
    fn count_unchanged(&mut self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.given.pace.wrote(rows);
        self.changes += rows;
    }

    /// Updates the next row.
    pub(super) fn update_next<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        mut found: Found,
        mut done: HashSet<Vec<u8>>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(place) = found.next() else { return Ok(()) };
        let at = agenda.jobs.len();
        agenda.push(Job::Updates(plan, found.clone(), HashSet::new()));
        let row = found.row(place)?;
        match plan.target.table.kind {
            TableKind::View => self.update_of_view(plan, &row, agenda)?,
            _ => self.update_found(plan, &row, RowsStay::Perhaps, &mut done, agenda)?,
        }
        if let Some(Job::Updates(_, _, known)) = agenda.jobs.get_mut(at) {
            *known = done;
        }
        Ok(())
    }

    fn update_found<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        found: &Row<'_>,
        stay: RowsStay,
        done: &mut HashSet<Vec<u8>>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let how = UpdateRow {
            row: &plan.row,
            target: &plan.target,
            places: &plan.set.places,
            conflict: plan.conflict,
            follows: &plan.follows,
            replaced: &plan.replaced,
            returning: &plan.returning,
        };
        if !plan.values_are_found {
            let current = self.current(&plan.target, plan.key_width, found, stay)?;
            let Some(existing) = current else { return Ok(()) };
            let rows = [(plan.existing, existing.row())];
            return self.update_row(&how, rows, &existing, (&plan.set.values, None), agenda);
        }
        // A row that further tables fit to several times is written once.
        let key = columns_of(found, 0..plan.key_width)?;
        if !done.insert(key_bytes(&key)) {
            return Ok(());
        }
        let Some(existing) = self.load(&plan.target, found)? else { return Ok(()) };
        let values = columns_of(found, plan.key_width..plan.key_width + plan.set.places.len())?;
        let mut buffer = ArenaBuffer::new();
        let image = self.updated(&how, &existing, &values, &buffer.arena())?;
        let kept = values.iter().map(|value| value.to_value()).collect();
        self.update_to(&how, &existing, (image, kept), agenda)
    }

    /// A row of a view is not written: its triggers run instead.
    fn update_of_view<'p>(
        &mut self,
        plan: &'p UpdatePlan,
        found: &Row<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let table = &plan.target.table;
        let old = columns_of(found, 0..plan.key_width)?;
        let values = columns_of(found, plan.key_width..plan.key_width + plan.set.places.len())?;
        let mut new = old.clone();
        for (&place, value) in plan.set.places.iter().zip(values) {
            new[place] = value;
        }
        let (old, new) = (Image::new(table, &old, 0)?, Image::new(table, &new, 0)?);
        self.give_back(&plan.row, plan.target.row, &new, &plan.returning)?;
        agenda.fire(&plan.follows.before, Some(&old), Some(&new));
        Ok(())
    }

    /// Computes new values for a row, and writes them once what runs before has run.
    pub(super) fn update_row<'p, const N: usize>(
        &mut self,
        how: &UpdateRow<'p>,
        rows: [(usize, Row<'_>); N],
        existing: &Image<'_>,
        (values, filter): (&[Scalar], Option<&Test>),
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let new = self.with_rows(how.row, rows, |env| {
            if filter.is_some_and(|filter| !filter(env)) {
                return Ok(None);
            }
            with_values(values, env, |values| {
                let image = self.updated(how, existing, values, env.arena)?;
                let kept = match how.follows.before.is_empty() {
                    true => Vec::new(),
                    false => values.iter().map(|value| value.to_value()).collect(),
                };
                Ok(Some((image, kept)))
            })
        })?;
        match new {
            Some(new) => self.update_to(how, existing, new, agenda),
            None => Ok(()),
        }
    }

    /// Writes a row anew, once what runs before has run; `values` are those that are set.
    fn update_to<'p>(
        &mut self,
        how: &UpdateRow<'p>,
        existing: &Image<'_>,
        (image, values): (Image<'_>, Vec<Value>),
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if how.follows.before.is_empty() {
            return self.rewrite(how, (existing, existing), image, agenda);
        }
        agenda.push(Job::Update(*how, existing.clone().into_owned(), values));
        agenda.fire(&how.follows.before, Some(existing), Some(&image));
        Ok(())
    }

    /// The same, after programs ran that may have changed or removed the row.
    pub(super) fn update_again<'p>(
        &mut self,
        how: &UpdateRow<'p>,
        old: &Image<'_>,
        values: &[Value],
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(current) = self.look_again(how.target, old)? else { return Ok(()) };
        let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        let mut buffer = ArenaBuffer::new();
        let image = self.updated(how, &current, &values, &buffer.arena())?;
        self.rewrite(how, (old, &current), image, agenda)
    }

    /// A row as it is after programs ran.
    fn look_again(&self, target: &TablePlan, old: &Image<'_>) -> Result<Option<Image<'static>>> {
        self.given.pace.read(u64::from(target.table.has_rowid()));
        self.reload(target, old)
    }

    /// A row with new values.
    fn updated<'i, 'e>(
        &self,
        how: &UpdateRow<'_>,
        existing: &'i Image<'_>,
        values: &[ValueRef<'e>],
        arena: &Arena<'e>,
    ) -> Result<Image<'i>> {
        let table = &*how.target.table;
        let (places, rowid) = match how.places.split_last() {
            Some((&ROWID_PLACE, places)) => {
                match values.last().map(|value| Affinity::Integer.apply_numeric(*value)) {
                    Some(ValueRef::Integer(rowid)) => (places, rowid),
                    _ => return Err(Error::Mismatch),
                }
            }
            _ => (how.places, existing.rowid),
        };
        let mut image = with_room(places.len(), |stored| {
            for ((stored, &place), value) in stored.iter_mut().zip(places).zip(values) {
                *stored = table.columns[place].affinity.apply(*value, arena);
            }
            existing.replaced(table, places, stored, rowid)
        })?;
        self.compute_generated(how.row, how.target, &mut image)?;
        Ok(image)
    }

    /// Writes a row anew if no constraint refuses it: `old` is the row before anything ran, `current` what it is now.
    fn rewrite<'p>(
        &mut self,
        how: &UpdateRow<'p>,
        (old, current): (&Image<'_>, &Image<'_>),
        mut image: Image<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if !self.check(how.row, how.target, &mut image, how.conflict)? {
            return Ok(());
        }
        if how.places.contains(&ROWID_PLACE) {
            // Both places are looked at: the new one only if it is another.
            self.given.pace.read(1 + u64::from(image.rowid != current.rowid));
        }
        if image.is_same(current) {
            return self.rewrite_image(how, (old, current), (&image, &NewEntries::default()), agenda);
        }
        let entries = self.new_entries(how.row, how.target, &image, Some(current))?;
        let clashes = self.clashes(how.target, (&image, KeyIs::Given), &entries, Some(current))?;
        let Some(others) = self.in_the_way(how.target, clashes, how.conflict)? else { return Ok(()) };
        if !others.is_empty() {
            self.mark();
        }
        self.rows_moved |= !others.is_empty() || !image.has_key_of(&how.target.table, current);
        if others.is_empty() || how.replaced.nothing {
            for other in others {
                self.remove(how.row, how.target, &other)?;
            }
            return self.rewrite_image(how, (old, current), (&image, &entries), agenda);
        }
        let (old, current) = (old.clone().into_owned(), current.clone().into_owned());
        agenda.push(Job::Rewrite(*how, old, current, image.into_owned()));
        let remove = RemoveRow { row: how.row, target: how.target, follows: how.replaced, returning: None };
        agenda.jobs.extend(others.into_iter().rev().map(|other| Job::Replace(remove, other)));
        Ok(())
    }

    /// Writes a row anew whose new place is free.
    pub(super) fn rewrite_image<'p>(
        &mut self,
        how: &UpdateRow<'p>,
        (old, current): (&Image<'_>, &Image<'_>),
        (image, entries): (&Image<'_>, &NewEntries),
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let follows = how.follows;
        if follows.parents.is_empty() && follows.children.is_empty() {
            self.write_with(how.row, how.target, image, entries, Some(current))?;
        } else {
            // The row must not be taken for its own parent as it was.
            self.count_orphans(follows, (how.row, how.target), old, Direction::Goes)?;
            self.remove(how.row, how.target, current)?;
            self.count_orphans(follows, (how.row, how.target), image, Direction::Comes)?;
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
    pub(super) fn start_delete<'p>(
        &mut self,
        plan: &'p DeletePlan,
        finder: &mut Finder,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
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
        let mut found = self.rows(&plan.find, finder)?;
        self.given.pace.read(plan.revisits.count(found.len()));
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        self.rows_moved = false;
        if found.len() > 1 || !plan.follows.nothing || !plan.returning.values.is_empty() {
            self.mark();
        }
        if !plan.follows.nothing {
            agenda.push(Job::Deletes(plan, found));
            return Ok(());
        }
        let how = removal(plan);
        while let Some(place) = found.next() {
            let row = found.row(place)?;
            if let Some(existing) = self.current(&plan.target, plan.key_width, &row, RowsStay::Yes)? {
                self.remove_row(how, &existing, &existing, agenda)?;
            }
        }
        Ok(())
    }

    /// Deletes the next row.
    pub(super) fn delete_next<'p>(
        &mut self,
        plan: &'p DeletePlan,
        mut found: Found,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(place) = found.next() else { return Ok(()) };
        agenda.push(Job::Deletes(plan, found.clone()));
        let row = found.row(place)?;
        if plan.target.table.kind == TableKind::View {
            let columns = columns_of(&row, 0..plan.key_width)?;
            let old = Image::new(&plan.target.table, &columns, 0)?;
            self.give_back(&plan.row, plan.target.row, &old, &plan.returning)?;
            agenda.fire(&plan.follows.before, Some(&old), None);
            return Ok(());
        }
        match self.load(&plan.target, &row)? {
            Some(existing) => self.delete_row(removal(plan), existing, agenda),
            None => Ok(()),
        }
    }

    /// Removes a row, once what runs before has run.
    fn delete_row<'p>(
        &mut self,
        how: RemoveRow<'p>,
        existing: Image<'static>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
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
        other: &Image<'_>,
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
        old: &Image<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        match self.look_again(how.target, old)? {
            Some(current) => self.remove_row(how, old, &current, agenda),
            None => Ok(()),
        }
    }

    fn remove_row<'p>(
        &mut self,
        how: RemoveRow<'p>,
        old: &Image<'_>,
        current: &Image<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if !how.follows.nothing {
            self.count_orphans(how.follows, (how.row, how.target), old, Direction::Goes)?;
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

    /// Refuses a row that is in the way of another once more, after programs ran that were to clear its place. Gives
    /// the entries of the new row.
    pub(super) fn place_is_free(
        &mut self,
        how: &RemoveRow<'_>,
        image: &Image<'_>,
        current: Option<&Image<'_>>,
    ) -> Result<NewEntries> {
        let entries = self.new_entries(how.row, how.target, image, current)?;
        match self.clashes(how.target, (image, KeyIs::Given), &entries, current)?.first() {
            Some((clash, _)) => Err(self.refuse_clash(ConflictAction::Abort, how.target, clash)),
            None => Ok(entries),
        }
    }
}

/// Whether a row that was found with its record is known to hold these values.
fn holds(record: Option<&ValueRef<'_>>, places: &[usize], values: &[ValueRef<'_>]) -> bool {
    let Some(ValueRef::Blob(bytes)) = record else { return false };
    let Ok(record) = Record::new(bytes) else { return false };
    let holds = |&place: &usize, value| {
        place < record.len() && record.column(place).is_ok_and(|stored| is_same_value(stored, value))
    };
    places.iter().zip(values).all(|(place, value)| holds(place, *value))
}

/// How the rows of a `DELETE` are removed.
fn removal(plan: &DeletePlan) -> RemoveRow<'_> {
    RemoveRow {
        row: &plan.row,
        target: &plan.target,
        follows: &plan.follows,
        returning: Some(&plan.returning),
    }
}

/// Some of the values of a row.
fn columns_of<'r>(row: &'r Row<'_>, places: std::ops::Range<usize>) -> Result<Vec<ValueRef<'r>>> {
    places.map(|place| row.column(place).map_err(|_| Error::Malformed)).collect()
}

/// The key of a found row as bytes.
fn key_bytes(key: &[ValueRef<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in key {
        push_value(&mut bytes, *value, &Collation::Binary, codec::Direction::Ascending);
    }
    bytes
}
