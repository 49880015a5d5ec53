//! Values as JSON text, for people and their tools. The mapping itself is in [`serde_value`](crate::serde_value).

use serde::Deserializer;
use serde::de::Visitor;

use crate::error::{Error, Result};
use crate::value::Value;

impl Value {
    /// The value as JSON text on one line.
    ///
    /// `null`, booleans, finite numbers, well-formed strings, arrays and plain objects are themselves. What JSON
    /// lacks is an object whose first key says what it is:
    ///
    /// | value | JSON |
    /// |---|---|
    /// | undefined | `{"$undefined":true}` |
    /// | NaN, ±Infinity | `{"$number":"NaN"}`, `{"$number":"-Infinity"}` |
    /// | bigint | `{"$bigint":"123"}` |
    /// | string with lone surrogates | `{"$string":[55296]}`, its UTF-16 units |
    /// | Date | `{"$date":"2023-11-14T22:13:20.123Z"}`; `null` for the invalid date; milliseconds are read too |
    /// | RegExp | `{"$regexp":"a+","flags":"gi"}` |
    /// | ArrayBuffer | `{"$buffer":"00ff"}`, hexadecimal; `"maxLength"` if resizable |
    /// | typed array, DataView | `{"$view":"Uint8Array","buffer":{"$buffer":"00ff"},"offset":0,"length":2}` |
    /// | array with holes or properties | `{"$sparse":5,"elements":[[1,"x"]],"properties":{"name":"y"}}` |
    /// | Map | `{"$map":[["key","value"]]}` |
    /// | Set | `{"$set":[1,2]}` |
    /// | Error | `{"$error":"TypeError","message":"…","stack":"…","cause":…}` |
    /// | boxed primitive | `{"$boxed":1}` |
    /// | anchored object | `{"$anchor":0,"value":…}` |
    /// | reference to it | `{"$ref":0}` |
    /// | object that could be taken for one of these, or with lone surrogates in a key | `{"$object":[["$ref",0]]}` |
    ///
    /// [`Value::from_json`] gives the same value back, if it is nested less than 128 deep.
    ///
    /// ```
    /// use duramen_kv::{Date, Object, Value};
    ///
    /// let value = Value::from(Object::from([("n", 1.into()), ("at", Date::from_ms(0.0).into())]));
    /// let text = value.to_json()?;
    /// assert_eq!(text, r#"{"n":1,"at":{"$date":"1970-01-01T00:00:00.000Z"}}"#);
    /// assert_eq!(Value::from_json(&text)?, value);
    /// # Ok::<(), duramen_kv::Error>(())
    /// ```
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(json_error)
    }

    /// The value as JSON text over several lines, in the mapping of [`Value::to_json`].
    pub fn to_json_pretty(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(json_error)
    }

    /// Reads JSON text in the mapping of [`Value::to_json`], so any JSON.
    ///
    /// A whole number beyond ±(2^53 − 1) that fits 64 bits becomes a bigint, so that no digit is lost. If a key
    /// appears twice in an object, the last one counts, as in JavaScript.
    pub fn from_json(text: &str) -> Result<Value> {
        serde_json::from_str(text).map_err(json_error)
    }
}

fn json_error(error: serde_json::Error) -> Error {
    Error::Json(error.to_string())
}

/// Shows a value to a visitor in the mapping for people.
pub(crate) fn visit_as_json<'de, V: Visitor<'de>>(value: &Value, visitor: V) -> Result<V::Value> {
    let tree = serde_json::to_value(value).map_err(json_error)?;
    tree.deserialize_any(visitor).map_err(|error| Error::Convert(error.to_string()))
}
