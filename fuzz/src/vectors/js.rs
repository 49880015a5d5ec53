//! [`Js`]: a JavaScript value as a recording passes it to an operation.
//!
//! JSON `null`, booleans, numbers, strings and arrays mean themselves, an object without `$` is a plain object, and an
//! object with `$` is what its tag says.

use duramen_kv::{BigInt, Date, JsString, RegExp, ViewKind};
use serde_json::{Map, Value as Json};

use super::bytes::from_hex;
use super::number;

/// A JavaScript value. It is a tree; one that contains itself has a [`Js::Up`] inside.
#[derive(Clone, Debug, PartialEq)]
pub enum Js {
    /// `undefined`
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A bigint.
    BigInt(BigInt),
    /// A string.
    String(JsString),
    /// `Symbol("s")`
    Symbol,
    /// `() => 1`
    Function,
    /// A `Date`.
    Date(Date),
    /// A regular expression.
    RegExp(RegExp),
    /// An error: its name and its message.
    Error(String, String),
    /// An `ArrayBuffer`.
    Buffer(Vec<u8>),
    /// A typed array or `DataView` over bytes.
    View(ViewKind, Vec<u8>),
    /// An array; `None` is a hole.
    Array(Vec<Option<Js>>),
    /// A plain object; see [`own_order`].
    Object(Vec<(JsString, Js)>),
    /// A `Map`.
    Map(Vec<(Js, Js)>),
    /// A `Set`.
    Set(Vec<Js>),
    /// The value that this one is inside of, this many levels up.
    Up(usize),
}

/// What a recording says that is no value.
pub type Unknown = String;

impl Js {
    /// The value that is meant; `now_ms` is the present time.
    ///
    /// # Errors
    /// A text that says which part of it is unknown.
    pub fn read(json: &Json, now_ms: f64) -> Result<Js, Unknown> {
        let read = |json: &Json| Js::read(json, now_ms);
        Ok(match json {
            Json::Null => Js::Null,
            Json::Bool(truth) => Js::Bool(*truth),
            Json::Number(number) => Js::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Js::String(text.as_str().into()),
            Json::Array(members) => {
                Js::Array(members.iter().map(|member| read(member).map(Some)).collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => match fields.get("$").and_then(Json::as_str) {
                Some(tag) => tagged(tag, fields, now_ms)?,
                None => Js::object(
                    fields
                        .iter()
                        .map(|(key, value)| Ok((key.as_str().into(), read(value)?)))
                        .collect::<Result<_, Unknown>>()?,
                ),
            },
        })
    }

    /// A plain object that these properties were set on, one after the other.
    #[must_use]
    pub fn object(properties: Vec<(JsString, Js)>) -> Js {
        Js::Object(own_order(properties))
    }

    /// The property of an object; `undefined` if it has none of this name, or is no object.
    #[must_use]
    pub fn property(&self, name: &str) -> Js {
        match self {
            Js::Object(properties) => {
                let found = properties.iter().find(|(key, _)| key == name);
                found.map_or(Js::Undefined, |(_, value)| value.clone())
            }
            _ => Js::Undefined,
        }
    }

    /// Whether a call counts it as not given: `null` and `undefined`.
    #[must_use]
    pub fn is_nullish(&self) -> bool {
        matches!(self, Js::Null | Js::Undefined)
    }

    /// Whether it is an object in the sense of the language.
    #[must_use]
    pub fn is_object(&self) -> bool {
        !matches!(
            self,
            Js::Undefined
                | Js::Null
                | Js::Bool(_)
                | Js::Number(_)
                | Js::BigInt(_)
                | Js::String(_)
                | Js::Symbol
        )
    }

    /// Whether a condition takes it for true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Js::Undefined | Js::Null => false,
            Js::Bool(truth) => *truth,
            Js::Number(number) => *number != 0.0 && !number.is_nan(),
            Js::BigInt(integer) => !integer.limbs().is_empty(),
            Js::String(text) => text.utf16_len() > 0,
            _ => true,
        }
    }
}

/// Properties in the order in which an object lists them: integer-like keys first, by their value, then the others as
/// they were set. A key that is set again keeps its place.
#[must_use]
pub fn own_order<V>(properties: Vec<(JsString, V)>) -> Vec<(JsString, V)> {
    let mut own: Vec<(JsString, V)> = Vec::with_capacity(properties.len());
    let mut places = std::collections::HashMap::new();
    for (key, value) in properties {
        match places.get(&key) {
            Some(&place) => {
                let (_, present): &mut (JsString, V) = &mut own[place];
                *present = value;
            }
            None => {
                places.insert(key.clone(), own.len());
                own.push((key, value));
            }
        }
    }
    own.sort_by_key(|(key, _)| array_index(key).map_or((1, 0), |index| (0, index)));
    own
}

/// The index that a key is, if it looks like one: `"7"`, not `"07"`.
fn array_index(key: &JsString) -> Option<u32> {
    let text = key.as_str()?;
    let index: u32 = text.parse().ok()?;
    (index < u32::MAX && index.to_string() == text).then_some(index)
}

