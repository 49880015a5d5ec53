use std::sync::Arc;

use super::{AggregateFunction, Arguments, WindowFunction};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::func::{Arity, Volatility};

fn connection() -> Connection {
    let connection = Connection::open_in_memory().expect("memory does not fail");
    connection.execute_batch("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (4)").expect("it is right");
    connection
}

fn one(connection: &Connection, sql: &str) -> Result<i64> {
    connection.query_row(sql, (), |row| row.get(0))
}

/// The product of integers.
struct Product;

impl AggregateFunction<i64, i64> for Product {
    fn init(&self) -> Result<i64> {
        Ok(1)
    }

    fn step(&self, arguments: Arguments<'_>, state: &mut i64) -> Result<()> {
        *state *= arguments.get::<i64>(0)?;
        Ok(())
    }

    fn finalize(&self, state: Option<i64>) -> Result<i64> {
        Ok(state.unwrap_or(0))
    }
}

impl WindowFunction<i64, i64> for Product {
    fn value(&self, state: Option<&mut i64>) -> Result<i64> {
        Ok(state.map_or(0, |state| *state))
    }

    fn inverse(&self, arguments: Arguments<'_>, state: &mut i64) -> Result<()> {
        *state /= arguments.get::<i64>(0)?;
        Ok(())
    }
}

#[test]
fn a_function_of_the_program_is_called() {
    let c = connection();
    let (pure, two) = (Volatility::Pure, Arity::Exactly(2));
    c.create_scalar_function("both", two, pure, |arguments| {
        Ok(format!("{}{}", arguments.get::<String>(0)?, arguments.get::<String>(1)?))
    })
    .expect("it is free");
    let text: String = c.query_row("SELECT both('a', 'b')", (), |row| row.get(0)).expect("it runs");
    assert_eq!(text, "ab");
    assert!(matches!(one(&c, "SELECT both(1, 'b')"), Err(Error::InvalidColumnType(0, ..))));
    assert_eq!(
        one(&c, "SELECT both('a')").expect_err("it takes two").to_string(),
        "wrong number of arguments to function both()"
    );
    c.remove_function("both", two).expect("it is free");
    assert_eq!(
        one(&c, "SELECT both('a', 'b')").expect_err("it is gone").to_string(),
        "no such function: both"
    );
}

#[test]
fn aggregates_of_the_program_take_rows() {
    let c = connection();
    c.create_aggregate_function("product", Arity::Exactly(1), Volatility::Pure, Product).expect("it is free");
    assert_eq!(one(&c, "SELECT product(a) FROM t").expect("it runs"), 8);
    assert_eq!(one(&c, "SELECT product(a) FROM t WHERE a > 9").expect("it runs"), 0);
    c.create_window_function("product", Arity::Exactly(1), Volatility::Pure, Product).expect("it is free");
    assert_eq!(one(&c, "SELECT product(a) FROM t").expect("it runs"), 8);
}

#[test]
fn a_function_cannot_use_its_own_connection() {
    let c = Arc::new(connection());
    let inner = Arc::downgrade(&c);
    c.create_scalar_function("deep", Arity::Exactly(0), Volatility::Volatile, move |_| {
        let connection = inner.upgrade().ok_or(Error::Interrupted)?;
        one(&connection, "SELECT 1")
    })
    .expect("it is free");
    assert!(matches!(one(&c, "SELECT deep()"), Err(Error::Reentrant)));
    assert_eq!(one(&c, "SELECT 1").expect("it goes on"), 1);
}

#[test]
fn a_function_that_panics_leaves_no_transaction_behind() {
    let c = connection();
    c.create_scalar_function("trip", Arity::Exactly(0), Volatility::Volatile, |_| -> Result<i64> {
        panic!("a mistake in the program")
    })
    .expect("it is free");
    let run = std::panic::AssertUnwindSafe(|| c.execute("INSERT INTO t VALUES (trip())", ()));
    assert!(std::panic::catch_unwind(run).is_err());
    assert!(c.is_autocommit());
    assert_eq!(one(&c, "SELECT count(*) FROM t").expect("it goes on"), 3);
    c.execute("INSERT INTO t VALUES (5)", ()).expect("nobody holds the writer");
}

#[test]
fn a_count_of_the_program_is_called() {
    let c = connection();
    c.create_aggregate_function("count", Arity::Exactly(0), Volatility::Pure, Product).expect("it is free");
    assert!(one(&c, "SELECT count(*) FROM t").is_err(), "it wants an argument");
}
