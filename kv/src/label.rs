//! [`Label`]: what ties a reference inside a value to the object it refers to.

use std::fmt;

/// Names an object inside one value, so that the same value can refer to it again; see
/// [`Value::Anchor`](crate::Value::Anchor).
///
/// Labels mean something only within one value. Decoding numbers them from 0 in the order of their anchors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub u32);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
