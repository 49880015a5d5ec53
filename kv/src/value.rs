//! [`Value`]: everything structured clone can copy, as a tree.
//!
//! A JavaScript value is a graph: an object may appear in it twice, or contain itself. Here it is a tree in which the
//! first appearance of such an object stands in a [`Value::Anchor`] and each later one is a [`Value::Ref`], as with
//! the anchors and aliases of YAML. Values without sharing, nearly all there are, contain neither.

mod big_int;
mod buffer;
mod date;
mod error_kind;
mod js_string;
mod properties;
mod reg_exp;
mod sparse_array;

pub use big_int::BigInt;
pub use buffer::{ArrayBuffer, View, ViewBuffer, ViewKind};
pub use date::Date;
pub use error_kind::ErrorKind;
pub(crate) use js_string::JsStr;
pub use js_string::JsString;
pub use properties::Properties;
pub use reg_exp::{RegExp, RegExpFlags};
pub use sparse_array::Sparse;

use crate::label::Label;

/// The deepest nesting of a value that is stored and read.
pub const MAX_DEPTH: usize = 1000;

/// A value as JavaScript's structured clone knows it: what can be stored under a key.
///
/// ```
/// use duramen_kv::{Object, Value};
///
/// let value = Value::from(Object::from([
///     ("name", Value::from("Ada")),
///     ("tags", Value::from(vec![Value::from("math"), Value::Null])),
/// ]));
/// let bytes = value.to_bytes()?;
/// assert_eq!(Value::from_bytes(&bytes)?, value);
/// assert_eq!(value.as_object().unwrap().get("name").unwrap().as_str(), Some("Ada"));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
///
/// An object that appears twice is anchored where it appears first, and referred to afterwards; an object that
/// contains itself is referred to inside:
///
/// ```
/// use duramen_kv::{Label, Object, Value};
///
/// // let o = {}; o.self = o;
/// let object = Object::from([("self", Value::Ref(Label(0)))]);
/// let cycle = Value::Anchor(Label(0), Box::new(Value::Object(object)));
/// assert_eq!(Value::from_bytes(&cycle.to_bytes()?)?, cycle);
/// # Ok::<(), duramen_kv::Error>(())
/// ```
///
/// Equality is that of the parts in their order; NaN differs from itself, as in `f64`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `undefined`
    #[default]
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; JavaScript has only this one kind.
    Number(f64),
    /// An integer of any size.
    BigInt(BigInt),
    /// A string.
    String(JsString),
    /// A `Date`.
    Date(Date),
    /// A `RegExp`.
    RegExp(Box<RegExp>),
    /// An `ArrayBuffer`: bytes.
    ArrayBuffer(ArrayBuffer),
    /// A typed array or `DataView`.
    View(Box<View>),
    /// An array without holes and without properties of its own beside the elements.
    Array(Vec<Value>),
    /// Any other array.
    SparseArray(Box<SparseArray>),
    /// A plain object.
    Object(Object),
    /// A `Map`: entries in insertion order. Keys should differ; later ones win in JavaScript.
    Map(Vec<(Value, Value)>),
    /// A `Set`: members in insertion order. They should differ.
    Set(Vec<Value>),
    /// An `Error`.
    Error(Box<ErrorObject>),
    /// A primitive in an object, such as `Object(1)` or `new String("s")`.
    Boxed(Box<Primitive>),
    /// The object inside is referred to again, by this label, inside itself or later in the value.
    Anchor(Label, Box<Value>),
    /// The object in the anchor of this label, once more: the same one, not a copy.
    Ref(Label),
}

/// A primitive that an object can wrap.
#[derive(Clone, Debug, PartialEq)]
pub enum Primitive {
    /// `Object(true)`, `Object(false)`
    Bool(bool),
    /// `Object(1)`
    Number(f64),
    /// `Object(1n)`
    BigInt(BigInt),
    /// `Object("s")`
    String(JsString),
}

impl Primitive {
    /// The primitive on its own.
    #[must_use]
    pub fn into_unboxed(self) -> Value {
        match self {
            Primitive::Bool(value) => Value::Bool(value),
            Primitive::Number(value) => Value::Number(value),
            Primitive::BigInt(value) => Value::BigInt(value),
            Primitive::String(value) => Value::String(value),
        }
    }
}

/// A JavaScript error as structured clone keeps it: its built-in kind and four properties.
///
/// Names other than the built-in ones, and further properties, are not kept by the format. Where workerd stores them in
/// a form of its own, they are read over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorObject {
    /// Which built-in error it is.
    pub kind: ErrorKind,
    /// The message, if the error has one of its own.
    pub message: Option<JsString>,
    /// The text of the stack at the place where the error was made.
    pub stack: Option<JsString>,
    /// The error or other value that caused it.
    pub cause: Option<Value>,
}

