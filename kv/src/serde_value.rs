//! `serde` for [`Value`] and its parts.
//!
//! A value passes through a serializer as a newtype of the name [`TOKEN`]. This crate's own serializers know the
//! name and keep the value exactly. Any other format sees what is inside: bytes, the stored form, if it is a binary
//! format; and if it is one for people, such as JSON, the mapping described at [`Value::to_json`], which this file
//! implements.

use std::fmt::{self, Write as _};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use crate::error::Error;
use crate::label::Label;
use crate::value::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, JsString, MAX_DEPTH, MAX_SAFE_INTEGER, Object,
    Primitive, RegExp, SparseArray, Value, View, ViewBuffer, ViewKind, exact_i64,
};

/// The name of the newtype as which a value passes through a serializer.
pub(crate) const TOKEN: &str = "$duramen_kv::Value";

/// The first key of a map that stands for something else than an object.
mod key {
    pub(super) const UNDEFINED: &str = "$undefined";
    pub(super) const NUMBER: &str = "$number";
    pub(super) const BIGINT: &str = "$bigint";
    pub(super) const STRING: &str = "$string";
    pub(super) const DATE: &str = "$date";
    pub(super) const REG_EXP: &str = "$regexp";
    pub(super) const BUFFER: &str = "$buffer";
    pub(super) const VIEW: &str = "$view";
    pub(super) const SPARSE: &str = "$sparse";
    pub(super) const OBJECT: &str = "$object";
    pub(super) const MAP: &str = "$map";
    pub(super) const SET: &str = "$set";
    pub(super) const ERROR: &str = "$error";
    pub(super) const BOXED: &str = "$boxed";
    pub(super) const ANCHOR: &str = "$anchor";
    pub(super) const REF: &str = "$ref";

    pub(super) const ALL: [&str; 16] = [
        UNDEFINED, NUMBER, BIGINT, STRING, DATE, REG_EXP, BUFFER, VIEW, SPARSE, OBJECT, MAP, SET, ERROR,
        BOXED, ANCHOR, REF,
    ];
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TOKEN, &Inside(self))
    }
}

/// What is inside the newtype.
struct Inside<'a>(&'a Value);

impl Serialize for Inside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Tagged { value: self.0, depth: 0 }.serialize(serializer)
        } else {
            serializer.serialize_bytes(&self.0.to_bytes().map_err(ser::Error::custom)?)
        }
    }
}

/// A value in the mapping for people: what they read and write anyway as it is, all else as a map whose first key
/// says what it is.
struct Tagged<'a> {
    value: &'a Value,
    depth: usize,
}

impl<'a> Tagged<'a> {
    /// A part of this value.
    fn part(&self, value: &'a Value) -> Tagged<'a> {
        Tagged { value, depth: self.depth + 1 }
    }

    fn members(&self, values: &'a [Value]) -> impl Serialize {
        Sequence(move || values.iter().map(|value| self.part(value)))
    }

    fn properties<S: Serializer>(&self, serializer: S, object: &'a Object) -> Result<S::Ok, S::Error> {
        let mistakable =
            object.keys().next().and_then(JsString::as_str).is_some_and(|key| key::ALL.contains(&key));
        if mistakable || object.keys().any(|key| key.as_str().is_none()) {
            let pairs = Sequence(|| object.iter().map(|(key, value)| (TaggedString(key), self.part(value))));
            return one_entry(serializer, key::OBJECT, &pairs);
        }
        let text_keys = object.iter().filter_map(|(key, value)| Some((key.as_str()?, self.part(value))));
        serializer.collect_map(text_keys)
    }

    fn sparse_array<S: Serializer>(&self, serializer: S, array: &'a SparseArray) -> Result<S::Ok, S::Error> {
        let elements = Sequence(|| array.elements().map(|(index, value)| (index, self.part(value))));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(key::SPARSE, &array.len())?;
        map.serialize_entry("elements", &elements)?;
        if !array.properties.is_empty() {
            map.serialize_entry("properties", &PropertiesOf { array: self, object: &array.properties })?;
        }
        map.end()
    }

    fn error<S: Serializer>(&self, serializer: S, error: &'a ErrorObject) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(key::ERROR, error.kind.name())?;
        if let Some(message) = &error.message {
            map.serialize_entry("message", &TaggedString(message))?;
        }
        if let Some(stack) = &error.stack {
            map.serialize_entry("stack", &TaggedString(stack))?;
        }
        if let Some(cause) = &error.cause {
            map.serialize_entry("cause", &self.part(cause))?;
        }
        map.end()
    }
}

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth > MAX_DEPTH {
            return Err(ser::Error::custom(Error::TooDeep { max: MAX_DEPTH }));
        }
        match self.value {
            Value::Undefined => one_entry(serializer, key::UNDEFINED, &true),
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => tagged_number(serializer, *number),
            Value::BigInt(big) => one_entry(serializer, key::BIGINT, &big.to_string()),
            Value::String(string) => TaggedString(string).serialize(serializer),
            Value::Date(date) => one_entry(serializer, key::DATE, &date.ms().map(|_| date.to_string())),
            Value::RegExp(reg_exp) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry(key::REG_EXP, &TaggedString(&reg_exp.source))?;
                map.serialize_entry("flags", &reg_exp.flags.to_string())?;
                map.end()
            }
            Value::ArrayBuffer(buffer) => TaggedBuffer(buffer).serialize(serializer),
            Value::View(view) => tagged_view(serializer, view),
            Value::Array(elements) => self.members(elements).serialize(serializer),
            Value::SparseArray(array) => self.sparse_array(serializer, array),
            Value::Object(object) => self.properties(serializer, object),
            Value::Map(entries) => {
                let pairs =
                    Sequence(|| entries.iter().map(|(key, value)| (self.part(key), self.part(value))));
                one_entry(serializer, key::MAP, &pairs)
            }
            Value::Set(members) => one_entry(serializer, key::SET, &self.members(members)),
            Value::Error(error) => self.error(serializer, error),
            Value::Boxed(primitive) => {
                let value = primitive.as_ref().clone().into_unboxed();
                one_entry(serializer, key::BOXED, &Tagged { value: &value, depth: self.depth + 1 })
            }
            Value::Anchor(label, value) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry(key::ANCHOR, &label.0)?;
                map.serialize_entry("value", &self.part(value))?;
                map.end()
            }
            Value::Ref(label) => one_entry(serializer, key::REF, &label.0),
        }
    }
}

