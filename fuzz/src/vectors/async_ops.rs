//! Operations on values and the alarm by asynchronous calls.

use duramen::kv::Value;
use serde_json::{Value as Json, json};

use super::arguments::{Call, key_of};
use super::case::Class;
use super::convert::to_stored;
use super::js::Js;
use super::show;
use super::stop::Stop;
use super::target::Target;
use super::thrown::Thrown;

/// What `put` says of arguments that fit neither of its forms.
const PUT_FORMS: &str = "put() may only be called with a single key-value pair and optional options as put(key, value, \
                         options) or with multiple key-value pairs and optional options as put(entries, options)";

/// Makes a call and awaits its answer.
///
/// # Errors
/// Those of the conversion of the arguments and of the call; that the operation is not known.
pub async fn op(target: &Target, call: &Call<'_>, class: Class) -> Result<Json, Stop> {
    let value = match call.method {
        "get" => get(target, call).await?,
        "put" => {
            put(target, call).await?;
            show::undefined()
        }
        "delete" => delete(target, call).await?,
        "list" => {
            let (options, wanted) = (call.call_options(1, "ListOptions")?, call.list()?);
            map(target.list(options, &wanted.as_options()).await?)
        }
        "deleteAll" => {
            call.call_options(1, "PutOptions")?;
            target.delete_all()?;
            show::undefined()
        }
        "getAlarm" => {
            let alarm = target.get_alarm(call.call_options(1, "GetAlarmOptions")?).await?;
            match alarm {
                Some(_) if call.op["relative"] == true => json!("set"),
                alarm => json!(alarm),
            }
        }
        "setAlarm" => {
            set_alarm(target, call, class).await?;
            show::undefined()
        }
        "deleteAlarm" => {
            target.delete_alarm(call.call_options(1, "SetAlarmOptions")?).await?;
            show::undefined()
        }
        name => return Err(format!("the operation {name:?}").into()),
    };
    Ok(json!({ "value": value }))
}

async fn get(target: &Target, call: &Call<'_>) -> Result<Json, Stop> {
    let options = call.call_options(2, "GetOptions")?;
    Ok(match call.argument("k")? {
        Js::Array(keys) => map(target.get_many(options, &all_keys(&keys)?).await?),
        key => {
            let value = target.get(options, &key_of(&key)?).await?;
            value.as_ref().map_or_else(show::undefined, show::stored)
        }
    })
}

async fn delete(target: &Target, call: &Call<'_>) -> Result<Json, Stop> {
    let options = call.call_options(2, "PutOptions")?;
    Ok(match call.argument("k")? {
        Js::Array(keys) => json!(target.delete_many(options, &all_keys(&keys)?).await?),
        key => json!(target.delete(options, &key_of(&key)?).await?),
    })
}

/// `put(key, value, options)` or `put(entries, options)`
async fn put(target: &Target, call: &Call<'_>) -> Result<(), Stop> {
    let name = if call.op.get("entries").is_some() { "entries" } else { "k" };
    match call.argument(name)? {
        Js::Object(entries) => {
            let options = call.call_options(2, "").map_err(|_| Thrown::type_error(PUT_FORMS))?;
            let mut stored: Vec<(String, Value)> = Vec::new();
            for (key, value) in entries {
                // A field without a value counts as not given.
                if value != Js::Undefined {
                    stored.push((super::convert::to_utf8(&key), to_stored(&value)?));
                }
            }
            target.put_many(options, &stored).await?;
        }
        key => {
            let options = call.call_options(3, "PutOptions")?;
            let value = call.argument("v")?;
            if value == Js::Undefined {
                return Err(Thrown::type_error("put() called with undefined value.").into());
            }
            target.put(options, &key_of(&key)?, &to_stored(&value)?).await?;
        }
    }
    Ok(())
}

async fn set_alarm(target: &Target, call: &Call<'_>, class: Class) -> Result<(), Stop> {
    let time_ms = call.time_ms("at")?;
    let options = call.call_options(2, "SetAlarmOptions")?;
    if class == Class::WithoutAlarms && time_ms > 0 {
        let message = "Your Durable Object class must have an alarm() handler in order to call setAlarm()";
        return Err(Thrown::type_error(message).into());
    }
    target.set_alarm(options, time_ms).await?;
    Ok(())
}

fn all_keys(keys: &[Option<Js>]) -> Result<Vec<String>, Thrown> {
    keys.iter().map(|key| key_of(key.as_ref().unwrap_or(&Js::Undefined))).collect()
}

fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Json {
    let entries: Vec<Json> =
        entries.into_iter().map(|(key, value)| json!([key, show::stored(&value)])).collect();
    json!({ "$": "map", "entries": entries })
}
