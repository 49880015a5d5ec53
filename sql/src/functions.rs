//! Functions that a program defines: from values to a value, and over rows.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::from_sql::{FromSql, FromSqlError};
use crate::func::{Arity, Body, Call, Function, HostAggregate, HostScalar, Volatility};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    values: &'a [ValueRef<'a>],
}

impl<'a> Arguments<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// An argument by its place, from 0, as a type of the program.
    ///
    /// # Errors
    /// If there is no such argument, or it cannot be read as this type.
    pub fn get<T: FromSql>(&self, place: usize) -> Result<T> {
        let value = self.get_ref(place)?;
        T::column_result(value).map_err(|error| match error {
            FromSqlError::InvalidType => Error::InvalidColumnType(place, "argument".into(), value.class()),
            error => Error::FromSqlConversionFailure(place, value.class(), Arc::new(error)),
        })
    }

    /// An argument by its place, from 0, borrowed.
    ///
    /// # Errors
    /// If there is no such argument.
    pub fn get_ref(&self, place: usize) -> Result<ValueRef<'a>> {
        self.values.get(place).copied().ok_or(Error::InvalidColumnIndex(place))
    }
}

/// A function over rows that a program defines. `A` is the state over some rows, `T` the result.
pub trait AggregateFunction<A, T: ToSql>: Send + Sync {
    /// The state before any row.
    ///
    /// # Errors
    /// Whatever the function refuses; so for all methods.
    fn init(&self) -> Result<A>;

    /// Takes a row in.
    fn step(&self, arguments: Arguments<'_>, state: &mut A) -> Result<()>;

    /// The result over the rows taken in; `None` if there were none.
    fn finalize(&self, state: Option<A>) -> Result<T>;
}

/// A function over rows that can be used with `OVER`.
pub trait WindowFunction<A, T: ToSql>: AggregateFunction<A, T> {
    /// The result over the rows that are in the window now.
    ///
    /// # Errors
    /// Whatever the function refuses.
    fn value(&self, state: Option<&mut A>) -> Result<T>;

    /// Lets the oldest row of the window go.
    ///
    /// # Errors
    /// Whatever the function refuses.
    fn inverse(&self, arguments: Arguments<'_>, state: &mut A) -> Result<()>;
}

struct Scalar<F, T> {
    function: F,
    result: PhantomData<fn() -> T>,
}

impl<F, T> HostScalar for Scalar<F, T>
where
    F: Fn(Arguments<'_>) -> Result<T> + Send + Sync,
    T: ToSql,
{
    fn call<'a>(&self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>> {
        let result = (self.function)(Arguments { values: args })?;
        let output = result.to_sql()?;
        let value = match &output {
            ToSqlOutput::Borrowed(value) => *value,
            ToSqlOutput::Owned(value) => value.as_ref(),
        };
        Ok(match value {
            ValueRef::Null => ValueRef::Null,
            ValueRef::Integer(integer) => ValueRef::Integer(integer),
            ValueRef::Real(real) => ValueRef::real(real),
            ValueRef::Text(text) => ValueRef::Text(call.arena.copy(text)),
            ValueRef::Blob(blob) => ValueRef::Blob(call.arena.copy(blob)),
        })
    }
}

/// The state of an aggregate while it runs.
struct OverRows<D, A, T> {
    definition: Arc<D>,
    state: Option<A>,
    result: PhantomData<fn() -> T>,
}

impl<D: AggregateFunction<A, T>, A, T: ToSql> OverRows<D, A, T> {
    fn new(definition: Arc<D>) -> Self {
        OverRows { definition, state: None, result: PhantomData }
    }

    fn take_in(&mut self, args: &[ValueRef<'_>]) -> Result<()> {
        let state = match &mut self.state {
            Some(state) => state,
            state => state.insert(self.definition.init()?),
        };
        self.definition.step(Arguments { values: args }, state)
    }
}

/// An aggregate that cannot be used with `OVER`.
struct Grouped<D, A, T>(OverRows<D, A, T>);

impl<D: AggregateFunction<A, T>, A: Send, T: ToSql> HostAggregate for Grouped<D, A, T> {
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<()> {
        self.0.take_in(args)
    }

