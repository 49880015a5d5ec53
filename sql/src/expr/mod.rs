//! Expressions.

pub mod pattern;
