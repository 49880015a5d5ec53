//! What differs between two moments: tables row by row, and values by key; as text, or as SQL that leads from one to the
//! other. Indexes and what else follows from the rows are not shown.

use std::collections::BTreeMap;

use duramen::engine::Diff;
use duramen::{Access, TreeId, View, kv};
use indicatif::HumanCount;

use crate::args::DiffArgs;
use crate::failure::{Failure, Outcome};
use crate::world::World;

use super::moment::Past;
use super::rows::{self, Row, RowChange, Side, quoted};

/// Shows what differs.
pub(crate) fn diff(args: &DiffArgs, world: &mut World<'_>) -> Outcome {
    let past = Past::open(&args.db, Access::ReadOnly, world)?;
    let done = compare(&past, args, world);
    past.close(done)
}

fn compare(past: &Past, args: &DiffArgs, world: &mut World<'_>) -> Outcome {
    let side = |moment: &str| Ok::<_, Failure>(Side::new(past.at(&past.moment(moment)?)?));
    let before = side(&args.from)?;
    let after = match &args.to {
        Some(to) => side(to)?,
        None => Side::new(past.at(&past.pitr.current_bookmark())?),
    };
    let failed = |error: duramen_sql::Error| past.sql_failed(&error);
    schema(&before, &after, args.sql, world).map_err(|error| match error {
        Told::Sql(error) => failed(error).into(),
        Told::Stop(stop) => stop,
    })?;
    let mut trees: BTreeMap<String, [Option<TreeId>; 2]> = BTreeMap::new();
    for (n, side) in [&before, &after].into_iter().enumerate() {
        for (table, tree) in side.tables().map_err(failed)? {
            trees.entry(table).or_default()[n] = Some(tree);
        }
    }
    let bar = world.bar(u64::try_from(trees.len()).ok(), "comparing {bar:40} {pos} of {len} tables");
    for (table, trees) in trees {
        let mut changes = Vec::new();
        rows::changes([&before, &after], &table, trees, &mut |change| changes.push(change))
            .map_err(failed)?;
        bar.inc(1);
        let columns = [&before, &after].map(|side| side.columns(&table));
        let [then, now] = columns.map(|columns| columns.map_err(failed));
        let (then, now) = (then?, now?);
        match args.sql {
            // Dropping the table has taken its rows along.
            true if trees[1].is_none() => {}
            true => changes.iter().try_for_each(|change| statement(&table, &then, &now, change, world))?,
            false if changes.is_empty() => {}
            false => shown(&table, &changes, world)?,
        }
    }
    bar.finish_and_clear();
    values(past, &before, &after, args.sql, world)?;
    world.flush()
}

enum Told {
    Sql(duramen_sql::Error),
    Stop(crate::failure::Stop),
}

/// Objects of the schema that one side alone has.
fn schema(before: &Side, after: &Side, sql: bool, world: &mut World<'_>) -> Result<(), Told> {
    let (then, now) = (before.schema().map_err(Told::Sql)?, after.schema().map_err(Told::Sql)?);
    for (kind, name, text) in then.difference(&now) {
        let line = if sql { format!("DROP {kind} {};", quoted(name)) } else { format!("- {text}") };
        world.line(format_args!("{line}")).map_err(Told::Stop)?;
    }
    for (_, _, text) in now.difference(&then) {
        let line = if sql { format!("{text};") } else { format!("+ {text}") };
        world.line(format_args!("{line}")).map_err(Told::Stop)?;
    }
    Ok(())
}

