//! A call of a function that would go on for hours is ended by an interrupt.

use std::sync::mpsc::channel;
use std::thread;

use duramen_sql::func::{Arity, Volatility};
use duramen_sql::{Connection, Error};

/// Runs a query whose first column has been computed when it is interrupted.
fn interrupted(query: &str) {
    let connection = Connection::open_in_memory().expect("memory suffices");
    let (started, wait) = channel();
    let start = move |_: duramen_sql::Arguments<'_>| {
        started.send(()).map_err(|error| Error::statement(error.to_string()))?;
        Ok(1)
    };
    connection
        .create_scalar_function("started", Arity::Exactly(0), Volatility::Volatile, start)
        .expect("the connection is free");
    let handle = connection.interrupt_handle();
    let stopper = thread::spawn(move || {
        wait.recv().expect("the query runs");
        handle.interrupt();
    });
    let error = connection.run(query, &[]).expect_err("it cannot have come to an end");
    assert!(matches!(error, Error::Interrupted), "{query}: {error}");
    stopper.join().expect("it only waits");
}

/// A text of `n` times the letter a.
fn letters(n: u32) -> String {
    format!("replace(hex(zeroblob({})), '0', 'a')", n / 2)
}

#[test]
fn searches_in_long_texts_stop() {
    let (text, part) = (letters(4_000_000), letters(1_000_000));
    interrupted(&format!("SELECT started(), instr({text}, {part} || 'b')"));
    interrupted(&format!("SELECT started(), replace({text}, {part} || 'b', 'c')"));
}

#[test]
fn patterns_stop() {
    let (text, part) = (letters(4_000_000), letters(49_000));
    interrupted(&format!("SELECT started(), {text} LIKE '%' || {part} || 'b%'"));
    interrupted(&format!("SELECT started(), {text} GLOB '*' || {part} || '?b'"));
    // A pattern that is known when the statement is planned.
    let known = "a".repeat(49_000);
    interrupted(&format!("SELECT started(), {text} LIKE '%{known}b%'"));
}