    fn inverse(&mut self, _args: &[ValueRef<'_>]) -> Result<()> {
        Err(Error::Evaluation("the function cannot be used with OVER".into()))
    }

    fn value(&mut self) -> Result<Value> {
        let state = self.0.state.take();
        Ok(self.0.definition.finalize(state)?.to_sql()?.into_value())
    }
}

/// An aggregate that can.
struct Windowed<D, A, T>(OverRows<D, A, T>);

impl<D: WindowFunction<A, T>, A: Send, T: ToSql> HostAggregate for Windowed<D, A, T> {
    fn step(&mut self, args: &[ValueRef<'_>]) -> Result<()> {
        self.0.take_in(args)
    }

    fn inverse(&mut self, args: &[ValueRef<'_>]) -> Result<()> {
        match &mut self.0.state {
            Some(state) => self.0.definition.inverse(Arguments { values: args }, state),
            None => Ok(()),
        }
    }

    fn value(&mut self) -> Result<Value> {
        Ok(self.0.definition.value(self.0.state.as_mut())?.to_sql()?.into_value())
    }
}

/// A function over rows; `state` makes what it keeps while it runs.
fn over_rows<D: Send + Sync + 'static>(
    definition: D,
    is_window: bool,
    state: fn(Arc<D>) -> Box<dyn HostAggregate>,
) -> Body {
    let definition = Arc::new(definition);
    Body::HostAggregate { start: Arc::new(move || state(definition.clone())), is_window }
}

impl Connection {
    fn add_function(&self, name: &str, arity: Arity, volatility: Volatility, body: Body) -> Result<()> {
        let name = Cow::Owned(name.to_string());
        self.with_functions(|functions| {
            functions.add(Function { name, arity, volatility, uses_collation: false, body });
        })
    }

    /// Adds a function from values to a value; one of the same name and number of arguments is replaced.
    ///
    /// It must not use this connection: such a call is refused with [`Error::Reentrant`].
    ///
    /// ```
    /// use duramen_sql::func::{Arity, Volatility};
    ///
    /// let connection = duramen_sql::Connection::open_in_memory()?;
    /// connection.create_scalar_function("halve", Arity::Exactly(1), Volatility::Pure, |arguments| {
    ///     Ok(arguments.get::<f64>(0)? / 2.0)
    /// })?;
    /// let half: f64 = connection.query_row("SELECT halve(3)", (), |row| row.get(0))?;
    /// assert_eq!(half, 1.5);
    /// # Ok::<(), duramen_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn create_scalar_function<F, T>(
        &self,
        name: &str,
        arity: Arity,
        volatility: Volatility,
        function: F,
    ) -> Result<()>
    where
        F: Fn(Arguments<'_>) -> Result<T> + Send + Sync + 'static,
        T: ToSql + 'static,
    {
        let body = Body::HostScalar(Arc::new(Scalar { function, result: PhantomData }));
        self.add_function(name, arity, volatility, body)
    }

    /// Adds a function over rows.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn create_aggregate_function<D, A, T>(
        &self,
        name: &str,
        arity: Arity,
        volatility: Volatility,
        definition: D,
    ) -> Result<()>
    where
        D: AggregateFunction<A, T> + 'static,
        A: Send + 'static,
        T: ToSql + 'static,
    {
        let body = over_rows(definition, false, |definition| Box::new(Grouped(OverRows::new(definition))));
        self.add_function(name, arity, volatility, body)
    }

    /// Adds a function over rows that can also be used with `OVER`.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn create_window_function<D, A, T>(
        &self,
        name: &str,
        arity: Arity,
        volatility: Volatility,
        definition: D,
    ) -> Result<()>
    where
        D: WindowFunction<A, T> + 'static,
        A: Send + 'static,
        T: ToSql + 'static,
    {
        let body = over_rows(definition, true, |definition| Box::new(Windowed(OverRows::new(definition))));
        self.add_function(name, arity, volatility, body)
    }

    /// Removes a function that was added.
    ///
    /// # Errors
    /// [`Error::Reentrant`].
    pub fn remove_function(&self, name: &str, arity: Arity) -> Result<()> {
        self.with_functions(|functions| functions.remove(name, arity))
    }
}

#[cfg(test)]
mod tests;
