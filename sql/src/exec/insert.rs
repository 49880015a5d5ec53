//! `INSERT`, with upserts.

use super::agenda::{Agenda, Found, Job, RemoveRow, UpdateRow};
use super::clash::{Clash, KeyIs};
use super::entries::{NewEntries, check_key};
use super::foreign::Direction;
use super::image::Image;
use super::operator::with_room;
use super::query::{Action, Finder};
use super::subquery::Memory;
use super::write::Writing;
use crate::ast::ConflictAction;
use crate::bound::UpsertTarget;
use crate::error::{Error, Result};
use crate::expr::{Env, Row};
use crate::plan::{InsertPlan, TablePlan, UpsertPlan};
use crate::schema::{TableKey, TableKind};
use crate::value::{Affinity, Value, ValueRef};

/// Whether a new row is in its table already, when its entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowIs {
    Outstanding,
    Written,
}

impl Writing<'_, '_> {
    /// Starts an `INSERT`: its rows are found, and inserted if nothing runs for them.
    pub(super) fn start_insert<'p>(
        &mut self,
        plan: &'p InsertPlan,
        finder: &mut Finder,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let mut rows = match &plan.source {
            Some(source) => self.rows(source, finder)?,
            None => Found::one(),
        };
        self.given.pace.read(plan.revisits.count(rows.len()));
        self.memory = Memory::new(plan.row.parts.subqueries.len());
        if rows.len() > 1 || !plan.is_quiet() || !plan.returning.values.is_empty() {
            self.mark();
        }
        self.given.pace.read(u64::from(plan.target.table.autoincrement));
        self.sequences.begin(self.writers.stores(), plan.target.store, &plan.target.table)?;
        if !plan.is_quiet() {
            agenda.push(Job::Inserts(plan, rows));
            return Ok(());
        }
        while let Some(place) = rows.next() {
            self.insert_row(plan, rows.row(place)?, agenda)?;
        }
        Ok(())
    }

    /// Inserts the next row.
    pub(super) fn insert_next<'p>(
        &mut self,
        plan: &'p InsertPlan,
        mut rows: Found,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some(place) = rows.next() else { return Ok(()) };
        agenda.push(Job::Inserts(plan, rows.clone()));
        let row = rows.row(place)?;
        if plan.follows.before.is_empty() && plan.target.table.kind != TableKind::View {
            self.insert_row(plan, row, agenda)
        } else {
            self.insert_after_programs(plan, row, agenda)
        }
    }

    fn insert_row<'p>(&mut self, plan: &'p InsertPlan, row: Row<'_>, agenda: &mut Agenda<'p>) -> Result<()> {
        let new = self.with_rows(&plan.row, [(plan.source_row, row)], |env| {
            let mut key = KeyIs::Given;
            let image = self.image(&plan.row, &plan.target, env.arena, |columns| {
                let rowid = evaluate(plan, env, columns)?;
                env.shared.error.check()?;
                // Whether a rowid is taken is looked up, where the statement names its column.
                self.given.pace.read(u64::from(plan.rowid.is_some()));
                if rowid.is_none() && plan.target.table.has_rowid() {
                    key = KeyIs::Free;
                    return self.new_rowid(plan);
                }
                Ok(rowid.unwrap_or(0))
            })?;
            Ok((image, key))
        })?;
        self.insert_checked(plan, new, agenda)
    }

    /// Lets the programs run that run before a row is inserted, or in its place if it is one of a view.
    fn insert_after_programs<'p>(
        &mut self,
        plan: &'p InsertPlan,
        row: Row<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let (values, rowid) = self.with_rows(&plan.row, [(plan.source_row, row)], |env| {
            with_room(plan.values.len(), |columns| {
                let rowid = evaluate(plan, env, columns)?;
                Ok((columns.iter().map(|value| value.to_value()).collect::<Vec<Value>>(), rowid))
            })
        })?;
        if plan.target.table.kind == TableKind::View {
            let columns: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            let image = Image::new(&plan.target.table, &columns, 0)?;
            self.give_back(&plan.row, plan.target.row, &image, &plan.returning)?;
            agenda.fire(&plan.follows.before, None, Some(&image));
            return Ok(());
        }
        // A rowid that is not known yet is -1.
        let image = self.image_of(&plan.row, &plan.target, &values, rowid.unwrap_or(-1))?;
        agenda.push(Job::Insert(plan, values, rowid));
        agenda.fire(&plan.follows.before, None, Some(&image));
        Ok(())
    }

    /// Inserts a row of these values.
    pub(super) fn insert_values<'p>(
        &mut self,
        plan: &'p InsertPlan,
        values: &[Value],
        rowid: Option<i64>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        self.given.pace.read(u64::from(plan.rowid.is_some()));
        let (rowid, key) = match rowid {
            Some(rowid) => (rowid, KeyIs::Given),
            None if plan.target.table.has_rowid() => (self.new_rowid(plan)?, KeyIs::Free),
            None => (0, KeyIs::Given),
        };
        let image = self.image_of(&plan.row, &plan.target, values, rowid)?;
        self.insert_checked(plan, (image, key), agenda)
    }

    /// Inserts a row if no constraint refuses it.
    fn insert_checked<'p>(
        &mut self,
        plan: &'p InsertPlan,
        (mut image, key): (Image<'static>, KeyIs),
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let (target, rowid) = (&plan.target, image.rowid);
        // Its number is not given again, even if the row is left out.
        self.sequences.note(&target.table, rowid);
        if !self.check(&plan.row, target, &mut image, plan.conflict)? {
            return Ok(());
        }
        let entries = self.new_entries(&plan.row, target, &image, None)?;
        if key == KeyIs::Given
            && self.is_nothing_in_the_way(plan, &entries)
            && self.insert_if_free(target, &image)?
        {
            return self.insert_image(plan, &image, (RowIs::Written, &entries), agenda);
        }
        let mut clashes = self.clashes(target, (&image, key), &entries, None)?;
        if let Some((upsert, place)) = upsert_of(plan, &clashes) {
            self.count_fetched(target, &clashes[place].0);
            return self.update_existing(plan, upsert, clashes.swap_remove(place).1, &image, agenda);
        }
        let Some(others) = self.in_the_way(target, clashes, plan.conflict)? else { return Ok(()) };
        if !others.is_empty() {
            self.mark();
        }
        if others.is_empty() || plan.replaced.nothing {
            for other in others {
                self.remove(&plan.row, target, &other)?;
            }
            return self.insert_image(plan, &image, (RowIs::Outstanding, &entries), agenda);
        }
        agenda.push(Job::Write(plan, image));
        let how = RemoveRow { row: &plan.row, target, follows: &plan.replaced, returning: None };
        agenda.jobs.extend(others.into_iter().rev().map(|other| Job::Replace(how, other)));
        Ok(())
    }

    /// Whether a new row is expected to have its place for itself, and is refused if it has not: then it can be written
    /// by the same way down that looks whether its key is taken. Nothing else may have to be looked at before.
    fn is_nothing_in_the_way(&self, plan: &InsertPlan, entries: &NewEntries) -> bool {
        let (TableKey::Rowid { conflict, .. } | TableKey::Primary { conflict, .. }) = &plan.target.table.key;
        let indexes = &plan.target.indexes;
        plan.upserts.is_empty()
            && plan.follows.nothing
            && !matches!(plan.conflict.or(*conflict), Some(ConflictAction::Ignore | ConflictAction::Replace))
            && !entries.iter().any(|(number, _)| indexes[number].index.unique)
    }

    /// Writes a new row, without its entries, if there is none with its key; whether it did.
    fn insert_if_free(&mut self, target: &TablePlan, image: &Image<'_>) -> Result<bool> {
        let key = image.key(&target.table);
        check_key(&key)?;
        Ok(!self.writers.insert(target.store, target.table.tree, &key, image.record())?)
    }

    /// Writes a new row whose place is free.
    pub(super) fn insert_image<'p>(
        &mut self,
        plan: &'p InsertPlan,
        image: &Image<'_>,
        (row, entries): (RowIs, &NewEntries),
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let target = &plan.target;
        if !plan.follows.nothing {
            self.count_orphans(&plan.follows, (&plan.row, target), image, Direction::Comes)?;
        }
        match row {
            RowIs::Outstanding => self.write_with(&plan.row, target, image, entries, None)?,
            RowIs::Written => self.write_entries(&plan.row, target, entries, None)?,
        }
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
        image: &Image<'_>,
        returning: &crate::plan::ReturningPlan,
    ) -> Result<()> {
        if returning.values.is_empty() {
            return Ok(());
        }
        // Queries inside see what this row has changed.
        let memory = std::mem::replace(&mut self.memory, Memory::new(plan.parts.subqueries.len()));
        let values = self.with_rows(plan, [(row, image.row())], |env| {
            Ok(returning.values.iter().map(|value| value.eval(env).to_value()).collect())
        });
        self.memory = memory;
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

    /// Does what an `ON CONFLICT` clause says with the row that is in the way.
    fn update_existing<'p>(
        &mut self,
        plan: &'p InsertPlan,
        upsert: &'p UpsertPlan,
        existing: Image<'static>,
        excluded: &Image<'_>,
        agenda: &mut Agenda<'p>,
    ) -> Result<()> {
        let Some((set, filter)) = &upsert.update else { return Ok(()) };
        let how = UpdateRow {
            row: &plan.row,
            target: &plan.target,
            places: &set.places,
            conflict: Some(ConflictAction::Abort),
            follows: &upsert.follows,
            replaced: &plan.replaced,
            returning: &plan.returning,
        };
        let rows = [(upsert.existing, existing.row()), (upsert.excluded, excluded.row())];
        self.update_row(&how, rows, &existing, (&set.values, filter.as_ref()), agenda)
    }
}