fn tagged(tag: &str, fields: &Map<String, Json>, now_ms: f64) -> Result<Js, Unknown> {
    let text =
        |name: &str| fields.get(name).and_then(Json::as_str).ok_or_else(|| format!("{tag} without {name}"));
    let number = |name: &str| fields.get(name).and_then(Json::as_f64);
    let size =
        |name: &str| fields.get(name).and_then(Json::as_u64).and_then(|size| usize::try_from(size).ok());
    let array = |name: &str| fields.get(name).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let read = |json: &Json| Js::read(json, now_ms);
    let hex = || from_hex(text("hex")?).ok_or_else(|| format!("{tag} with other digits"));
    let read_all = |name: &str| array(name).iter().map(read).collect::<Result<Vec<Js>, Unknown>>();
    let pairs = || {
        let pair = |pair: &Json| Ok((pair[0].clone(), read(&pair[1])?));
        array("entries").iter().map(pair).collect::<Result<Vec<(Json, Js)>, Unknown>>()
    };
    Ok(match tag {
        "undefined" => Js::Undefined,
        "symbol" => Js::Symbol,
        "function" => Js::Function,
        "cycle" => Js::object(vec![("name".into(), Js::String("cycle".into())), ("self".into(), Js::Up(1))]),
        "ref" => Js::Up(size("up").unwrap_or(1)),
        "num" => Js::Number(match text("v")? {
            "-0" => -0.0,
            name => number::from_text(name),
        }),
        "now" => Js::Number(now_ms + number("plus").unwrap_or(0.0)),
        "bigint" => Js::BigInt(text("v")?.parse().map_err(|error| format!("bigint: {error}"))?),
        "units" => {
            let unit = |unit: &Json| unit.as_u64().and_then(|unit| u16::try_from(unit).ok());
            let units: Option<Vec<u16>> = array("units").iter().map(unit).collect();
            Js::String(JsString::from_utf16(&units.ok_or("units that are none")?))
        }
        "repeat" => Js::String(text("s")?.repeat(size("n").unwrap_or(0)).into()),
        "concat" => Js::String(concatenation(&read_all("parts")?)?),
        "blob" => Js::Buffer(hex()?),
        "repeatblob" => {
            let byte = number("byte").unwrap_or(0.0);
            let byte = (0..=u8::MAX).find(|candidate| f64::from(*candidate) == byte).unwrap_or(0);
            Js::Buffer(vec![byte; size("n").unwrap_or(0)])
        }
        "u8" => Js::View(ViewKind::Uint8Array, hex()?),
        "u16" => Js::View(ViewKind::Uint16Array, hex()?),
        "dataview" => Js::View(ViewKind::DataView, hex()?),
        "date" => Js::Date(Date::from_ms(number("ms").unwrap_or(f64::NAN))),
        "regexp" => {
            let flags = text("flags")?.parse().map_err(|error| format!("regexp: {error}"))?;
            Js::RegExp(RegExp { source: text("source")?.into(), flags })
        }
        "error" => Js::Error(text("name")?.into(), text("message")?.into()),
        "obj" => Js::object(
            pairs()?
                .into_iter()
                .map(|(key, value)| Ok((key_of(&key)?, value)))
                .collect::<Result<_, Unknown>>()?,
        ),
        "map" => Js::Map(
            pairs()?
                .into_iter()
                .map(|(key, value)| Ok((read(&key)?, value)))
                .collect::<Result<_, Unknown>>()?,
        ),
        "set" => Js::Set(read_all("values")?),
        "sparse" => {
            let mut elements = vec![None; size("length").unwrap_or(0)];
            for (index, value) in pairs()? {
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                let place = index.and_then(|index| elements.get_mut(index)).ok_or("sparse: no such index")?;
                *place = Some(value);
            }
            Js::Array(elements)
        }
        "args" => {
            let from = number("from").unwrap_or(1.0);
            Js::Array(
                (0u32..)
                    .take(size("n").unwrap_or(0))
                    .map(|n| Some(Js::Number(from + f64::from(n))))
                    .collect(),
            )
        }
        "manykeys" => Js::Array(many_keys(fields).map(|(key, _)| Some(Js::String(key.into()))).collect()),
        "manyentries" => {
            let value = fields.get("value").map(read).transpose()?;
            let entry =
                |(key, n): (String, u64)| (key.into(), value.clone().unwrap_or(Js::Number(number::whole(n))));
            Js::object(many_keys(fields).map(entry).collect())
        }
        tag => return Err(format!("the tag {tag:?}")),
    })
}

/// A prefix and the numbers from 0, filled up with zeros.
fn many_keys(fields: &Map<String, Json>) -> impl Iterator<Item = (String, u64)> {
    let prefix = fields.get("prefix").and_then(Json::as_str).unwrap_or_default().to_owned();
    let count = fields.get("n").and_then(Json::as_u64).unwrap_or(0);
    let pad = fields.get("pad").and_then(Json::as_u64).and_then(|pad| usize::try_from(pad).ok()).unwrap_or(4);
    (0..count).map(move |n| (format!("{prefix}{n:0pad$}"), n))
}

fn concatenation(parts: &[Js]) -> Result<JsString, Unknown> {
    let mut units = Vec::new();
    for part in parts {
        match part {
            Js::String(text) => units.extend(text.to_utf16()),
            _ => return Err("concat of what is no string".into()),
        }
    }
    Ok(JsString::from_utf16(&units))
}

/// The key of a property: a string, also one with lone surrogates.
fn key_of(json: &Json) -> Result<JsString, Unknown> {
    match Js::read(json, 0.0)? {
        Js::String(text) => Ok(text),
        _ => Err("a key that is no string".into()),
    }
}

#[cfg(test)]
mod tests;
