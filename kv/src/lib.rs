//! Key-value layer: structured values under string keys, on a borrowed engine transaction.
//!
//! A [`Value`] is anything that JavaScript's structured clone can copy. It is stored in the bytes that V8 writes for
//! it, so that what is stored here and what a JavaScript runtime stores can be exchanged as it is. Programs with types
//! of their own need not see values: [`to_bytes`] and [`from_bytes`] go between the stored form and any type that
//! `serde` knows.
//!
//! ```
//! use duramen_kv::{Value, from_bytes, to_bytes};
//!
//! let bytes = to_bytes(&("Ada", 36))?;
//! assert_eq!(Value::from_bytes(&bytes)?.to_json()?, r#"["Ada",36]"#);
//! assert_eq!(from_bytes::<(String, u8)>(&bytes)?, ("Ada".to_owned(), 36));
//! # Ok::<(), duramen_kv::Error>(())
//! ```
//!
//! [`Kv`] keeps values under string keys, in a read view or write transaction of the engine. Keys are UTF-8 strings in
//! the order of their bytes. [`Limits`] says how long keys and values may be, [`ListOptions`] which entries a list shows.
#![forbid(unsafe_code)]

mod error;
mod json;
mod key;
mod label;
mod list;
mod serde_de;
mod serde_ser;
mod serde_value;
mod store;
mod value;
mod wire;

pub use error::{Error, Result};
pub use key::Limits;
pub use label::Label;
pub use list::{ListOptions, ListRange, OwnedListOptions};
pub use serde_de::{from_bytes, from_value};
pub use serde_ser::{MAX_TYPED_DEPTH, to_bytes, to_value};
pub use store::{Entry, Kv, List};
pub use value::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, Found, JsString, MAX_DEPTH, Object, Primitive,
    Properties, RegExp, RegExpFlags, Sparse, SparseArray, Value, View, ViewBuffer, ViewKind,
};