/// Computes the values of a new row; its rowid if that is given.
fn evaluate<'e>(plan: &InsertPlan, env: &Env<'e>, columns: &mut [ValueRef<'e>]) -> Result<Option<i64>> {
    let (mut bytes, most_bytes) = (0, env.shared.context.limits().length_bytes);
    for (column, value) in columns.iter_mut().zip(&plan.values) {
        value.eval_into(env, column);
        bytes += column.bytes().map_or(0, <[u8]>::len);
        if bytes > most_bytes {
            return Err(Error::TooBig("string or blob too big"));
        }
    }
    let rowid = plan.rowid.as_ref().map(|rowid| rowid.eval(env));
    env.shared.error.check()?;
    match rowid {
        Some(value) if !value.is_null() => match Affinity::Integer.apply_numeric(value) {
            ValueRef::Integer(rowid) => Ok(Some(rowid)),
            _ => Err(Error::Mismatch),
        },
        _ => Ok(None),
    }
}

/// The first `ON CONFLICT` clause that is about one of these clashes, and the place of that.
fn upsert_of<'p>(
    plan: &'p InsertPlan,
    clashes: &[(Clash, Image<'static>)],
) -> Option<(&'p UpsertPlan, usize)> {
    plan.upserts.iter().find_map(|upsert| {
        let is_about = |(clash, _): &(Clash, Image<'static>)| match (&upsert.target, clash) {
            (UpsertTarget::Any, _) | (UpsertTarget::Key, Clash::Key) => true,
            (UpsertTarget::Index(index), Clash::Index(number)) => {
                std::sync::Arc::ptr_eq(index, &plan.target.indexes[*number].index)
            }
            _ => false,
        };
        clashes.iter().position(is_about).map(|place| (upsert, place))
    })
}
