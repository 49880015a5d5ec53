//! Results as a recording writes them: values of SQL and of the key-value store as tagged JSON.
//!
//! Long strings and blobs are written whole; [`compare`](super::compare) hashes them where the recording does.

use duramen_kv::{JsString, Label, Value, View, ViewKind};
use duramen_sql::ValueRef;
use serde_json::{Value as Json, json};

use super::bytes::to_hex;
use super::js::own_order;
use super::number;

/// `undefined`
#[must_use]
pub fn undefined() -> Json {
    json!({ "$": "undefined" })
}

/// A number.
#[must_use]
pub fn number(number: f64) -> Json {
    if number.is_finite() && !(number == 0.0 && number.is_sign_negative()) {
        return json!(number);
    }
    let name = if number == 0.0 { "-0".into() } else { number::to_text(number) };
    json!({ "$": "num", "v": name })
}

/// A count.
#[must_use]
pub fn count(count: u64) -> Json {
    number(number::whole(count))
}

/// A string.
#[must_use]
pub fn text(text: &JsString) -> Json {
    match text.as_str() {
        Some(text) => json!(text),
        None => json!({ "$": "units", "units": text.to_utf16() }),
    }
}

/// An object of properties in the order in which they were set.
#[must_use]
pub fn object(properties: Vec<(JsString, Json)>) -> Json {
    let mut properties = own_order(properties);
    // Setting this one sets the prototype.
    properties.retain(|(key, _)| key != "__proto__");
    let entries: Vec<Json> = properties.into_iter().map(|(key, value)| json!([text(&key), value])).collect();
    json!({ "$": "obj", "entries": entries })
}

/// What an iterator's `next` gives: `None` at the end.
#[must_use]
pub fn next(value: Option<Json>) -> Json {
    let is_done = value.is_none();
    object(vec![("done".into(), json!(is_done)), ("value".into(), value.unwrap_or_else(undefined))])
}

/// What kind of member of the storage object each of the names is, as `typeof` tells.
#[must_use]
pub fn members(names: &Json) -> Json {
    const FUNCTIONS: [&str; 19] = [
        "get",
        "put",
        "delete",
        "list",
        "deleteAll",
        "transaction",
        "transactionSync",
        "sync",
        "getAlarm",
        "setAlarm",
        "deleteAlarm",
        "getCurrentBookmark",
        "getBookmarkForTime",
        "onNextSessionRestoreBookmark",
        "sql.exec",
        "kv.get",
        "kv.put",
        "kv.list",
        "kv.delete",
    ];
    let kind = |name: &str| match name {
        "sql.databaseSize" => "number",
        _ if FUNCTIONS.contains(&name) => "function",
        _ => "undefined",
    };
    let names = names.as_array().map_or(&[][..], Vec::as_slice);
    names.iter().map(|name| json!([name, kind(name.as_str().unwrap_or_default())])).collect()
}

/// A value of a row: integers are rounded to numbers, text that is not UTF-8 is repaired.
#[must_use]
pub fn sql_value(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(integer) => {
            #[expect(clippy::cast_precision_loss, reason = "JavaScript rounds as well")]
            let rounded = integer as f64;
            number(rounded)
        }
        ValueRef::Real(real) => number(real),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => blob("blob", bytes),
    }
}

/// A stored value.
#[must_use]
pub fn stored(value: &Value) -> Json {
    Showing { whole: value, around: Vec::new() }.value(value)
}

fn blob(tag: &str, bytes: &[u8]) -> Json {
    json!({ "$": tag, "hex": to_hex(bytes) })
}

/// A stored value and the path to the part that is written: the label of each value around it, if it has one.
struct Showing<'v> {
    whole: &'v Value,
    around: Vec<Option<Label>>,
}

impl Showing<'_> {
    fn value(&mut self, value: &Value) -> Json {
        match value {
            Value::Undefined => undefined(),
            Value::Null => Json::Null,
            Value::Bool(truth) => json!(truth),
            Value::Number(number) => self::number(*number),
            Value::BigInt(integer) => json!({ "$": "bigint", "v": integer.to_string() }),
            Value::String(text) => self::text(text),
            Value::Date(date) => json!({ "$": "date", "ms": number(date.time_value()) }),
            Value::RegExp(regexp) => {
                json!({ "$": "regexp", "source": text(&regexp.source), "flags": regexp.flags.to_string() })
            }
            Value::ArrayBuffer(buffer) => blob("blob", &buffer.bytes),
            Value::View(view) => view_json(view),
            Value::Error(error) => {
                let message = error.message.as_ref().map_or_else(|| json!(""), text);
                json!({ "$": "error", "name": error.kind.name(), "message": message })
            }
            Value::Boxed(primitive) => self.value(&primitive.as_ref().clone().into_unboxed()),
            Value::Anchor(label, inner) => self.container(inner, Some(*label)),
            Value::Ref(label) => self.reference(*label),
            container => self.container(container, None),
        }
    }

    fn container(&mut self, value: &Value, label: Option<Label>) -> Json {
        self.around.push(label);
        let json = match value {
            Value::Array(members) => Json::Array(self.all(members)),
            Value::Set(members) => json!({ "$": "set", "values": self.all(members) }),
            Value::Map(entries) => {
                let entries: Vec<Json> =
                    entries.iter().map(|(key, value)| json!([self.value(key), self.value(value)])).collect();
                json!({ "$": "map", "entries": entries })
            }
            Value::Object(properties) => {
                object(properties.iter().map(|(key, value)| (key.clone(), self.value(value))).collect())
            }
            Value::SparseArray(array) => {
                let entries: Vec<Json> =
                    array.elements().map(|(index, value)| json!([index, self.value(value)])).collect();
                json!({ "$": "sparse", "length": array.len(), "entries": entries })
            }
            other => self.value(other),
        };
        self.around.pop();
        json
    }

    fn all(&mut self, members: &[Value]) -> Vec<Json> {
        members.iter().map(|member| self.value(member)).collect()
    }

    /// A value around this one by how many levels up it is, any other one once more.
    fn reference(&mut self, label: Label) -> Json {
        if let Some(up) = self.around.iter().rev().position(|around| *around == Some(label)) {
            return json!({ "$": "ref", "up": up + 1 });
        }
        match self.whole.find(label) {
            Some(duramen_kv::Found::Value(value)) => self.container(value, Some(label)),
            Some(duramen_kv::Found::Buffer(buffer)) => blob("blob", &buffer.bytes),
            None => undefined(),
        }
    }
}

fn view_json(view: &View) -> Json {
    let tag = match view.kind {
        ViewKind::Uint8Array => "u8",
        ViewKind::Uint16Array => "u16",
        ViewKind::DataView => "dataview",
        other => other.name(),
    };
    blob(tag, view.bytes().unwrap_or_default())
}

#[cfg(test)]
mod tests;
