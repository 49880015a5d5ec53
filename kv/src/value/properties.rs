//! [`Properties`]: string keys and values in insertion order.
//!
//! Small objects, nearly all there are, are searched from the front. Above [`SCAN_LIMIT`] entries an index by hash
//! stands beside them, so that building and reading a large object stays linear.
//!
//! Invariants: 1. no key appears twice; 2. an index holds the position of every entry and nothing else.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::js_string::{JsStr, JsString};

/// The largest number of entries that are searched one by one.
const SCAN_LIMIT: usize = 16;

/// The properties of a plain object: string keys and their values, in the order they were inserted.
///
/// JavaScript itself lists keys that are array indexes (`"0"`, `"17"`) first and in numeric order; an object that
/// passes through it comes back in that order.
///
/// ```
/// use duramen_kv::{Object, Value};
///
/// let mut object = Object::new();
/// object.insert("name", Value::from("Ada"));
/// object.insert("age", Value::from(36));
/// assert_eq!(object.get("age"), Some(&Value::Number(36.0)));
/// assert_eq!(object.keys().map(|key| key.as_str().unwrap()).collect::<Vec<_>>(), ["name", "age"]);
/// ```
#[derive(Clone)]
pub struct Properties<V>(Form<V>);

#[derive(Clone)]
enum Form<V> {
    Small(Vec<(JsString, V)>),
    Indexed(Box<Indexed<V>>),
}

#[derive(Clone)]
struct Indexed<V> {
    entries: Vec<(JsString, V)>,
    positions: HashTable<usize>,
    hasher: RandomState,
}

impl<V> Default for Form<V> {
    fn default() -> Form<V> {
        Form::Small(Vec::new())
    }
}

impl<V> Default for Properties<V> {
    fn default() -> Properties<V> {
        Properties(Form::default())
    }
}

impl<V> Properties<V> {
    /// An object without properties.
    #[must_use]
    pub fn new() -> Properties<V> {
        Properties::default()
    }

    /// The number of properties.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are no properties.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        let position = self.find(JsStr::Text(key))?;
        Some(&self.entries()[position].1)
    }

    /// The value of a property, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let position = self.find(JsStr::Text(key))?;
        Some(&mut self.entries_mut()[position].1)
    }

    /// Sets a property and answers its former value. A new one goes last; one that existed keeps its place.
    pub fn insert(&mut self, key: impl Into<JsString>, value: V) -> Option<V> {
        let key = key.into();
        if let Some(position) = self.find(key.borrow()) {
            return Some(std::mem::replace(&mut self.entries_mut()[position].1, value));
        }
        match &mut self.0 {
            Form::Small(entries) => {
                entries.push((key, value));
                if entries.len() > SCAN_LIMIT {
                    self.0 = Form::Indexed(Box::new(Indexed::new(std::mem::take(entries))));
                }
            }
            Form::Indexed(indexed) => indexed.push(key, value),
        }
        None
    }

    /// Removes a property and answers its value; the order of the others stays. Takes time linear in their number.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let position = self.find(JsStr::Text(key))?;
        let mut entries = std::mem::take(self).into_entries();
        let (_, value) = entries.remove(position);
        *self = Properties::of_distinct(entries);
        Some(value)
    }

    /// The properties in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (JsString, V)> {
        self.entries().iter()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &JsString> {
        self.iter().map(|(key, _)| key)
    }

    /// The object of these entries, or the key that appears twice.
    pub(crate) fn from_entries(entries: Vec<(JsString, V)>) -> Result<Properties<V>, JsString> {
        if entries.len() <= SCAN_LIMIT {
            for (position, (key, _)) in entries.iter().enumerate() {
                if entries[..position].iter().any(|(earlier, _)| earlier == key) {
                    return Err(key.clone());
                }
            }
            return Ok(Properties(Form::Small(entries)));
        }
        let mut indexed = Indexed::with_capacity(entries.len());
        for (key, value) in entries {
            if indexed.find(key.borrow()).is_some() {
                return Err(key);
            }
            indexed.push(key, value);
        }
        Ok(Properties(Form::Indexed(Box::new(indexed))))
    }

    fn of_distinct(entries: Vec<(JsString, V)>) -> Properties<V> {
        if entries.len() <= SCAN_LIMIT {
            Properties(Form::Small(entries))
        } else {
            Properties(Form::Indexed(Box::new(Indexed::new(entries))))
        }
    }

    fn find(&self, key: JsStr<'_>) -> Option<usize> {
        match &self.0 {
            Form::Small(entries) => entries.iter().position(|(other, _)| other.borrow() == key),
            Form::Indexed(indexed) => indexed.find(key),
        }
    }

    fn entries(&self) -> &[(JsString, V)] {
        match &self.0 {
            Form::Small(entries) => entries,
            Form::Indexed(indexed) => &indexed.entries,
        }
    }

    /// The entries; only their values may be changed.
    fn entries_mut(&mut self) -> &mut [(JsString, V)] {
        match &mut self.0 {
            Form::Small(entries) => entries,
            Form::Indexed(indexed) => &mut indexed.entries,
        }
    }

    fn into_entries(self) -> Vec<(JsString, V)> {
        match self.0 {
            Form::Small(entries) => entries,
            Form::Indexed(indexed) => indexed.entries,
        }
    }
}

