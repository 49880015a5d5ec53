//! Operations on values under keys by plain calls.

use std::collections::HashMap;

use duramen::kv::Value;
use duramen::storage::{KvList, Storage};
use serde_json::{Value as Json, json};

use super::arguments::Call;
use super::convert::to_stored;
use super::show;
use super::stop::Stop;

/// The lists of an object by their names.
pub type Lists = HashMap<String, KvList>;

/// An operation on values.
///
/// # Errors
/// Those of the conversion of the arguments and of the call; that the operation is not known.
pub fn op(storage: &Storage, lists: &mut Lists, call: &Call<'_>) -> Result<Json, Stop> {
    let name = call.op["name"].as_str().unwrap_or_default();
    Ok(match call.op["op"].as_str().unwrap_or_default() {
        "kv.get" => {
            let value = storage.kv().get(&call.key()?)?;
            json!({ "value": value.as_ref().map_or_else(show::undefined, show::stored) })
        }
        "kv.put" => {
            let key = call.key()?;
            if call.op.get("v").is_none() {
                return Err(call.not_of_type(2, "Value").into());
            }
            storage.kv().put(&key, &to_stored(&call.argument("v")?)?)?;
            json!({ "value": show::undefined() })
        }
        "kv.delete" => json!({ "value": storage.kv().delete(&call.key()?)? }),
        "kv.list" => {
            let list = storage.kv().list(&call.list()?.as_options())?;
            let entries: Result<Vec<Json>, Stop> = list.map(|entry| Ok(pair(entry?))).collect();
            json!({ "entries": entries? })
        }
        "kv.listopen" => {
            lists.insert(name.into(), storage.kv().list(&call.list()?.as_options())?);
            json!({})
        }
        "kv.listnext" => {
            let list = lists.get_mut(name).ok_or_else(|| format!("the list {name:?}"))?;
            json!({ "next": show::next(list.next().transpose()?.map(pair)) })
        }
        name => return Err(format!("the operation {name:?}").into()),
    })
}

fn pair((key, value): (String, Value)) -> Json {
    json!([key, show::stored(&value)])
}
