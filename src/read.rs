//! Keys and values out of the bytes of a tree; the error where the bytes are not of the type.

use std::any::type_name;

use duramen_engine::TreeId;

use crate::error::{Error, Part, Result};
use crate::key::TreeKey;
use crate::value::TreeValue;

/// The key in these bytes.
pub(crate) fn key<K: TreeKey>(tree: TreeId, key: &[u8]) -> Result<K::Owned> {
    K::decode(key).ok_or_else(|| wrong_type(tree, key, Part::Key, type_name::<K>()))
}

/// The value in these bytes, found at `key`.
pub(crate) fn value<'v, V: TreeValue>(tree: TreeId, key: &[u8], value: &'v [u8]) -> Result<V::Given<'v>> {
    V::decode(value).ok_or_else(|| wrong_type(tree, key, Part::Value, type_name::<V>()))
}

#[cold]
fn wrong_type(tree: TreeId, key: &[u8], part: Part, wanted: &'static str) -> Error {
    Error::WrongType { tree, part, wanted, key: key.to_vec() }
}
