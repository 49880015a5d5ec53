//! Values by key, as JSON: the one file of the shell that knows the key-value layer.

use duramen::kv::{self, Kv, Limits, ListOptions, Value};
use duramen::{Database, Durability, ReadView, WriteTxn, engine};

use crate::args::ListArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::lines;
use crate::opened::Opened;
use crate::world::World;

/// The store, for reading.
fn reading(view: &ReadView) -> Kv<&ReadView> {
    Kv::new(view).with_limits(Limits::UNLIMITED)
}

/// The store, for writing.
pub(crate) fn writing(txn: &mut WriteTxn) -> Kv<&mut WriteTxn> {
    Kv::new(txn).with_limits(Limits::UNLIMITED)
}

/// What the key-value layer reports about the database.
fn failed(on: &Opened<'_>, error: kv::Error) -> Failure {
    Failure::of_library(on.path, &error.into())
}

/// The value that a JSON text stands for.
pub(crate) fn value(json: &str) -> Result<Value, Failure> {
    Value::from_json(json.trim_end()).map_err(|error| {
        let failure = Failure::new(Code::Wrong, format!("the value is not JSON: {error}"));
        match json.starts_with(['{', '[', '"']) {
            true => failure,
            false => failure.help("a text is written with its double quotes, as in '\"text\"'"),
        }
    })
}

/// Sets a key in an open transaction.
pub(crate) fn put_in(on: &Opened<'_>, store: &mut Kv<&mut WriteTxn>, key: &str, json: &str) -> Outcome {
    Ok(store.put(key, &value(json)?).map_err(|error| failed(on, error))?)
}

/// Sets a key, durably.
pub(crate) fn put(on: &Opened<'_>, key: &str, json: &str) -> Outcome {
    let mut txn = on.db.begin_write().map_err(|error| on.failed(&error))?;
    put_in(on, &mut writing(&mut txn), key, json)?;
    commit(on, txn)
}

/// Deletes keys, durably and all at once; how many there were.
pub(crate) fn delete(on: &Opened<'_>, keys: &[String]) -> Outcome<usize> {
    let mut txn = on.db.begin_write().map_err(|error| on.failed(&error))?;
    let deleted = writing(&mut txn).delete_many(keys).map_err(|error| failed(on, error))?;
    commit(on, txn)?;
    Ok(deleted)
}

fn commit(on: &Opened<'_>, txn: WriteTxn) -> Outcome {
    let committed: engine::Result<_> = txn.commit(Durability::Immediate);
    committed.map(drop).map_err(|error| on.failed(&error).into())
}

/// The value of a key, if there is one.
pub(crate) fn get(on: &Opened<'_>, key: &str) -> Outcome<Option<String>> {
    let view = on.db.begin_read().map_err(|error| on.failed(&error))?;
    let value = reading(&view).get(key).map_err(|error| failed(on, error))?;
    let json = value.map(|value| value.to_json()).transpose();
    Ok(json.map_err(|error| failed(on, error))?)
}

/// Writes the entries asked for, one line each.
pub(crate) fn list(on: &Opened<'_>, args: &ListArgs, world: &mut World<'_>) -> Outcome {
    let view = on.db.begin_read().map_err(|error| on.failed(&error))?;
    let store = reading(&view);
    let options = ListOptions {
        start: args.start.as_deref(),
        start_after: args.start_after.as_deref(),
        end: args.end.as_deref(),
        prefix: args.prefix.as_deref(),
        reverse: args.reverse,
        limit: args.limit,
    };
    for entry in store.list(&options).map_err(|error| failed(on, error))? {
        let entry = entry.map_err(|error| failed(on, error))?;
        let json = entry.value().and_then(|value| value.to_json()).map_err(|error| failed(on, error))?;
        world.line(format_args!("{}\t{json}", lines::key_field(entry.key())))?;
    }
    Ok(())
}

/// Up to `most` keys that start with `word`; none where they cannot be read.
pub(crate) fn keys_from(db: &Database, word: &str, most: usize) -> Vec<String> {
    let Ok(view) = db.begin_read() else { return Vec::new() };
    let store = reading(&view);
    let Ok(entries) = store.list(&ListOptions { prefix: Some(word), ..ListOptions::default() }) else {
        return Vec::new();
    };
    entries.map_while(Result::ok).map(|entry| entry.key().to_owned()).take(most).collect()
}
