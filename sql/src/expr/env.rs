//! What a compiled expression sees while it runs.
//!
//! Expressions return values, not results: one that fails puts its error into the [`ErrorSlot`] and returns NULL. Who
//! runs expressions looks there once a row, before anything that came of them is used.

use std::cell::{Cell, RefCell};

use super::row::Row;
use crate::error::{Error, Result};
use crate::func::Context;
use crate::value::{Arena, Value, ValueRef};

/// What an expression sees. `'e` is the row: values live until the arena is renewed or a row moves on.
pub struct Env<'e> {
    /// The rows.
    pub scope: Scope<'e>,
    /// Room for what is made on the way.
    pub arena: &'e Arena<'e>,
    /// What is the same throughout the statement.
    pub shared: &'e Shared<'e>,
}

/// The rows of a frame, and those of the frames around it.
#[derive(Clone, Copy)]
pub struct Scope<'e> {
    /// The rows of this frame, by their places in it.
    pub rows: &'e [Row<'e>],
    /// The frame of the query around this one.
    pub outer: Option<&'e Scope<'e>>,
}

/// What is the same throughout a statement.
#[derive(Clone, Copy)]
pub struct Shared<'e> {
    /// The parameters; those past the end are NULL.
    pub parameters: &'e [Value],
    /// The constants of the plan that are no numbers.
    pub constants: &'e [Value],
    /// What functions learn.
    pub context: &'e dyn Context,
    /// Runs queries inside expressions.
    pub subqueries: &'e dyn Subqueries,
    /// The first error.
    pub error: &'e ErrorSlot,
}

/// Which query inside an expression, in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubqueryNumber(pub usize);

/// Runs queries inside expressions.
pub trait Subqueries {
    /// A column of the first row; NULL if there is none.
    fn column<'e>(&self, subquery: SubqueryNumber, column: usize, env: &Env<'e>) -> Result<ValueRef<'e>>;

    /// Whether there is a row.
    fn exists(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<bool>;

    /// Whether these values are a row; unknown if only NULL stands in the way.
    fn contains(
        &self,
        subquery: SubqueryNumber,
        values: &[ValueRef<'_>],
        env: &Env<'_>,
    ) -> Result<Option<bool>>;

    /// The first column of all rows.
    fn first_column(&self, subquery: SubqueryNumber, env: &Env<'_>) -> Result<Vec<Value>>;
}

/// Where expressions have no queries inside.
pub struct NoSubqueries;

impl NoSubqueries {
    fn none<T>() -> Result<T> {
        Err(Error::statement("no such query"))
    }
}

impl Subqueries for NoSubqueries {
    fn column<'e>(&self, _: SubqueryNumber, _: usize, _: &Env<'e>) -> Result<ValueRef<'e>> {
        NoSubqueries::none()
    }

    fn exists(&self, _: SubqueryNumber, _: &Env<'_>) -> Result<bool> {
        NoSubqueries::none()
    }

    fn contains(&self, _: SubqueryNumber, _: &[ValueRef<'_>], _: &Env<'_>) -> Result<Option<bool>> {
        NoSubqueries::none()
    }

    fn first_column(&self, _: SubqueryNumber, _: &Env<'_>) -> Result<Vec<Value>> {
        NoSubqueries::none()
    }
}

/// Keeps the first error of a row.
#[derive(Debug, Default)]
pub struct ErrorSlot {
    failed: Cell<bool>,
    error: RefCell<Option<Error>>,
}

impl ErrorSlot {
    /// Keeps an error unless there is one already.
    #[cold]
    pub fn put(&self, error: Error) {
        if !self.failed.replace(true) {
            *self.error.borrow_mut() = Some(error);
        }
    }

    /// The error, if there was one; it is gone then.
    #[inline]
    pub fn check(&self) -> Result<()> {
        if self.failed.get() { self.take() } else { Ok(()) }
    }

    #[cold]
    fn take(&self) -> Result<()> {
        self.failed.set(false);
        self.error.borrow_mut().take().map_or(Ok(()), Err)
    }
}

impl<'e> Env<'e> {
    /// Keeps the error; the value of what failed is NULL.
    #[cold]
    pub fn fail(&self, error: impl Into<Error>) -> ValueRef<'e> {
        self.shared.error.put(error.into());
        ValueRef::Null
    }

    /// The value, or NULL with the error kept.
    #[inline]
    pub fn value(&self, result: Result<ValueRef<'e>>) -> ValueRef<'e> {
        result.unwrap_or_else(|error| self.fail(error))
    }
}
