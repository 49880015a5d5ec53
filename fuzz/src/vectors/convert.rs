//! What JavaScript values become at the border to storage: text, numbers, SQL parameters, stored values.

use std::borrow::Cow;

use duramen_kv::{
    ArrayBuffer, Date, ErrorKind, ErrorObject, JsString, Label, Properties, SparseArray, Value, View,
    ViewKind,
};
use duramen_sql::Value as SqlValue;

use super::js::Js;
use super::number;
use super::thrown::Thrown;

/// What `String(value)` gives.
///
/// # Errors
/// For a symbol.
pub fn to_text(value: &Js) -> Result<JsString, Thrown> {
    Ok(match value {
        Js::Undefined => "undefined".into(),
        Js::Null => "null".into(),
        Js::Bool(truth) => truth.to_string().into(),
        Js::Number(number) => number::to_text(*number).into(),
        Js::BigInt(integer) => integer.to_string().into(),
        Js::String(text) => text.clone(),
        Js::Symbol => return Err(Thrown::type_error("Cannot convert a Symbol value to a string")),
        Js::Function => "() => 1".into(),
        Js::Date(date) => date_text(*date).into(),
        Js::RegExp(regexp) => format!("/{}/{}", regexp.source.to_str_lossy(), regexp.flags).into(),
        Js::Error(name, message) if message.is_empty() => name.as_str().into(),
        Js::Error(name, message) => format!("{name}: {message}").into(),
        Js::Buffer(_) => "[object ArrayBuffer]".into(),
        Js::View(ViewKind::DataView, _) => "[object DataView]".into(),
        Js::View(kind, bytes) => elements_text(*kind, bytes).into(),
        Js::Array(members) => joined(members)?,
        Js::Object(_) => "[object Object]".into(),
        Js::Map(_) => "[object Map]".into(),
        Js::Set(_) => "[object Set]".into(),
        // An array that contains itself joins to nothing there.
        Js::Up(_) => "".into(),
    })
}

/// Text as UTF-8 where keys and names are wanted: each unit of a lone surrogate becomes three replacement characters, one
/// for each byte that it would take.
#[must_use]
pub fn to_utf8(text: &JsString) -> String {
    match text.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(&to_wtf8(text)).into_owned(),
    }
}

/// Text as bytes, in which a lone surrogate takes three.
fn to_wtf8(text: &JsString) -> Cow<'_, [u8]> {
    if let Some(text) = text.as_str() {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::new();
    for unit in char::decode_utf16(text.to_utf16()) {
        match unit {
            Ok(char) => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                let middle = 0x80 | (high & 0x0f) << 2 | low >> 6;
                bytes.extend([0xe0 | high >> 4, middle, 0x80 | low & 0x3f]);
            }
        }
    }
    Cow::Owned(bytes)
}

fn joined(members: &[Option<Js>]) -> Result<JsString, Thrown> {
    let mut units = Vec::new();
    for (place, member) in members.iter().enumerate() {
        if place > 0 {
            units.push(u16::from(b','));
        }
        match member {
            None | Some(Js::Undefined | Js::Null) => {}
            Some(member) => units.extend(to_text(member)?.to_utf16()),
        }
    }
    Ok(JsString::from_utf16(&units))
}

fn elements_text(kind: ViewKind, bytes: &[u8]) -> String {
    let size = usize::try_from(kind.element_size()).unwrap_or(1);
    let element = |bytes: &[u8]| {
        bytes.iter().rev().fold(0u64, |element, &byte| element << 8 | u64::from(byte)).to_string()
    };
    bytes.chunks_exact(size).map(element).collect::<Vec<String>>().join(",")
}

/// As `Date.prototype.toString` writes it where the local time is UTC.
fn date_text(date: Date) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(ms) = date.ms() else { return "Invalid Date".into() };
    let iso = date.to_string();
    let (day, time) = iso.split_once('T').unwrap_or((&iso, ""));
    let (year_and_month, day) = day.rsplit_once('-').unwrap_or((day, ""));
    let (year, month) = year_and_month.rsplit_once('-').unwrap_or((year_and_month, ""));
    let named = |names: &[&'static str], place: i64| {
        usize::try_from(place).ok().and_then(|place| names.get(place).copied()).unwrap_or_default()
    };
    let weekday = named(&DAYS, ms.div_euclid(86_400_000).rem_euclid(7));
    let month = named(&MONTHS, month.parse::<i64>().unwrap_or(0) - 1);
    let time = time.split('.').next().unwrap_or_default();
    format!("{weekday} {month} {day} {year} {time} GMT+0000 (Coordinated Universal Time)")
}

