use serde::Deserialize;

use super::*;
use crate::connection::Connection;

/// What a type makes of the first row of a query.
fn of<T: for<'r> Deserialize<'r>>(sql: &str) -> Result<T> {
    let connection = Connection::open_in_memory()?;
    connection.query_row(sql, (), |row| row.deserialize())
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Closed,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Issue {
    id: i64,
    title: String,
    state: State,
    weight: Option<f64>,
    urgent: bool,
    #[serde(default)]
    labels: Vec<u8>,
}

#[test]
fn a_struct_takes_columns_by_name_in_any_order() {
    let issue: Issue =
        of("SELECT 'closed' AS state, 1 AS urgent, 7 AS id, 'x' AS title, 2 AS weight, 0 AS other")
            .expect("it fits");
    let expected = Issue {
        id: 7,
        title: "x".into(),
        state: State::Closed,
        weight: Some(2.0),
        urgent: true,
        labels: Vec::new(),
    };
    assert_eq!(issue, expected);
}

#[test]
fn tuples_and_single_values_take_columns_by_place() {
    let row: (i8, Option<String>, Vec<u8>, [u8; 2]) = of("SELECT -1, NULL, x'0102', 'ab'").expect("it fits");
    assert_eq!(row, (-1, None, vec![1, 2], *b"ab"));
    assert_eq!(of::<u64>("SELECT 9223372036854775807").expect("it fits"), i64::MAX as u64);
    assert_eq!(of::<Option<f32>>("SELECT NULL").expect("it fits"), None);
    assert_eq!(of::<State>("SELECT 'open'").expect("it fits"), State::Open);
}

#[test]
fn text_is_borrowed_from_the_row() {
    let connection = Connection::open_in_memory().expect("memory suffices");
    let mut statement = connection.prepare("SELECT 'abc', x'00'").expect("it is well formed");
    let mut rows = statement.query(()).expect("it runs");
    let row = rows.next().expect("it runs").expect("there is one");
    let (text, blob): (&str, &[u8]) = row.deserialize().expect("it fits");
    assert_eq!((text, blob), ("abc", &[0][..]));
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let error = of::<(i64, u8)>("SELECT 1, 300").expect_err("300 is too large");
    assert!(matches!(error, Error::FromSqlConversionFailure(1, Class::Integer, _)), "{error:?}");
    let error = of::<Issue>("SELECT 1 AS id").expect_err("there is no title");
    assert!(matches!(&error, Error::InvalidColumnName(name) if name == "title"), "{error:?}");
    let error = of::<(i64, i64)>("SELECT 1").expect_err("there is one column");
    assert!(matches!(error, Error::FromSqlConversionFailure(0, Class::Null, _)), "{error:?}");
    assert!(of::<State>("SELECT 'shut'").is_err());
    assert!(of::<String>("SELECT CAST(x'ff' AS TEXT)").is_err());
}
