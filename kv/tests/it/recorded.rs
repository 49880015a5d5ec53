//! The recorded answers of a real Durable Object to calls of its key-value API.
//!
//! What the JavaScript side does before storage is reached (converting keys, refusing functions and missing arguments)
//! is not this crate's; calls that need it are passed over.

use std::path::Path;

use duramen_engine::{Database, Options, WriteTxn};
use duramen_kv::{Date, Error, JsString, Kv, Label, Limits, ListOptions, Object, SparseArray, Value};
use serde_json::{Value as Json, json};

#[test]
fn recorded_calls_are_answered_alike() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/durable-object-storage.jsonl");
    let Ok(cases) = std::fs::read_to_string(&file) else {
        eprintln!("SKIPPED: the recorded answers are not at {}", file.display());
        return;
    };
    let mut checked = 0;
    for case in cases.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()) {
        if ["kv-sync", "kv-async", "kv-list"].contains(&case["area"].as_str().unwrap())
            && case["ops"].is_array()
        {
            checked += check_case(&case);
        }
    }
    eprintln!("{checked} recorded calls were checked");
    assert!(checked > 100);
}

/// Makes the calls of a case up to the first that is more than key-value storage; how many were checked.
fn check_case(case: &Json) -> usize {
    let db = Database::in_memory(Options::default()).unwrap();
    let mut txn = db.begin_write().unwrap();
    // The recording was made without limits.
    let mut kv = Kv::new(&mut txn).with_limits(Limits::UNLIMITED);
    let mut checked = 0;
    for (call, expected) in case["ops"].as_array().unwrap().iter().zip(case["expect"].as_array().unwrap()) {
        let name = call["op"].as_str().unwrap();
        let (is_async, name) = match name.strip_prefix("kv.") {
            Some(name) => (false, name),
            None => (true, name),
        };
        if !["get", "put", "delete", "list"].contains(&name) {
            break;
        }
        let Some(answer) = answer(&mut kv, name, is_async, call) else {
            // What was refused changed nothing; what was done after a conversion did.
            if expected["error"].is_object() {
                continue;
            }
            break;
        };
        assert_eq!(&answer, expected, "{} {call}", case["id"]);
        checked += 1;
    }
    checked
}

/// The answer to a call; `None` if it never gets as far as the store.
fn answer(kv: &mut Kv<&mut WriteTxn>, name: &str, is_async: bool, call: &Json) -> Option<Json> {
    let undefined = json!({ "$": "undefined" });
    let value =
        |value: Option<Value>| value.map_or(undefined.clone(), |value| shown(&value, &mut Vec::new()));
    let keys = || call["k"].as_array()?.iter().map(key).collect::<Option<Vec<String>>>();
    let answer = match (name, keys()) {
        ("get", Some(keys)) => kv.get_many(&keys).map(|found| json!({ "value": map(found) })),
        ("delete", Some(keys)) => kv.delete_many(&keys).map(|count| json!({ "value": count })),
        ("get", None) => kv.get(&key(&call["k"])?).map(|found| json!({ "value": value(found) })),
        ("delete", None) => kv.delete(&key(&call["k"])?).map(|existed| json!({ "value": existed })),
        ("put", _) if call["entries"].is_object() => {
            if !matches!(call["o"], Json::Null | Json::Object(_)) {
                return None;
            }
            let Value::Object(entries) = made(&call["entries"])? else { return None };
            let entries: Vec<_> =
                entries.into_iter().filter(|(_, value)| *value != Value::Undefined).collect();
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| (key.as_str().unwrap(), value.clone())).collect();
            kv.put_many(&entries).map(|()| json!({ "value": undefined }))
        }
        ("put", _) => {
            let value = made(call.get("v")?)?;
            if is_async && value == Value::Undefined {
                return None;
            }
            kv.put(&key(&call["k"])?, &value).map(|()| json!({ "value": undefined }))
        }
        _ => list(kv, call.get("o").unwrap_or(&Json::Null))?.map(|entries| match is_async {
            true => json!({ "value": map(entries) }),
            false => json!({ "entries": map(entries)["entries"] }),
        }),
    };
    Some(
        answer.unwrap_or_else(
            |error| json!({ "error": { "name": "TypeError", "message": error.to_string() } }),
        ),
    )
}

fn list(kv: &Kv<&mut WriteTxn>, options: &Json) -> Option<Result<Vec<(String, Value)>, Error>> {
    let text = |name: &str| match options.get(name) {
        None => Some(None),
        Some(Json::String(text)) => Some(Some(text.as_str())),
        Some(other) => (other["$"] == "undefined").then_some(None),
    };
    let limit = match options.get("limit") {
        None => None,
        Some(limit) => match ListOptions::limit_from_number(made(limit)?.as_f64()?) {
            Ok(limit) => Some(limit),
            Err(error) => return Some(Err(error)),
        },
    };
    let reverse = match options.get("reverse") {
        None => false,
        Some(reverse) => reverse.as_bool()?,
    };
    let options = ListOptions {
        start: text("start")?,
        start_after: text("startAfter")?,
        end: text("end")?,
        prefix: text("prefix")?,
        reverse,
        limit,
    };
    Some(kv.list_all(&options))
}

fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Json {
    let entries: Vec<_> =
        entries.into_iter().map(|(key, value)| json!([key, shown(&value, &mut Vec::new())])).collect();
    json!({ "$": "map", "entries": entries })
}

fn key(key: &Json) -> Option<String> {
    key.as_str().map(str::to_owned)
}

/// The value that an input stands for; `None` for what is not made here.
fn made(input: &Json) -> Option<Value> {
    let all = |field: &Json| field.as_array()?.iter().map(made).collect::<Option<Vec<_>>>();
    let pairs = |field: &Json| {
        let pair = |pair: &Json| Some((made(&pair[0])?, made(&pair[1])?));
        field.as_array()?.iter().map(pair).collect::<Option<Vec<_>>>()
    };
    Some(match input {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.as_f64()?.into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(_) => all(input)?.into(),
        Json::Object(object) => match object.get("$").and_then(Json::as_str) {
            None => Value::Object(
                object
                    .iter()
                    .map(|(key, value)| Some((key.as_str(), made(value)?)))
                    .collect::<Option<Object>>()?,
            ),
            Some("undefined") => Value::Undefined,
            Some("num") => match input["v"].as_str()? {
                "-0" => (-0.0).into(),
                text => text.parse::<f64>().ok()?.into(),
            },
            Some("obj") => {
                let text = |(key, value): (Value, Value)| Some((key.as_str()?.to_owned(), value));
                Value::Object(pairs(&input["entries"])?.into_iter().map(text).collect::<Option<Object>>()?)
            }
            Some("map") => Value::Map(pairs(&input["entries"])?),
            Some("set") => Value::Set(all(&input["values"])?),
            Some("date") => Date::from_ms(input["ms"].as_f64()?).into(),
            Some("sparse") => {
                let mut array = SparseArray::new(u32::try_from(input["length"].as_u64()?).ok()?);
                for entry in input["entries"].as_array()? {
                    array.set(u32::try_from(entry[0].as_u64()?).ok()?, made(&entry[1])?);
                }
                array.into()
            }
            Some("cycle") => {
                let object = Object::from([("name", "cycle".into()), ("self", Value::Ref(Label(0)))]);
                Value::Anchor(Label(0), Box::new(object.into()))
            }
            Some("manyentries") => {
                let width = usize::try_from(input["pad"].as_u64().unwrap_or(4)).ok()?;
                let prefix = input["prefix"].as_str()?;
                let count = u32::try_from(input["n"].as_u64()?).ok()?;
                Value::Object((0..count).map(|n| (format!("{prefix}{n:0width$}"), Value::from(n))).collect())
            }
            Some(_) => return None,
        },
    })
}

/// A value as the recording shows it; `around` are the labels of the objects around it, the innermost last.
fn shown(value: &Value, around: &mut Vec<Option<Label>>) -> Json {
    let (label, value) = match value {
        Value::Anchor(label, inner) => (Some(*label), &**inner),
        value => (None, value),
    };
    around.push(label);
    let mut all = |values: &[Value]| values.iter().map(|value| shown(value, around)).collect::<Vec<_>>();
    let json = match value {
        Value::Null => Json::Null,
        Value::Undefined => json!({ "$": "undefined" }),
        Value::Bool(value) => json!(value),
        Value::Number(number) if number.is_nan() => json!({ "$": "num", "v": "NaN" }),
        Value::Number(number) if number.is_infinite() => {
            json!({ "$": "num", "v": if *number > 0.0 { "Infinity" } else { "-Infinity" } })
        }
        Value::Number(number) if *number == 0.0 && number.is_sign_negative() => {
            json!({ "$": "num", "v": "-0" })
        }
        Value::Number(_) => match value.as_i64() {
            Some(whole) => json!(whole),
            None => json!(value.as_f64()),
        },
        Value::String(string) => match string.as_str() {
            Some(text) => json!(text),
            None => json!({ "$": "units", "units": string.to_utf16() }),
        },
        Value::Date(date) => json!({ "$": "date", "ms": date.ms() }),
        Value::Array(elements) => Json::Array(all(elements)),
        Value::Set(members) => json!({ "$": "set", "values": all(members) }),
        Value::Map(entries) => {
            let pairs: Vec<_> = entries
                .iter()
                .map(|(key, value)| json!([shown(key, around), shown(value, around)]))
                .collect();
            json!({ "$": "map", "entries": pairs })
        }
        Value::Object(object) => {
            let pair = |(key, value): &(JsString, Value)| json!([key.to_str_lossy(), shown(value, around)]);
            let pairs: Vec<_> = object.iter().map(pair).collect();
            json!({ "$": "obj", "entries": pairs })
        }
        Value::SparseArray(array) => {
            let pairs: Vec<_> =
                array.elements().map(|(index, value)| json!([index, shown(value, around)])).collect();
            json!({ "$": "sparse", "length": array.len(), "entries": pairs })
        }
        Value::Ref(label) => {
            let up = around.iter().rev().position(|other| *other == Some(*label)).unwrap();
            json!({ "$": "ref", "up": up })
        }
        other => panic!("the recorded cases have no {other:?}"),
    };
    around.pop();
    json
}
