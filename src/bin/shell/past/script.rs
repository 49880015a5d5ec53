//! The statements that lead from one moment to another. Statistics are not among them: they are gathered again.
//!
//! 1. No trigger fires on a row: where rows change, triggers are dropped first and made last.
//! 2. A table whose definition or tree is another one is made anew, with all its rows and what hangs on it.
//! 3. In a table that stays rows go before others come, so that none is refused for one that is to go.

use duramen::TreeId;
use duramen::engine::{Diff, ReadView};

use crate::failure::{Failure, Outcome};
use crate::world::World;

use super::moment::Past;
use super::rows::{self, Object, Row, RowChange, Side, quoted};

/// The table of the last rowids of tables with `AUTOINCREMENT`, which comes and goes with those.
const SEQUENCES: &str = "sqlite_sequence";

/// What stands on both sides, and what does not.
struct Plan {
    then: Vec<Object>,
    now: Vec<Object>,
    /// Whether any rows are to be changed.
    touched: bool,
}

impl Plan {
    fn new(past: &Past, before: &Side<'_>, after: &Side<'_>) -> Result<Plan, Failure> {
        let (then, now) = (before.objects()?, after.objects()?);
        let (view_then, view_now) = (before.view()?, after.view()?);
        let mut touched = false;
        for table in then.iter().chain(&now).filter(|object| object.kind == "table") {
            touched |= match table.tree {
                Some(tree) if then.contains(table) && now.contains(table) => {
                    differs(past, &view_then, &view_now, tree)?
                }
                _ => true,
            };
        }
        Ok(Plan { then, now, touched })
    }

    /// Whether an object is the same on both sides, and is not dropped with what it hangs on.
    fn stays(&self, object: &Object) -> bool {
        let same = |object: &Object| self.then.contains(object) && self.now.contains(object);
        let holder = |other: &&Object| {
            matches!(&*other.kind, "table" | "view") && other.name.eq_ignore_ascii_case(&object.table)
        };
        let is_held = self.now.iter().find(holder).is_some_and(same);
        same(object) && is_held && !(self.touched && object.kind == "trigger")
    }

    fn drops(&self, world: &mut World<'_>) -> Outcome {
        for kind in ["trigger", "view", "index", "table"] {
            for object in self.then.iter().filter(|object| object.kind == kind && !self.stays(object)) {
                let kind = kind.to_uppercase();
                world.line(format_args!("DROP {kind} {};", quoted(&object.name)))?;
            }
        }
        Ok(())
    }

    fn creates(&self, kinds: &[&str], world: &mut World<'_>) -> Outcome {
        for kind in kinds {
            for object in self.now.iter().filter(|object| object.kind == *kind && !self.stays(object)) {
                world.line(format_args!("{};", object.sql))?;
            }
        }
        Ok(())
    }
}

fn differs(past: &Past, then: &ReadView, now: &ReadView, tree: TreeId) -> Result<bool, Failure> {
    let failed = |error| Failure::of_engine(&past.path, &error);
    let mut diff = Diff::new(then, now, tree).map_err(failed)?;
    Ok(diff.next().map_err(failed)?.is_some())
}

