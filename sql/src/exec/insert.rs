//! `INSERT`, with upserts.

use super::agenda::{Agenda, Found, Job, RemoveRow, UpdateRow};
use super::chunk::single_row;
use super::clash::Clash;
use super::foreign::Direction;
use super::image::Image;
use super::query::Action;
use super::subquery::Memory;
use super::write::Writing;
use crate::ast::ConflictAction;
use crate::bound::UpsertTarget;
use crate::error::{Error, Result};
use crate::expr::Row;
use crate::plan::{InsertPlan, UpsertPlan};
use crate::schema::TableKind;
use crate::value::{Affinity, Value, ValueRef};

/// A row that is to be inserted.
enum NewRow {
    /// As it will be stored.
    Image(Image),
    /// Its values and its rowid if that is given: programs run before it is made.
    Values(Vec<Value>, Option<i64>),
}

impl Writing<'_, '_> {
    /// Starts an `INSERT`: its rows are found.
    pub(super) fn start_insert<'p>(&mut self, plan: &'p InsertPlan, agenda: &mut Agenda<'p>) -> Result<()> {
        let rows = match &plan.source {
            Some(source) => self.rows(source)?,
            None => vec![Vec::new()],
        };
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        if rows.len() > 1 || !plan.is_quiet() || !plan.returning.values.is_empty() {
            self.mark();
        }
        self.given.pace.read(u64::from(plan.target.table.autoincrement));
        self.sequences.begin(self.writers.stores(), plan.target.store, &plan.target.table)?;
        agenda.push(Job::Inserts(plan, rows.into_iter()));
        Ok(())
    }

    /// Inserts rows until one makes something else run, or all are done.
    pub(super) fn insert_rows<'p>(
        &mut self,
        plan: &'p InsertPlan,
        mut rows: Found,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        if plan.is_quiet() {
            return rows.try_for_each(|row| self.insert_row(plan, &row, agenda));
        }
        let Some(row) = rows.next() else { return Ok(()) };
        agenda.push(Job::Inserts(plan, rows));
        self.insert_row(plan, &row, agenda)
    }

    fn insert_row<'p>(&mut self, plan: &'p InsertPlan, row: &[Value], agenda: &mut Agenda<'p>) -> Result<()> {
        let columns: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
        let source = match plan.source {
            Some(_) => Some((plan.source_row, single_row(&columns)?)),
            None => None,
        };
        let new = self.with_rows(&plan.row, source.as_slice(), |env| {
            let mut values = Vec::with_capacity(plan.values.len());
            let mut bytes = 0;
            for value in &plan.values {
                let value = value.eval(env);
                bytes += value.bytes().map_or(0, <[u8]>::len);
                if bytes > env.shared.context.limits().length_bytes {
                    return Err(Error::TooBig("string or blob too big"));
                }
                values.push(value);
            }
            let rowid = plan.rowid.as_ref().map(|rowid| rowid.eval(env));
            env.shared.error.check()?;
            let rowid = match rowid {
                Some(value) if !value.is_null() => match Affinity::Integer.apply_numeric(value) {
                    ValueRef::Integer(rowid) => Some(rowid),
                    _ => return Err(Error::Mismatch),
                },
                _ => None,
            };
            if plan.follows.before.is_empty() && plan.target.table.kind != TableKind::View {
                return self.new_image(plan, &values, rowid).map(NewRow::Image);
            }
            Ok(NewRow::Values(values.iter().map(|value| value.to_value()).collect(), rowid))
        })?;
        let (values, rowid) = match new {
            NewRow::Image(image) => return self.insert_checked(plan, image, agenda),
            NewRow::Values(values, rowid) => (values, rowid),
        };
        let columns: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        if plan.target.table.kind == TableKind::View {
            let image = Image::new(&plan.target.table, &columns, 0)?;
            self.give_back(&plan.row, plan.target.row, &image, &plan.returning)?;
            agenda.fire(&plan.follows.before, None, Some(&image));
            return Ok(());
        }
        // A rowid that is not known yet is -1.
        let image = self.image(&plan.row, &plan.target, &columns, rowid.unwrap_or(-1))?;
        agenda.push(Job::Insert(plan, values, rowid));
        agenda.fire(&plan.follows.before, None, Some(&image));
        Ok(())
    }

    /// The row that is inserted of these values, with a rowid of its own if none is given.
    fn new_image(&self, plan: &InsertPlan, values: &[ValueRef<'_>], rowid: Option<i64>) -> Result<Image> {
        let rowid = match rowid {
            Some(rowid) => {
                // Whether it is taken is looked up.
                self.given.pace.read(1);
                rowid
            }
            None if plan.target.table.has_rowid() => self.new_rowid(plan)?,
            None => 0,
        };
        self.image(&plan.row, &plan.target, values, rowid)
    }

    /// Inserts a row of these values.
    pub(super) fn insert_values<'p>(
        &mut self,
        plan: &'p InsertPlan,
        values: &[Value],
        rowid: Option<i64>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let columns: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        let image = self.new_image(plan, &columns, rowid)?;
        self.insert_checked(plan, image, agenda)
    }

    /// Inserts a row if no constraint refuses it.
    fn insert_checked<'p>(
        &mut self,
        plan: &'p InsertPlan,
        mut image: Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let (target, rowid) = (&plan.target, image.rowid);
        // Its number is not given again, even if the row is left out.
        self.sequences.note(&target.table, rowid);
        if !self.check(&plan.row, target, &mut image, plan.conflict)? {
            return Ok(());
        }
        if !plan.upserts.is_empty() && self.upsert(plan, &image, agenda)? {
            return Ok(());
        }
        let Some(others) = self.in_the_way(&plan.row, target, &image, None, plan.conflict)? else {
            return Ok(());
        };
        if !others.is_empty() {
            self.mark();
        }
        if others.is_empty() || plan.replaced.nothing {
            for other in others {
                self.remove(&plan.row, target, &other)?;
            }
            return self.insert_image(plan, &image, agenda);
        }
        agenda.push(Job::Write(plan, image));
        let how = RemoveRow { row: &plan.row, target, follows: &plan.replaced, returning: None };
        agenda.jobs.extend(others.into_iter().rev().map(|other| Job::Replace(how, other)));
        Ok(())
    }

    /// Writes a new row whose place is free.
    pub(super) fn insert_image<'p>(
        &mut self,
        plan: &'p InsertPlan,
        image: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let target = &plan.target;
        if !plan.follows.nothing {
            self.count_orphans(&plan.follows, &target.table, image, Direction::Comes)?;
        }
        self.write(&plan.row, target, image, None)?;
        self.tell(Action::Insert, target, image);
        self.changes += 1;
        if target.table.has_rowid() {
            self.counters.last_rowid.set(image.rowid);
        }
        self.give_back(&plan.row, target.row, image, &plan.returning)?;
        agenda.fire(&plan.follows.after, None, Some(image));
        Ok(())
    }

    /// Adds the values of `RETURNING` for a row.
    pub(super) fn give_back(
        &mut self,
        plan: &crate::plan::RowPlan,
        row: usize,
        image: &Image,
        returning: &crate::plan::ReturningPlan,
    ) -> Result<()> {
        if returning.values.is_empty() {
            return Ok(());
        }
        // Queries inside see what this row has changed.
        let memory = std::mem::replace(&mut self.memory, Memory::new(plan.parts.subqueries.len()));
        let values = self.with_rows(plan, &[(row, image.row())], |env| {
            Ok(returning.values.iter().map(|value| value.eval(env).to_value()).collect())
        });
        self.memory = memory;
        self.given.pace.read(1);
        self.returned.push(values?);
        Ok(())
    }

    fn new_rowid(&self, plan: &InsertPlan) -> Result<i64> {
        let target = &plan.target;
        let stores = self.writers.stores();
        let last = stores.last_rowid(target.store, target.table.tree)?;
        if let Some(greatest) = self.sequences.greatest(&target.table) {
            return match last.unwrap_or(0).max(greatest).checked_add(1) {
                Some(rowid) => Ok(rowid.max(1)),
                None => Err(Error::Full),
            };
        }
        match last {
            None => Ok(1),
            Some(i64::MAX) => {
                // The largest is taken: any that is free will do.
                for _ in 0..100 {
                    let mut bytes = [0; 8];
                    self.given().context.random(&mut bytes);
                    let rowid = (i64::from_le_bytes(bytes) & (i64::MAX >> 1)) + 1;
                    if stores.row(target.store, target.table.tree, rowid)?.is_none() {
                        return Ok(rowid);
                    }
                }
                Err(Error::Full)
            }
            Some(last) => Ok(last + 1),
        }
    }

    /// Does what an `ON CONFLICT` clause says, if a row is in the way; whether that was so.
    fn upsert<'p>(&mut self, plan: &'p InsertPlan, image: &Image, agenda: &mut Agenda<'p>) -> Result<bool> {
        let clashes = self.clashes(&plan.row, &plan.target, image, None)?;
        for upsert in &plan.upserts {
            let clash = clashes.iter().find(|(clash, _)| match (&upsert.target, clash) {
                (UpsertTarget::Any, _) | (UpsertTarget::Key, Clash::Key) => true,
                (UpsertTarget::Index(index), Clash::Index(number)) => {
                    std::sync::Arc::ptr_eq(index, &plan.target.indexes[*number].index)
                }
                _ => false,
            });
            let Some((_, existing)) = clash else { continue };
            self.update_existing(plan, upsert, existing, image, agenda)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn update_existing<'p>(
        &mut self,
        plan: &'p InsertPlan,
        upsert: &'p UpsertPlan,
        existing: &Image,
        excluded: &Image,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some((set, filter)) = &upsert.update else { return Ok(()) };
        let rows: [(usize, Row<'_>); 2] =
            [(upsert.existing, existing.row()), (upsert.excluded, excluded.row())];
        let wanted = self.with_rows(&plan.row, &rows, |env| {
            if filter.as_ref().is_some_and(|filter| !filter(env)) {
                return Ok(None);
            }
            Ok(Some(
                set.iter().map(|(place, value)| (*place, value.eval(env).to_value())).collect::<Vec<_>>(),
            ))
        })?;
        let Some(wanted) = wanted else { return Ok(()) };
        let how = UpdateRow {
            row: &plan.row,
            target: &plan.target,
            conflict: Some(ConflictAction::Abort),
            follows: &upsert.follows,
            replaced: &plan.replaced,
            returning: &plan.returning,
        };
        self.update_row(how, existing.clone(), wanted, agenda)
    }
}