/// What `Number(value)` gives.
///
/// # Errors
/// For a symbol and a bigint.
pub fn to_number(value: &Js) -> Result<f64, Thrown> {
    Ok(match value {
        Js::Undefined => f64::NAN,
        Js::Null => 0.0,
        Js::Bool(truth) => f64::from(u8::from(*truth)),
        Js::Number(number) => *number,
        Js::BigInt(_) => return Err(Thrown::type_error("Cannot convert a BigInt value to a number")),
        Js::Symbol => return Err(Thrown::type_error("Cannot convert a Symbol value to a number")),
        Js::Date(date) => date.time_value(),
        other => number::from_text(&to_text(other)?.to_str_lossy()),
    })
}

/// The parameter that a value is bound as.
///
/// # Errors
/// For a symbol and a bigint.
pub fn to_sql(value: &Js) -> Result<SqlValue, Thrown> {
    Ok(match value {
        Js::Undefined | Js::Null => SqlValue::Null,
        Js::Number(number) => SqlValue::real(*number),
        Js::BigInt(_) => SqlValue::real(to_number(value)?),
        Js::Buffer(bytes) | Js::View(_, bytes) => SqlValue::Blob(bytes.as_slice().into()),
        other => SqlValue::Text(to_wtf8(&to_text(other)?).into()),
    })
}

/// The value as structured clone copies it.
///
/// # Errors
/// For functions and symbols, also inside of others.
pub fn to_stored(value: &Js) -> Result<Value, Thrown> {
    Cloning::default().value(value)
}

/// The values around the one that is copied: the label of each, and whether it was referred to.
#[derive(Default)]
struct Cloning {
    around: Vec<(Label, bool)>,
    labels: u32,
}

impl Cloning {
    fn value(&mut self, value: &Js) -> Result<Value, Thrown> {
        Ok(match value {
            Js::Undefined => Value::Undefined,
            Js::Null => Value::Null,
            Js::Bool(truth) => Value::Bool(*truth),
            Js::Number(number) => Value::Number(*number),
            Js::BigInt(integer) => Value::BigInt(integer.clone()),
            Js::String(text) => Value::String(text.clone()),
            Js::Symbol => return Err(Thrown::not_cloned("Symbol(s)")),
            Js::Function => return Err(Thrown::not_cloned("() => 1")),
            Js::Date(date) => Value::Date(*date),
            Js::RegExp(regexp) => Value::RegExp(Box::new(regexp.clone())),
            Js::Error(name, message) => {
                let kind = ErrorKind::from_name(name).unwrap_or_default();
                Value::Error(Box::new(ErrorObject::new(kind, message.as_str())))
            }
            Js::Buffer(bytes) => Value::ArrayBuffer(ArrayBuffer::from(bytes.as_slice())),
            Js::View(kind, bytes) => Value::View(Box::new(View::new(*kind, bytes.as_slice()))),
            Js::Up(levels) => self.reference(*levels),
            Js::Array(_) | Js::Object(_) | Js::Map(_) | Js::Set(_) => self.container(value)?,
        })
    }

    /// A value that may be referred to from inside.
    fn container(&mut self, value: &Js) -> Result<Value, Thrown> {
        let label = Label(self.labels);
        self.labels += 1;
        self.around.push((label, false));
        let copy = match value {
            Js::Array(members) => self.array(members)?,
            Js::Object(properties) => {
                let copies: Result<Properties<Value>, Thrown> =
                    properties.iter().map(|(key, value)| Ok((key.clone(), self.value(value)?))).collect();
                Value::Object(copies?)
            }
            Js::Map(entries) => {
                let copies: Result<_, Thrown> =
                    entries.iter().map(|(key, value)| Ok((self.value(key)?, self.value(value)?))).collect();
                Value::Map(copies?)
            }
            Js::Set(members) => {
                Value::Set(members.iter().map(|member| self.value(member)).collect::<Result<_, _>>()?)
            }
            other => self.value(other)?,
        };
        let is_used = self.around.pop().is_some_and(|(_, is_used)| is_used);
        Ok(if is_used { Value::Anchor(label, Box::new(copy)) } else { copy })
    }

    fn array(&mut self, members: &[Option<Js>]) -> Result<Value, Thrown> {
        if members.iter().all(Option::is_some) {
            let members = members.iter().flatten().map(|member| self.value(member));
            return Ok(Value::Array(members.collect::<Result<_, _>>()?));
        }
        let mut array = SparseArray::new(u32::try_from(members.len()).unwrap_or(u32::MAX));
        for (index, member) in (0u32..).zip(members) {
            if let Some(member) = member {
                array.set(index, self.value(member)?);
            }
        }
        Ok(Value::SparseArray(Box::new(array)))
    }

    fn reference(&mut self, levels: usize) -> Value {
        let place = self.around.len().checked_sub(levels);
        match place.and_then(|place| self.around.get_mut(place)) {
            Some((label, is_used)) => {
                *is_used = true;
                Value::Ref(*label)
            }
            None => Value::Undefined,
        }
    }
}

#[cfg(test)]
mod tests;