impl<V> Indexed<V> {
    fn with_capacity(capacity: usize) -> Indexed<V> {
        Indexed {
            entries: Vec::with_capacity(capacity),
            positions: HashTable::with_capacity(capacity),
            hasher: RandomState::default(),
        }
    }

    /// Indexes entries whose keys are known to differ.
    fn new(entries: Vec<(JsString, V)>) -> Indexed<V> {
        let mut indexed = Indexed::with_capacity(entries.len());
        for (key, value) in entries {
            indexed.push(key, value);
        }
        indexed
    }

    fn find(&self, key: JsStr<'_>) -> Option<usize> {
        let hash = hash_key(&self.hasher, key);
        self.positions.find(hash, |&position| self.entries[position].0.borrow() == key).copied()
    }

    /// Appends a property whose key is known to be new.
    fn push(&mut self, key: JsString, value: V) {
        let Indexed { entries, positions, hasher } = self;
        let hash = hash_key(hasher, key.borrow());
        let position = entries.len();
        entries.push((key, value));
        positions.insert_unique(hash, position, |&other| hash_key(hasher, entries[other].0.borrow()));
    }
}

fn hash_key(hasher: &RandomState, key: JsStr<'_>) -> u64 {
    let mut state = hasher.build_hasher();
    match key {
        JsStr::Text(text) => text.hash(&mut state),
        JsStr::Units(units) => units.hash(&mut state),
    }
    state.finish()
}

/// Two objects are equal if they have the same properties in the same order.
impl<V: PartialEq> PartialEq for Properties<V> {
    fn eq(&self, other: &Properties<V>) -> bool {
        self.entries() == other.entries()
    }
}

impl<V: fmt::Debug> fmt::Debug for Properties<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key, value))).finish()
    }
}

impl<V, K: Into<JsString>> Extend<(K, V)> for Properties<V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, properties: I) {
        for (key, value) in properties {
            self.insert(key, value);
        }
    }
}

impl<V, K: Into<JsString>> FromIterator<(K, V)> for Properties<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(properties: I) -> Properties<V> {
        let mut object = Properties::new();
        object.extend(properties);
        object
    }
}

impl<V, K: Into<JsString>, const N: usize> From<[(K, V); N]> for Properties<V> {
    fn from(properties: [(K, V); N]) -> Properties<V> {
        properties.into_iter().collect()
    }
}

impl<V> IntoIterator for Properties<V> {
    type Item = (JsString, V);
    type IntoIter = std::vec::IntoIter<(JsString, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_entries().into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Properties<V> {
    type Item = &'a (JsString, V);
    type IntoIter = std::slice::Iter<'a, (JsString, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests;