/// The items that a function gives each time anew.
struct Sequence<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The properties of an array.
struct PropertiesOf<'t, 'a> {
    array: &'t Tagged<'a>,
    object: &'a Object,
}

impl Serialize for PropertiesOf<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.array.properties(serializer, self.object)
    }
}

struct TaggedString<'a>(&'a JsString);

impl Serialize for TaggedString<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_str() {
            Some(text) => serializer.serialize_str(text),
            None => one_entry(serializer, key::STRING, &self.0.to_utf16()),
        }
    }
}

struct TaggedBuffer<'a>(&'a ArrayBuffer);

impl Serialize for TaggedBuffer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(key::BUFFER, &hex(&self.0.bytes))?;
        if let Some(max_len) = self.0.max_len {
            map.serialize_entry("maxLength", &max_len)?;
        }
        map.end()
    }
}

struct AnchoredBuffer<'a>(Label, &'a ArrayBuffer);

impl Serialize for AnchoredBuffer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(key::ANCHOR, &self.0.0)?;
        map.serialize_entry("value", &TaggedBuffer(self.1))?;
        map.end()
    }
}

fn tagged_view<S: Serializer>(serializer: S, view: &View) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry(key::VIEW, view.kind.name())?;
    match &view.buffer {
        ViewBuffer::Own(buffer) => map.serialize_entry("buffer", &TaggedBuffer(buffer))?,
        ViewBuffer::Anchored(label, buffer) => {
            map.serialize_entry("buffer", &AnchoredBuffer(*label, buffer))?
        }
        ViewBuffer::Ref(label) => {
            map.serialize_entry("buffer", &Tagged { value: &Value::Ref(*label), depth: 0 })?
        }
    }
    map.serialize_entry("offset", &view.byte_offset)?;
    if let Some(byte_length) = view.byte_length {
        map.serialize_entry("length", &byte_length)?;
    }
    map.end()
}

fn tagged_number<S: Serializer>(serializer: S, number: f64) -> Result<S::Ok, S::Error> {
    let minus_zero = number == 0.0 && number.is_sign_negative();
    match exact_i64(number) {
        Some(whole) if !minus_zero => serializer.serialize_i64(whole),
        _ if number.is_finite() => serializer.serialize_f64(number),
        _ if number.is_nan() => one_entry(serializer, key::NUMBER, "NaN"),
        _ if number > 0.0 => one_entry(serializer, key::NUMBER, "Infinity"),
        _ => one_entry(serializer, key::NUMBER, "-Infinity"),
    }
}

fn one_entry<S: Serializer>(
    serializer: S,
    key: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all text");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_newtype_struct(TOKEN, OutsideVisitor)
    }
}

