//! Key-value layer: structured values under string keys, on a borrowed engine transaction.
#![forbid(unsafe_code)]

mod error;
mod json;
mod label;
mod serde_de;
mod serde_ser;
mod serde_value;
mod value;
mod wire;

pub use error::{Error, Result};
pub use label::Label;
pub use serde_de::{from_bytes, from_value};
pub use serde_ser::{MAX_TYPED_DEPTH, to_bytes, to_value};
pub use value::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, Found, JsString, MAX_DEPTH, Object, Primitive, RegExp,
    RegExpFlags, SparseArray, Value, View, ViewBuffer, ViewKind,
};
