use super::{Aggregate, Taken};
use crate::error::Result;
use crate::func::tests::TestContext;
use crate::func::{Call, Lookup, Place, Registry};
use crate::value::{ArenaBuffer, Collation, Value, ValueRef};

const NULL: ValueRef<'static> = ValueRef::Null;

fn int(integer: i64) -> ValueRef<'static> {
    ValueRef::Integer(integer)
}

fn real(real: f64) -> ValueRef<'static> {
    ValueRef::Real(real)
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::text(text)
}

/// Runs `test` with the state of an aggregate and a call.
fn with<T>(name: &str, arguments: usize, test: impl FnOnce(&mut Aggregate, &Call<'_, '_>) -> T) -> T {
    let Lookup::Found(function) = Registry::new().find(name, arguments) else { panic!("no {name}") };
    let mut buffer = ArenaBuffer::new();
    let call = Call {
        arena: &buffer.arena(),
        context: &TestContext::default(),
        collation: &Collation::Binary,
        place: Place::Statement,
        function: name,
    };
    test(&mut function.start().expect("an aggregate"), &call)
}

/// The value over some rows of arguments.
fn over(name: &str, rows: &[&[ValueRef<'static>]]) -> Result<Value> {
    with(name, rows.first().map_or(1, |row| row.len()), |state, call| {
        for row in rows {
            state.step(call, row)?;
        }
        state.value(call).map(|value| value.to_value())
    })
}

/// The value over some rows of one argument.
fn of(name: &str, values: &[ValueRef<'static>]) -> String {
    let rows: Vec<_> = values.iter().map(std::slice::from_ref).collect();
    match over(name, &rows) {
        Ok(value) => format!("{:?}", value.as_ref()),
        Err(error) => error.to_string(),
    }
}

fn shown(value: ValueRef<'_>) -> String {
    format!("{value:?}")
}

#[test]
fn nothing() {
    for name in ["sum", "avg", "min", "max", "group_concat", "median"] {
        assert_eq!(of(name, &[]), "Null", "{name}");
        assert_eq!(of(name, &[NULL]), "Null", "{name}");
    }
    assert_eq!(of("count", &[NULL]), shown(int(0)));
    assert_eq!(of("total", &[]), shown(real(0.0)));
    assert_eq!(over("count", &[&[], &[]]).unwrap(), Value::Integer(2), "count(*)");
}

#[test]
fn sums() {
    assert_eq!(of("sum", &[int(1), text("2"), text("3x")]), shown(real(6.0)));
    assert_eq!(of("sum", &[int(1), text("2")]), shown(int(3)));
    assert_eq!(of("sum", &[int(i64::MAX), int(1)]), "integer overflow");
    assert_eq!(of("sum", &[int(i64::MAX), int(1), real(-1.0)]), shown(real(9_223_372_036_854_775_808.0)));
    assert_eq!(of("total", &[int(i64::MAX), int(1)]), shown(real(9_223_372_036_854_775_808.0)));
    assert_eq!(
        of("sum", &[real(1e100), real(1.0), real(-1e100)]),
        shown(real(1.0)),
        "errors are carried along"
    );
    assert_eq!(of("sum", &[real(0.1); 10]), shown(real(1.0)));
    assert_eq!(of("avg", &[int(1), int(2), NULL]), shown(real(1.5)));
    assert_eq!(of("sum", &[real(f64::INFINITY), real(f64::NEG_INFINITY)]), "Null", "no NaN");
    assert_eq!(of("sum", &[real(1e308), real(1e308)]), shown(real(f64::INFINITY)));
    assert_eq!(of("sum", &[real(0.0), int((1 << 60) + 1), int(-(1 << 60))]), shown(real(1.0)));
}

#[test]
fn sums_let_rows_go() {
    with("sum", 1, |state, call| {
        for value in [int(i64::MAX), int(5), real(0.5)] {
            state.step(call, &[value]).unwrap();
            if !matches!(value, ValueRef::Integer(5)) {
                state.value(call).unwrap();
            }
        }
        state.inverse(call, &[int(i64::MAX)]).unwrap();
        assert_eq!(state.value(call).unwrap(), real(5.5));
        state.inverse(call, &[int(5)]).unwrap();
        state.inverse(call, &[real(0.5)]).unwrap();
        assert_eq!(state.value(call).unwrap(), NULL);
    });
}

#[test]
fn the_best_row_is_told() {
    with("max", 1, |state, call| {
        let taken: Vec<_> =
            [NULL, int(3), real(3.0), int(2), int(7)].map(|value| state.step(call, &[value]).unwrap()).into();
        use Taken::{AsResult, Into};
        assert_eq!(taken, [AsResult, AsResult, Into, Into, AsResult]);
        assert_eq!(state.value(call).unwrap(), int(7));
    });
    assert_eq!(of("min", &[text("b"), text("a"), int(5)]), shown(int(5)));
}

#[test]
fn texts_are_joined() {
    assert_eq!(of("group_concat", &[int(1), NULL, text("b")]), shown(text("1,b")));
    let rows: &[&[ValueRef<'static>]] =
        &[&[text("a"), text("-")], &[text("b"), text("+")], &[text("c"), NULL]];
    assert_eq!(over("string_agg", rows).unwrap(), Value::from("a+bc"));
    with("group_concat", 2, |state, call| {
        for row in
            [[text("a"), text("--")], [text("bb"), text("+")], [text(""), text("*")], [text("d"), text(";")]]
        {
            state.step(call, &row).unwrap();
        }
        assert_eq!(state.value(call).unwrap(), text("a+bb*;d"));
        state.inverse(call, &[text("a"), text("--")]).unwrap();
        assert_eq!(state.value(call).unwrap(), text("bb*;d"));
        state.inverse(call, &[text("bb"), text("+")]).unwrap();
        assert_eq!(state.value(call).unwrap(), text(";d"));
    });
}

#[test]
fn percentiles() {
    assert_eq!(of("median", &[int(3), int(1), NULL, int(2)]), shown(real(2.0)));
    assert_eq!(of("median", &[int(3), int(1)]), shown(real(2.0)));
    assert_eq!(of("median", &[real(-0.0)]), shown(real(0.0)));
    assert_eq!(of("median", &[text("3")]), "input to median() is not numeric");
    assert_eq!(of("median", &[real(f64::INFINITY)]), "Inf input to median()");
    let of_two = |name, rows: &[[ValueRef<'static>; 2]]| {
        let rows: Vec<_> = rows.iter().map(|row| &row[..]).collect();
        over(name, &rows).map_or_else(|error| error.to_string(), |value| format!("{:?}", value.as_ref()))
    };
    let quarter = [[int(1), real(0.25)], [int(2), real(0.25)], [int(4), real(0.25)], [int(9), real(0.25)]];
    assert_eq!(of_two("percentile_cont", &quarter), shown(real(1.75)));
    assert_eq!(of_two("percentile_disc", &quarter), shown(real(1.0)));
    assert_eq!(of_two("percentile", &[[int(1), int(100)], [int(7), int(100)]]), shown(real(7.0)));
    assert_eq!(
        of_two("percentile", &[[int(1), int(101)]]),
        "the fraction argument to percentile() is not between 0.0 and 100.0"
    );
    assert_eq!(
        of_two("percentile_cont", &[[int(1), real(0.1)], [int(1), real(0.2)]]),
        "the fraction argument to percentile_cont() is not the same for all input rows"
    );
    with("median", 1, |state, call| {
        for value in [5, 1, 4, 2, 3].map(int) {
            state.step(call, &[value]).unwrap();
        }
        state.inverse(call, &[int(5)]).unwrap();
        state.inverse(call, &[int(1)]).unwrap();
        assert_eq!(state.value(call).unwrap(), real(3.0));
    });
}
