//! What differs between two moments: tables row by row, and values by key; as text, or as SQL that leads from one to the
//! other. Indexes and what else follows from the rows are not shown.

use std::collections::{BTreeMap, BTreeSet};

use duramen::engine::Diff;
use duramen::{Access, TreeId, View, kv};
use indicatif::HumanCount;

use crate::args::DiffArgs;
use crate::failure::{Failure, Outcome};
use crate::world::World;

use super::moment::Past;
use super::rows::{self, Object, Row, RowChange, Side};
use super::script::script;

/// Shows what differs.
pub(crate) fn diff(args: &DiffArgs, world: &mut World<'_>) -> Outcome {
    let past = Past::open(&args.db, Access::ReadOnly, world)?;
    let done = compare(&past, args, world);
    past.close(done)
}

fn compare(past: &Past, args: &DiffArgs, world: &mut World<'_>) -> Outcome {
    let side = |moment: &str| Ok::<_, Failure>(Side::new(past, past.at(&past.moment(moment)?)?));
    let before = side(&args.from)?;
    let after = match &args.to {
        Some(to) => side(to)?,
        None => Side::new(past, past.at(&past.pitr.current_bookmark())?),
    };
    match args.sql {
        true => script(past, &before, &after, world)?,
        false => {
            schema(&before, &after, world)?;
            tables(&before, &after, world)?;
        }
    }
    values(past, &before, &after, args.sql, world)?;
    world.flush()
}

/// Objects of the schema that one side alone has.
fn schema(before: &Side<'_>, after: &Side<'_>, world: &mut World<'_>) -> Outcome {
    let (then, now) = (before.objects()?, after.objects()?);
    let is_in = |objects: &[Object], wanted: &Object| {
        objects.iter().any(|object| (&object.kind, &object.sql) == (&wanted.kind, &wanted.sql))
    };
    for object in then.iter().filter(|object| !is_in(&now, object)) {
        world.line(format_args!("- {}", object.sql))?;
    }
    for object in now.iter().filter(|object| !is_in(&then, object)) {
        world.line(format_args!("+ {}", object.sql))?;
    }
    Ok(())
}

/// The rows of all tables that differ.
fn tables(before: &Side<'_>, after: &Side<'_>, world: &mut World<'_>) -> Outcome {
    let mut trees: BTreeMap<String, [Option<TreeId>; 2]> = BTreeMap::new();
    for (n, side) in [before, after].into_iter().enumerate() {
        for (table, tree) in side.tables()? {
            trees.entry(table).or_default()[n] = tree;
        }
    }
    let bar = world.bar(u64::try_from(trees.len()).ok(), "comparing {bar:40} {pos} of {len} tables");
    for (table, trees) in trees {
        let changes = rows::changes([before, after], &table, trees)?;
        bar.inc(1);
        if !changes.is_empty() {
            shown(&table, &changes, world)?;
        }
    }
    bar.finish_and_clear();
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

/// Values by key. When all are deleted their tree goes, and those that come after are in another one.
fn values(past: &Past, before: &Side<'_>, after: &Side<'_>, sql: bool, world: &mut World<'_>) -> Outcome {
    let failed = |error: duramen::engine::Error| Failure::of_engine(&past.path, &error);
    let (then, now) = (before.view()?, after.view()?);
    let trees: BTreeSet<TreeId> = [then.tree(b"kv"), now.tree(b"kv")].into_iter().flatten().collect();
    let mut changes: BTreeMap<Vec<u8>, [Option<Vec<u8>>; 2]> = BTreeMap::new();
    for tree in trees {
        let mut diff = Diff::new(&then, &now, tree).map_err(failed)?;
        while let Some(change) = diff.next().map_err(failed)? {
            let sides = changes.entry(change.key.to_vec()).or_default();
            for (side, value) in sides.iter_mut().zip([change.before, change.after]) {
                *side = value.map(<[u8]>::to_vec).or(side.take());
            }
        }
    }
    changes.retain(|_, [before, after]| before != after);
    if sql {
        match changes.len() {
            0 => {}
            1 => world.note(format_args!("1 value by key differs, which SQL does not reach")),
            n => world.note(format_args!("{n} values by key differ, which SQL does not reach")),
        }
        return Ok(());
    }
    for (key, [before, after]) in changes {
        let key = String::from_utf8_lossy(&key);
        let line = match (before.as_deref().map(json), after.as_deref().map(json)) {
            (Some(before), Some(after)) => format!("~ {key}\t{before} -> {after}"),
            (Some(before), None) => format!("- {key}\t{before}"),
            (None, Some(after)) => format!("+ {key}\t{after}"),
            (None, None) => continue,
        };
        world.line(format_args!("{line}"))?;
    }
    Ok(())
}

fn json(stored: &[u8]) -> String {
    let value = kv::Value::from_bytes(stored).and_then(|value| value.to_json());
    value.unwrap_or_else(|error| format!("({error})"))
}
