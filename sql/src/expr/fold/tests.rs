use super::fold;
use crate::bound::{Arithmetic, Expr, FunctionCall};
use crate::func::{Lookup, Place, Registry};
use crate::value::{Affinity, Collation, Value};

fn literal(value: impl Into<Value>) -> Expr {
    Expr::Literal(value.into())
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let Lookup::Found(function) = Registry::default().find(name, arguments.len()) else {
        panic!("{name} is built in");
    };
    let place = Place::Statement;
    Expr::Function(Box::new(FunctionCall { function, arguments, collation: Collation::Binary, place }))
}

fn folded(mut expr: Expr) -> Expr {
    fold(&mut expr);
    expr
}

#[test]
fn constants_become_their_values() {
    let month = call("date", vec![literal("1995-09-01"), literal("+1 month")]);
    assert_eq!(folded(month), literal("1995-10-01"));
    let sum = |a, b| Expr::Arithmetic(Arithmetic::Add, Box::new(a), Box::new(b));
    let cast = Expr::Cast(Box::new(literal("12x")), Affinity::Integer);
    assert_eq!(folded(sum(literal(1), sum(cast, call("length", vec![literal("abc")])))), literal(16));
}

#[test]
fn what_stands_around_constants_stays() {
    let parameter = || Box::new(Expr::Parameter(1));
    let sum = |a| Expr::Arithmetic(Arithmetic::Add, parameter(), Box::new(a));
    assert_eq!(folded(sum(call("abs", vec![literal(-2)]))), sum(literal(2)));
    // A cast has an affinity, which counts in comparisons.
    let cast = Expr::Cast(Box::new(literal("1")), Affinity::Integer);
    assert_eq!(folded(cast.clone()), cast);
    let collated = call("upper", vec![Expr::Collate(Box::new(literal("a")), Collation::NoCase)]);
    assert_eq!(folded(collated.clone()), collated);
}

#[test]
fn what_may_be_otherwise_another_time_stays() {
    let calls = [
        call("random", vec![]),
        call("changes", vec![]),
        call("date", vec![]),
        call("date", vec![literal("now")]),
        call("datetime", vec![literal("2020-01-01"), literal("localtime")]),
        // Whether these are the same letters is a setting.
        call("like", vec![literal("A"), literal("a")]),
    ];
    for call in calls {
        assert_eq!(folded(call.clone()), call);
    }
}

#[test]
fn what_fails_or_is_long_stays() {
    let overflow = call("abs", vec![literal(i64::MIN)]);
    let long = call("zeroblob", vec![literal(1_000_000)]);
    for call in [overflow, long] {
        assert_eq!(folded(call.clone()), call);
    }
}
