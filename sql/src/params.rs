//! [`Params`]: the parameters of a statement, by their places or by their names.

use crate::ast::Parameters;
use crate::error::{Error, Result};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::Value;

/// Where the values of the parameters of a statement go.
#[derive(Debug)]
pub struct Binding<'b> {
    parameters: &'b Parameters,
    values: &'b mut Vec<Value>,
}

impl<'b> Binding<'b> {
    /// The parameters as they were bound before.
    pub(crate) fn new(parameters: &'b Parameters, values: &'b mut Vec<Value>) -> Binding<'b> {
        if values.len() != parameters.count() {
            values.resize(parameters.count(), Value::Null);
        }
        Binding { parameters, values }
    }

    /// Binds the parameter with a number, from 1.
    pub(crate) fn set(&mut self, number: usize, value: &dyn ToSql) -> Result<()> {
        let place = number.checked_sub(1).and_then(|place| self.values.get_mut(place));
        let place = place.ok_or_else(|| Error::InvalidColumnIndex(number))?;
        match value.to_sql()? {
            ToSqlOutput::Borrowed(value) => place.set(value),
            ToSqlOutput::Owned(value) => *place = value,
        }
        Ok(())
    }

    fn all<'v>(&mut self, values: impl Iterator<Item = &'v dyn ToSql>) -> Result<()> {
        let wanted = self.values.len();
        let mut given = 0;
        for value in values {
            given += 1;
            if given <= wanted {
                self.set(given, value)?;
            }
        }
        if given == wanted { Ok(()) } else { Err(Error::InvalidParameterCount(given, wanted)) }
    }

    /// Binds parameters by their names; those not named are NULL.
    fn named(&mut self, values: &[(&str, &dyn ToSql)]) -> Result<()> {
        self.values.fill(Value::Null);
        values.iter().try_for_each(|(name, value)| match self.parameters.number(name) {
            Some(number) => self.set(number, *value),
            None => Err(Error::InvalidParameterName((*name).into())),
        })
    }
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// The parameters of a statement.
///
/// By place: `()` and `[]` for none, tuples, arrays of one type, [`params!`](crate::params!) for several types,
/// [`params_from_iter`] for what is known only when it runs; as many as the statement has. By name:
/// [`named_params!`](crate::named_params!), or `&[(":name", &value)]`; those not named are NULL.
pub trait Params: Sealed {
    #[doc(hidden)]
    fn bind(self, binding: &mut Binding<'_>) -> Result<()>;
}

impl Sealed for () {}
impl Params for () {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        binding.all(std::iter::empty())
    }
}

impl Sealed for &[&dyn ToSql] {}
impl Params for &[&dyn ToSql] {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        binding.all(self.iter().copied())
    }
}

impl Sealed for &[(&str, &dyn ToSql)] {}
impl Params for &[(&str, &dyn ToSql)] {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        binding.named(self)
    }
}

impl<const N: usize> Sealed for &[(&str, &dyn ToSql); N] {}
impl<const N: usize> Params for &[(&str, &dyn ToSql); N] {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        self.as_slice().bind(binding)
    }
}

impl<T: ToSql, const N: usize> Sealed for [T; N] {}
impl<T: ToSql, const N: usize> Params for [T; N] {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        binding.all(self.iter().map(|value| value as &dyn ToSql))
    }
}

impl<T: ToSql, const N: usize> Sealed for &[T; N] {}
impl<T: ToSql, const N: usize> Params for &[T; N] {
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        binding.all(self.iter().map(|value| value as &dyn ToSql))
    }
}

/// Parameters by place, from an iterator.
#[derive(Clone, Debug)]
pub struct ParamsFromIter<I>(I);

/// Parameters by place, of a number that is known only when it runs.
///
/// ```
/// use duramen_sql::{Connection, params_from_iter};
///
/// let connection = Connection::open_in_memory()?;
/// let wanted = vec![2, 3, 5];
/// let marks = vec!["?"; wanted.len()].join(", ");
/// let count: i64 = connection.query_row(
///     &format!("SELECT count(*) FROM (VALUES (1), (2), (3)) WHERE column1 IN ({marks})"),
///     params_from_iter(wanted),
///     |row| row.get(0),
/// )?;
/// assert_eq!(count, 2);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
pub fn params_from_iter<I>(values: I) -> ParamsFromIter<I>
where
    I: IntoIterator,
    I::Item: ToSql,
{
    ParamsFromIter(values)
}

impl<I> Sealed for ParamsFromIter<I> {}
impl<I> Params for ParamsFromIter<I>
where
    I: IntoIterator,
    I::Item: ToSql,
{
    fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
        let wanted = binding.values.len();
        let mut given = 0;
        for value in self.0 {
            given += 1;
            if given <= wanted {
                binding.set(given, &value)?;
            }
        }
        if given == wanted { Ok(()) } else { Err(Error::InvalidParameterCount(given, wanted)) }
    }
}

macro_rules! tuples {
    ($($name:ident $place:tt)*) => {
        tuples!(@ [] $($name $place)*);
    };
    (@ [$($done:ident $place:tt)*]) => {};
    (@ [$($done:ident $place:tt)*] $next:ident $last:tt $($rest:ident $later:tt)*) => {
        impl<$($done: ToSql,)* $next: ToSql> Sealed for ($($done,)* $next,) {}
        impl<$($done: ToSql,)* $next: ToSql> Params for ($($done,)* $next,) {
            fn bind(self, binding: &mut Binding<'_>) -> Result<()> {
                binding.all([$(&self.$place as &dyn ToSql,)* &self.$last as &dyn ToSql].into_iter())
            }
        }
        tuples!(@ [$($done $place)* $next $last] $($rest $later)*);
    };
}

tuples!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);

/// Parameters of several types, by place.
///
/// ```
/// use duramen_sql::{Connection, params};
///
/// let connection = Connection::open_in_memory()?;
/// connection.execute("CREATE TABLE person (name TEXT, age INTEGER)", ())?;
/// connection.execute("INSERT INTO person VALUES (?1, ?2)", params!["Ada", 36])?;
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[macro_export]
macro_rules! params {
    () => { &[] as &[&dyn $crate::ToSql] };
    ($($value:expr),+ $(,)?) => { &[$(&$value as &dyn $crate::ToSql),+] as &[&dyn $crate::ToSql] };
}

/// Parameters by name, with the character that the name begins with.
///
/// ```
/// use duramen_sql::{Connection, named_params};
///
/// let connection = Connection::open_in_memory()?;
/// let sum: i64 =
///     connection.query_row("SELECT :a + @b", named_params! { ":a": 1, "@b": 2 }, |row| row.get(0))?;
/// assert_eq!(sum, 3);
/// # Ok::<(), duramen_sql::Error>(())
/// ```
#[macro_export]
macro_rules! named_params {
    () => { &[] as &[(&str, &dyn $crate::ToSql)] };
    ($($name:literal: $value:expr),+ $(,)?) => {
        &[$(($name, &$value as &dyn $crate::ToSql)),+] as &[(&str, &dyn $crate::ToSql)]
    };
}
