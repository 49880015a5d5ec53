//! Values: SQLite's five storage classes and the rules for converting, comparing and calculating with them.
//!
//! A file imports only from those listed above it.

mod class;

mod arena;

mod collation;

pub(crate) mod decimal;

pub(crate) mod utf8;

pub(crate) mod numeric;

mod affinity;

mod arithmetic;
mod cast;
mod compare;

pub use affinity::Affinity;
pub use arena::{Arena, ArenaBuffer};
pub use arithmetic::{
    add, bit_and, bit_not, bit_or, divide, multiply, negate, remainder, shift_left, shift_right, subtract,
};
pub use cast::cast;
pub use class::{Class, Value, ValueRef};
pub use collation::{Collate, Collation, OwnCollation};
pub use compare::{compare, compare_integer_to_real, compare_with_affinity};
pub use numeric::{Number, NumberText, integer_text, integer_to_real, real_text, real_to_integer};
