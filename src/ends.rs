//! [`Ends`]: a range of typed keys as a range of bytes.

use std::ops::{Bound, RangeBounds};

use duramen_engine::KeyRange;

use crate::key::TreeKey;
use crate::scratch::Scratch;

/// The two ends of a range of keys, in the bytes of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    pub(crate) start: Bound<Vec<u8>>,
    pub(crate) end: Bound<Vec<u8>>,
}

impl Ends {
    pub(crate) fn of<'k, K: TreeKey>(range: &impl RangeBounds<K::Given<'k>>) -> Ends {
        let encoded = |key: &K::Given<'k>| K::bytes(key, &mut Scratch::new()).to_vec();
        Ends { start: range.start_bound().map(encoded), end: range.end_bound().map(encoded) }
    }

    /// All keys that start with `prefix`: up to the shortest key above all of them, if there is one.
    pub(crate) fn of_prefix(prefix: &[u8]) -> Ends {
        let above = prefix.iter().rposition(|&byte| byte < u8::MAX).map(|last| {
            let mut above = prefix[..=last].to_vec();
            above[last] += 1;
            above
        });
        Ends { start: Bound::Included(prefix.to_vec()), end: above.map_or(Bound::Unbounded, Bound::Excluded) }
    }

    pub(crate) fn borrow(&self) -> KeyRange<'_> {
        (self.start.as_ref().map(Vec::as_slice), self.end.as_ref().map(Vec::as_slice))
    }
}