impl ErrorObject {
    /// An error of this kind and message, without stack and cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<JsString>) -> ErrorObject {
        ErrorObject { kind, message: Some(message.into()), ..ErrorObject::default() }
    }
}

/// The properties of a plain object.
pub type Object = Properties<Value>;

/// An array with holes, or with properties beside its elements.
pub type SparseArray = Sparse<Value>;

// Values are moved around in large numbers.
const _: () = assert!(size_of::<Value>() <= 32);

impl Value {
    /// The value, with an anchor around it taken off.
    #[must_use]
    pub fn inner(&self) -> &Value {
        match self {
            Value::Anchor(_, inner) => inner,
            value => value,
        }
    }

    /// The text of a string without lone surrogates.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(string) => string.as_str(),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number, from a number or a bigint that is exactly one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => exact_i64(*number),
            Value::BigInt(big) => big.to_i64(),
            _ => None,
        }
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The properties of a plain object, also of an anchored one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self.inner() {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements of an array without holes, also of an anchored one.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self.inner() {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The bytes of a buffer or of a view with its own buffer, also of an anchored one.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.inner() {
            Value::ArrayBuffer(buffer) => Some(&buffer.bytes),
            Value::View(view) => view.bytes(),
            _ => None,
        }
    }

    /// Whether the value is `null` or `undefined`.
    #[must_use]
    pub fn is_nullish(&self) -> bool {
        matches!(self, Value::Null | Value::Undefined)
    }

    /// What a [`Value::Ref`] or [`ViewBuffer::Ref`] of this label stands for, looked up in the whole value. A buffer
    /// that only a view holds is found too.
    #[must_use]
    pub fn find(&self, label: Label) -> Option<Found<'_>> {
        let mut open = vec![self];
        while let Some(value) = open.pop() {
            match value {
                Value::Anchor(anchor, inner) if *anchor == label => return Some(Found::Value(inner)),
                Value::Anchor(_, inner) => open.push(inner),
                Value::View(view) => match &view.buffer {
                    ViewBuffer::Anchored(anchor, buffer) if *anchor == label => {
                        return Some(Found::Buffer(buffer));
                    }
                    _ => {}
                },
                Value::Array(members) | Value::Set(members) => open.extend(members),
                Value::SparseArray(array) => {
                    open.extend(array.elements().map(|(_, value)| value));
                    open.extend(array.properties.iter().map(|(_, value)| value));
                }
                Value::Object(object) => open.extend(object.iter().map(|(_, value)| value)),
                Value::Map(entries) => open.extend(entries.iter().flat_map(|(key, value)| [key, value])),
                Value::Error(error) => open.extend(&error.cause),
                _ => {}
            }
        }
        None
    }
}

/// What a label stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'a> {
    /// The value in the anchor.
    Value(&'a Value),
    /// The buffer of a view.
    Buffer(&'a ArrayBuffer),
}

/// The largest integer up to which a number stands for no other integer: JavaScript's `Number.MAX_SAFE_INTEGER`.
pub(crate) const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The number as an integer, if it is one and at most [`MAX_SAFE_INTEGER`] away from 0. Minus zero gives 0.
pub(crate) fn exact_i64(number: f64) -> Option<i64> {
    const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
    if number.trunc() == number && number.abs() < TWO_TO_53 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        return Some(number as i64);
    }
    None
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Number(f64::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Number(f64::from(value))
    }
}

impl From<BigInt> for Value {
    fn from(value: BigInt) -> Value {
        Value::BigInt(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::String(value.into())
    }
}

impl From<JsString> for Value {
    fn from(value: JsString) -> Value {
        Value::String(value)
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Value {
        Value::Date(value)
    }
}

impl From<RegExp> for Value {
    fn from(value: RegExp) -> Value {
        Value::RegExp(Box::new(value))
    }
}

impl From<ArrayBuffer> for Value {
    fn from(value: ArrayBuffer) -> Value {
        Value::ArrayBuffer(value)
    }
}

impl From<View> for Value {
    fn from(value: View) -> Value {
        Value::View(Box::new(value))
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Value {
        Value::Array(value)
    }
}

impl From<SparseArray> for Value {
    fn from(value: SparseArray) -> Value {
        Value::SparseArray(Box::new(value))
    }
}

impl From<Object> for Value {
    fn from(value: Object) -> Value {
        Value::Object(value)
    }
}

impl From<ErrorObject> for Value {
    fn from(value: ErrorObject) -> Value {
        Value::Error(Box::new(value))
    }
}

/// The primitive in its object: `Object(value)`.
impl From<Primitive> for Value {
    fn from(value: Primitive) -> Value {
        Value::Boxed(Box::new(value))
    }
}

/// `None` becomes `null`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests;