/// Takes the newtype off.
struct OutsideVisitor;

impl<'de> Visitor<'de> for OutsideVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TaggedVisitor)
        } else {
            deserializer.deserialize_bytes(StoredVisitor)
        }
    }
}

/// Takes the stored form.
struct StoredVisitor;

impl Visitor<'_> for StoredVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a value")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Value::from_bytes(bytes).map_err(E::custom)
    }
}

/// Takes the mapping for people.
struct TaggedVisitor;

impl<'de> Visitor<'de> for TaggedVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(whole_number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(whole_number(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(whole_number(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(i128::try_from(value).map_or_else(|_| Value::BigInt(value.into()), whole_number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(ArrayBuffer::from(value).into())
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Value, E> {
        Ok(ArrayBuffer::from(value).into())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = members.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        let mut next = entries.next_key::<String>()?;
        if let Some(key) = &next
            && let Some(tag) = key::ALL.into_iter().find(|tag| tag == key)
        {
            let main = entries.next_value()?;
            let mut members = Members { main, others: Object::new() };
            while let Some((key, value)) = entries.next_entry::<String, Value>()? {
                members.others.insert(key, value);
            }
            return members
                .build(tag)
                .map_err(|error| de::Error::custom(format_args!("in {tag:?}: {error}")));
        }
        while let Some(key) = next {
            object.insert(key, entries.next_value()?);
            next = entries.next_key()?;
        }
        Ok(Value::Object(object))
    }
}

/// A whole number as it is stored: a number up to the integers doubles tell apart, else a bigint.
pub(crate) fn whole_number(value: i128) -> Value {
    if value.unsigned_abs() <= u128::from(MAX_SAFE_INTEGER.unsigned_abs()) {
        #[expect(clippy::cast_precision_loss, reason = "exact up to this magnitude")]
        return Value::Number(value as f64);
    }
    Value::BigInt(value.into())
}

/// What stands in a map whose first key says what it is.
struct Members {
    /// The value of the first key.
    main: Value,
    /// The other entries.
    others: Object,
}

type Refused = String;

impl Members {
    fn build(mut self, tag: &str) -> Result<Value, Refused> {
        let value = match tag {
            key::UNDEFINED => Value::Undefined,
            key::NUMBER => match self.main.as_str() {
                Some("NaN") => Value::Number(f64::NAN),
                Some("Infinity") => Value::Number(f64::INFINITY),
                Some("-Infinity") => Value::Number(f64::NEG_INFINITY),
                _ => return Err("neither NaN nor Infinity nor -Infinity".to_owned()),
            },
            key::BIGINT => Value::BigInt(text(&self.main)?.parse().map_err(refused)?),
            key::STRING => {
                let units: Result<Vec<u16>, _> = sequence(self.main)?.iter().map(number).collect();
                JsString::from_utf16(&units?).into()
            }
            key::DATE => match &self.main {
                Value::Null => Date::INVALID.into(),
                Value::Number(ms) => Date::from_ms(*ms).into(),
                main => text(main)?.parse::<Date>().map_err(refused)?.into(),
            },
            key::REG_EXP => {
                let flags = self
                    .take("flags")
                    .map_or(Ok(Default::default()), |flags| text(&flags)?.parse().map_err(refused))?;
                RegExp { source: string(self.take_main())?, flags }.into()
            }
            key::BUFFER => {
                let bytes = unhex(text(&self.main)?).ok_or("not pairs of hexadecimal digits")?;
                let max_len = self.take("maxLength").map(|len| number(&len)).transpose()?;
                ArrayBuffer { bytes: bytes.into(), max_len }.into()
            }
            key::VIEW => self.view()?.into(),
            key::SPARSE => self.sparse_array()?.into(),
            key::OBJECT => {
                let mut object = Object::new();
                for (key, value) in pairs(self.take_main())? {
                    object.insert(string(key)?, value);
                }
                Value::Object(object)
            }
            key::MAP => Value::Map(pairs(self.take_main())?),
            key::SET => Value::Set(sequence(self.take_main())?),
            key::ERROR => ErrorObject {
                kind: ErrorKind::from_name(text(&self.main)?).ok_or("not the name of a kind of error")?,
                message: self.take("message").map(string).transpose()?,
                stack: self.take("stack").map(string).transpose()?,
                cause: self.take("cause"),
            }
            .into(),
            key::BOXED => match self.take_main() {
                Value::Bool(value) => Primitive::Bool(value),
                Value::Number(value) => Primitive::Number(value),
                Value::BigInt(value) => Primitive::BigInt(value),
                Value::String(value) => Primitive::String(value),
                _ => return Err("not a boolean, number, bigint or string".to_owned()),
            }
            .into(),
            key::ANCHOR => {
                let value = self.take("value").ok_or("\"value\" is missing")?;
                Value::Anchor(Label(number(&self.main)?), Box::new(value))
            }
            _ => Value::Ref(Label(number(&self.main)?)),
        };
        match self.others.keys().next() {
            Some(key) => Err(format!("unknown member {key:?}")),
            None => Ok(value),
        }
    }

    fn take_main(&mut self) -> Value {
        std::mem::take(&mut self.main)
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.others.remove(key)
    }

    fn view(&mut self) -> Result<View, Refused> {
        let kind = ViewKind::from_name(text(&self.main)?).ok_or("not the name of a kind of view")?;
        let buffer = match self.take("buffer").ok_or("\"buffer\" is missing")? {
            Value::ArrayBuffer(buffer) => ViewBuffer::Own(buffer),
            Value::Ref(label) => ViewBuffer::Ref(label),
            Value::Anchor(label, value) => match *value {
                Value::ArrayBuffer(buffer) => ViewBuffer::Anchored(label, buffer),
                _ => return Err("\"buffer\" is not a buffer".to_owned()),
            },
            _ => return Err("\"buffer\" is not a buffer".to_owned()),
        };
        let byte_offset = self.take("offset").map_or(Ok(0), |offset| number(&offset))?;
        let byte_length = self.take("length").map(|length| number(&length)).transpose()?;
        Ok(View { kind, buffer, byte_offset, byte_length })
    }

    fn sparse_array(&mut self) -> Result<SparseArray, Refused> {
        let len = number(&self.main)?;
        let mut array = SparseArray::new(len);
        for (index, value) in self.take("elements").map_or(Ok(Vec::new()), pairs)? {
            let index = number(&index)?;
            if index >= len {
                return Err(format!("element {index} is beyond the length {len}"));
            }
            array.set(index, value);
        }
        array.properties = match self.take("properties") {
            None => Object::new(),
            Some(Value::Object(properties)) => properties,
            Some(_) => return Err("\"properties\" is not an object".to_owned()),
        };
        Ok(array)
    }
}

fn refused(error: Error) -> Refused {
    error.to_string()
}

fn text(value: &Value) -> Result<&str, Refused> {
    value.as_str().ok_or_else(|| "not a text".to_owned())
}

fn string(value: Value) -> Result<JsString, Refused> {
    match value {
        Value::String(string) => Ok(string),
        _ => Err("not a string".to_owned()),
    }
}

fn number<N: TryFrom<i64>>(value: &Value) -> Result<N, Refused> {
    value
        .as_f64()
        .and_then(exact_i64)
        .and_then(|whole| N::try_from(whole).ok())
        .ok_or_else(|| "not a whole number in range".to_owned())
}

fn sequence(value: Value) -> Result<Vec<Value>, Refused> {
    match value {
        Value::Array(members) => Ok(members),
        _ => Err("not an array".to_owned()),
    }
}

fn pairs(value: Value) -> Result<Vec<(Value, Value)>, Refused> {
    let pair = |value| match <[Value; 2]>::try_from(sequence(value)?) {
        Ok([first, second]) => Ok((first, second)),
        Err(_) => Err("not an array of pairs".to_owned()),
    };
    sequence(value)?.into_iter().map(pair).collect()
}

/// Lets a part of a value stand for itself in a type: it is written as the value it makes, and only read from one of
/// its kind.
macro_rules! serde_as_value {
    ($($part:ident $name:literal: $pattern:pat => $inner:expr;)*) => {$(
        impl Serialize for $part {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Value::from(self.clone()).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $part {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$part, D::Error> {
                match Value::deserialize(deserializer)? {
                    $pattern => Ok($inner),
                    _ => Err(de::Error::custom(concat!("expected ", $name))),
                }
            }
        }
    )*};
}

serde_as_value! {
    JsString "a string": Value::String(string) => string;
    BigInt "a bigint": Value::BigInt(big) => big;
    Date "a date": Value::Date(date) => date;
    RegExp "a regular expression": Value::RegExp(reg_exp) => *reg_exp;
    ArrayBuffer "an array buffer": Value::ArrayBuffer(buffer) => buffer;
    View "a view of a buffer": Value::View(view) => *view;
    Object "an object": Value::Object(object) => object;
    SparseArray "an array with holes": Value::SparseArray(array) => *array;
    ErrorObject "an error": Value::Error(error) => *error;
}

#[cfg(test)]
mod tests;
