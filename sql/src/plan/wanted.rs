//! The order in which rows are wanted, and what for.

use crate::bound::OrderTerm;

/// An order in which rows are wanted.
#[derive(Clone, Copy)]
pub(super) enum Order<'q> {
    /// They are sorted if they do not come in it.
    Needed(&'q [OrderTerm]),
    /// Rows with the same values are wanted one behind the other, and one of them is enough; they are hashed if they
    /// do not come so.
    Together(&'q [OrderTerm]),
}

impl<'q> Order<'q> {
    /// What rows are in the order of.
    pub(super) fn terms(self) -> &'q [OrderTerm] {
        match self {
            Order::Needed(terms) | Order::Together(terms) => terms,
        }
    }
}