/// Writes the statements.
pub(crate) fn script(past: &Past, before: &Side<'_>, after: &Side<'_>, world: &mut World<'_>) -> Outcome {
    let plan = Plan::new(past, before, after)?;
    plan.drops(world)?;
    plan.creates(&["table"], world)?;
    let tables: Vec<&Object> = plan.now.iter().filter(|object| object.kind == "table").collect();
    let bar = world.bar(u64::try_from(tables.len()).ok(), "comparing {bar:40} {pos} of {len} tables");
    for object in tables {
        let table = Table::new(after, &object.name)?;
        match plan.stays(object) {
            true => table.changes([before, after], object.tree, world)?,
            false => {
                after.rows(&object.name, None)?.iter().try_for_each(|row| table.insert(row, world))?;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    sequences(before, after, plan.touched, world)?;
    plan.creates(&["index", "view", "trigger"], world)
}

/// The last rowids, in place of those that the statements before have given.
fn sequences(before: &Side<'_>, after: &Side<'_>, touched: bool, world: &mut World<'_>) -> Outcome {
    let rows = |side: &Side<'_>| match side.tables()?.iter().any(|(name, _)| name == SEQUENCES) {
        true => side.rows(SEQUENCES, None),
        false => Ok(Vec::new()),
    };
    let (then, now) = (rows(before)?, rows(after)?);
    if then == now && (now.is_empty() || !touched) {
        return Ok(());
    }
    world.line(format_args!("DELETE FROM {SEQUENCES};"))?;
    if now.is_empty() {
        return Ok(());
    }
    let table = Table::new(after, SEQUENCES)?;
    now.iter().try_for_each(|row| table.insert(row, world))
}

/// A table whose rows are written.
struct Table<'t> {
    name: &'t str,
    quoted: String,
    columns: Vec<String>,
    rowid: Option<&'static str>,
    /// Whether an update of one row may be refused for what another one still holds.
    is_unique: bool,
}

impl<'t> Table<'t> {
    fn new(side: &Side<'_>, name: &'t str) -> Result<Table<'t>, Failure> {
        let columns = side.columns(name)?.iter().map(|column| quoted(column)).collect();
        let (rowid, is_unique) = (side.rowid(name)?, side.has_unique_index(name)?);
        Ok(Table { name, quoted: quoted(name), columns, rowid, is_unique })
    }

    fn changes(&self, sides: [&Side<'_>; 2], tree: Option<TreeId>, world: &mut World<'_>) -> Outcome {
        let changes = rows::changes(sides, self.name, [tree, tree])?;
        let is_update = |change: &RowChange| change.before.is_some() && change.after.is_some();
        let (updates, others): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| is_update(change) && !self.is_unique);
        let gone = others.iter().filter_map(|change| change.before.as_ref());
        gone.into_iter().try_for_each(|row| self.delete(row, world))?;
        updates.iter().try_for_each(|change| self.update(change, world))?;
        let added = others.iter().filter_map(|change| change.after.as_ref());
        added.into_iter().try_for_each(|row| self.insert(row, world))
    }

    /// The condition that finds a row.
    fn found(&self, row: &Row) -> String {
        match (self.rowid, row.rowid) {
            (Some(name), Some(rowid)) => format!("{name} = {rowid}"),
            _ => {
                let pairs = self.columns.iter().zip(&row.columns);
                pairs.map(|(name, value)| format!("{name} IS {value}")).collect::<Vec<_>>().join(" AND ")
            }
        }
    }

    fn delete(&self, row: &Row, world: &mut World<'_>) -> Outcome {
        world.line(format_args!("DELETE FROM {} WHERE {};", self.quoted, self.found(row)))
    }

    fn update(&self, change: &RowChange, world: &mut World<'_>) -> Outcome {
        let RowChange { before: Some(before), after: Some(after) } = change else { return Ok(()) };
        let values = before.columns.iter().zip(&after.columns);
        let changed = self.columns.iter().zip(values).filter(|(_, (before, after))| before != after);
        let set: Vec<String> = changed.map(|(name, (_, after))| format!("{name} = {after}")).collect();
        if set.is_empty() {
            return Ok(());
        }
        let (set, found) = (set.join(", "), self.found(before));
        world.line(format_args!("UPDATE {} SET {set} WHERE {found};", self.quoted))
    }

    fn insert(&self, row: &Row, world: &mut World<'_>) -> Outcome {
        let rowid = self.rowid.zip(row.rowid).map(|(name, rowid)| (name.to_owned(), rowid.to_string()));
        let columns = self.columns.iter().cloned().zip(row.columns.iter().cloned());
        let (names, values): (Vec<String>, Vec<String>) = rowid.into_iter().chain(columns).unzip();
        let (names, values) = (names.join(", "), values.join(", "));
        world.line(format_args!("INSERT INTO {} ({names}) VALUES ({values});", self.quoted))
    }
}