fn shown(table: &str, changes: &[RowChange], world: &mut World<'_>) -> Outcome {
    let count = |wanted: fn(&RowChange) -> bool| {
        let found = changes.iter().filter(|change| wanted(change)).count();
        HumanCount(u64::try_from(found).unwrap_or(u64::MAX))
    };
    world.line(format_args!(
        "{table}: {} inserted, {} updated, {} deleted",
        count(|change| change.before.is_none()),
        count(|change| change.before.is_some() && change.after.is_some()),
        count(|change| change.after.is_none()),
    ))?;
    let text = |row: &Row| row.columns.join("|");
    for RowChange { before, after } in changes {
        let line = match (before, after) {
            (Some(before), Some(after)) => format!("  ~ {} -> {}", text(before), text(after)),
            (Some(before), None) => format!("  - {}", text(before)),
            (None, Some(after)) => format!("  + {}", text(after)),
            (None, None) => continue,
        };
        world.line(format_args!("{line}"))?;
    }
    Ok(())
}

fn statement(
    table: &str,
    then: &[String],
    now: &[String],
    change: &RowChange,
    world: &mut World<'_>,
) -> Outcome {
    let table = quoted(table);
    let pairs = |names: &[String], row: &Row, by: &str, between: &str| -> String {
        let pairs =
            names.iter().zip(&row.columns).map(|(name, value)| format!("{}{by}{value}", quoted(name)));
        pairs.collect::<Vec<_>>().join(between)
    };
    let found = |row: &Row| match row.rowid {
        Some(rowid) => format!("rowid = {rowid}"),
        None => pairs(then, row, " IS ", " AND "),
    };
    let names: Vec<String> = now.iter().map(|name| quoted(name)).collect();
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            let changed = |n: &usize| then != now || before.columns.get(*n) != after.columns.get(*n);
            let changed: Vec<usize> = (0..now.len()).filter(changed).collect();
            let names: Vec<String> = changed.iter().map(|&n| now[n].clone()).collect();
            let values = changed.iter().filter_map(|&n| after.columns.get(n).cloned()).collect();
            let set = pairs(&names, &Row { rowid: None, columns: values }, " = ", ", ");
            world.line(format_args!("UPDATE {table} SET {set} WHERE {};", found(before)))
        }
        (Some(before), None) => world.line(format_args!("DELETE FROM {table} WHERE {};", found(before))),
        (None, Some(after)) => {
            let (mut names, mut values) = (names, after.columns.clone());
            if let Some(rowid) = after.rowid {
                names.insert(0, "rowid".into());
                values.insert(0, rowid.to_string());
            }
            let (names, values) = (names.join(", "), values.join(", "));
            world.line(format_args!("INSERT INTO {table} ({names}) VALUES ({values});"))
        }
        (None, None) => Ok(()),
    }
}

/// Values by key.
fn values(past: &Past, before: &Side, after: &Side, sql: bool, world: &mut World<'_>) -> Outcome {
    let failed = |error: duramen::engine::Error| Failure::of_engine(&past.path, &error);
    let (then, now) = (before.db.begin_read().map_err(failed)?, after.db.begin_read().map_err(failed)?);
    let Some(tree) = then.tree(b"kv").or(now.tree(b"kv")) else { return Ok(()) };
    let mut diff = Diff::new(&then, &now, tree).map_err(failed)?;
    let mut left_out = 0u64;
    while let Some(change) = diff.next().map_err(failed)? {
        if sql {
            left_out += 1;
            continue;
        }
        let key = String::from_utf8_lossy(change.key);
        let line = match (change.before.map(json), change.after.map(json)) {
            (Some(before), Some(after)) => format!("~ {key}\t{before} -> {after}"),
            (Some(before), None) => format!("- {key}\t{before}"),
            (None, Some(after)) => format!("+ {key}\t{after}"),
            (None, None) => continue,
        };
        world.line(format_args!("{line}"))?;
    }
    if left_out > 0 {
        world.note(format_args!("{left_out} values by key differ, which SQL does not reach"));
    }
    Ok(())
}

fn json(stored: &[u8]) -> String {
    let value = kv::Value::from_bytes(stored).and_then(|value| value.to_json());
    value.unwrap_or_else(|error| format!("({error})"))
}
