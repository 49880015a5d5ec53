//! Operations on values under keys.

use duramen::storage::Storage;
use serde_json::{Value as Json, json};

use super::convert::{to_stored, to_text, to_utf8};
use super::js::Js;
use super::show;
use super::stop::Stop;
use super::thrown::Thrown;

fn argument(op: &Json, name: &str, now_ms: f64) -> Result<Js, Stop> {
    match op.get(name) {
        Some(value) => Ok(Js::read(value, now_ms)?),
        None => Ok(Js::Undefined),
    }
}

fn key(op: &Json, now_ms: f64) -> Result<String, Stop> {
    Ok(to_utf8(&to_text(&argument(op, "k", now_ms)?)?))
}

/// An operation on values.
///
/// # Errors
/// Those of the conversion of the arguments and of the call; that the operation is not known.
pub fn op(storage: &Storage, op: &Json, now_ms: f64) -> Result<Json, Stop> {
    let value = match op["op"].as_str().unwrap_or_default() {
        "kv.get" => {
            let value = storage.kv().get(&key(op, now_ms)?)?;
            value.as_ref().map_or_else(show::undefined, show::stored)
        }
        "kv.put" => {
            let key = key(op, now_ms)?;
            if op.get("v").is_none() {
                let message =
                    "Failed to execute 'put' on 'SyncKvStorage': parameter 2 is not of type 'Value'.";
                return Err(Thrown::type_error(message).into());
            }
            storage.kv().put(&key, &to_stored(&argument(op, "v", now_ms)?)?)?;
            show::undefined()
        }
        "kv.delete" => json!(storage.kv().delete(&key(op, now_ms)?)?),
        "sync" => {
            storage.sync().wait()?;
            show::undefined()
        }
        name => return Err(format!("the operation {name:?}").into()),
    };
    Ok(json!({ "value": value }))
}
