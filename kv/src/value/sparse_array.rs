//! [`Sparse`]: an array with holes, or with properties beside its elements.
//!
//! Invariant: every element's index is below the length.

use std::collections::BTreeMap;

use super::properties::Properties;

/// An array that is not simply a row of values: it has holes, named properties, or both.
///
/// ```
/// use duramen_kv::{SparseArray, Value};
///
/// // [ , "x", , , ] in JavaScript
/// let mut array = SparseArray::new(4);
/// array.set(1, Value::from("x"));
/// assert_eq!((array.get(0), array.get(1)), (None, Some(&Value::from("x"))));
/// assert_eq!(array.len(), 4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<V> {
    len: u32,
    elements: BTreeMap<u32, V>,
    /// The properties that are no elements. Keys that are array indexes do not belong here; see
    /// [`Sparse::set`].
    pub properties: Properties<V>,
}

impl<V> Sparse<V> {
    /// An array of `len` holes.
    #[must_use]
    pub fn new(len: u32) -> Sparse<V> {
        Sparse { len, elements: BTreeMap::new(), properties: Properties::new() }
    }

    /// The length, holes included.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether the length is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element at `index`, or `None` for a hole.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&V> {
        self.elements.get(&index)
    }

    /// Sets the element at `index`, growing the array if need be, and answers its former value.
    ///
    /// # Panics
    ///
    /// If `index` is `u32::MAX`, which no array reaches.
    pub fn set(&mut self, index: u32, value: V) -> Option<V> {
        let len = index.checked_add(1).expect("an array has at most 2^32 - 1 elements");
        self.len = self.len.max(len);
        self.elements.insert(index, value)
    }

    /// Makes a hole at `index` and answers the value that was there.
    pub fn unset(&mut self, index: u32) -> Option<V> {
        self.elements.remove(&index)
    }

    /// The elements that are not holes, in order of their indexes.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = (u32, &V)> {
        self.elements.iter().map(|(&index, value)| (index, value))
    }

    /// Whether the array is a row of values without holes and properties, as [`Value::Array`](super::Value::Array) holds it.
    pub(crate) fn is_plain(&self) -> bool {
        self.properties.is_empty() && usize::try_from(self.len) == Ok(self.elements.len())
    }

    /// The elements without their indexes.
    pub(crate) fn into_elements(self) -> Vec<V> {
        self.elements.into_values().collect()
    }
}
