//! How large expressions are. Names stand for whole expressions (columns of views, generated columns, aliases), so a
//! short text can mean a tree that no stack and no memory holds.

use super::query::Expr;
use super::walk::visit;

/// The size of an expression, queries in it included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many parts it has.
    pub parts: usize,
    /// How many of them are around each other at most.
    pub height: usize,
}

impl Size {
    /// That of an expression.
    #[must_use]
    pub fn of(expr: &Expr) -> Size {
        let mut size = Size { parts: 1, height: 1 };
        visit(expr, &mut |part| {
            if std::ptr::eq(part, expr) {
                return true;
            }
            let inner = Size::of(part);
            size.parts = size.parts.saturating_add(inner.parts);
            size.height = size.height.max(inner.height + 1);
            false
        });
        size
    }

    /// Whether it is no larger than this.
    #[must_use]
    pub fn fits(self, most: Size) -> bool {
        self.parts <= most.parts && self.height <= most.height
    }
}
