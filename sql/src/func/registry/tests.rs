use std::borrow::Cow;
use std::sync::Arc;

use super::{Arity, BUILT_IN, Body, Function, HostScalar, Lookup, Registry, Volatility};
use crate::error::Result;
use crate::func::Call;
use crate::value::ValueRef;

#[test]
fn names_are_found_in_any_case_and_by_count() {
    let registry = Registry::new();
    assert!(matches!(registry.find("SubStr", 2), Lookup::Found(_)));
    assert!(matches!(registry.find("substr", 1), Lookup::WrongCount));
    assert!(matches!(registry.find("substrate", 1), Lookup::Unknown));
    let Lookup::Found(aggregate) = registry.find("max", 1) else { panic!("max(x)") };
    assert!(aggregate.is_aggregate() && aggregate.is_window());
    let Lookup::Found(scalar) = registry.find("max", 2) else { panic!("max(x, y)") };
    assert!(!scalar.is_aggregate() && scalar.start().is_none());
    assert!(matches!(registry.find("concat", 0), Lookup::WrongCount));
    assert!(matches!(registry.find("row_number", 0), Lookup::Found(f) if f.is_window() && !f.is_aggregate()));
}

#[test]
fn volatility_says_what_may_be_indexed() {
    let volatility = |name, count| match Registry::new().find(name, count) {
        Lookup::Found(function) => function.volatility,
        _ => panic!("{name}"),
    };
    assert_eq!(volatility("abs", 1), Volatility::Pure);
    assert_eq!(volatility("date", 0), Volatility::PureUnlessNow);
    assert_eq!(volatility("current_date", 0), Volatility::Stable);
    assert_eq!(volatility("random", 0), Volatility::Volatile);
}

struct Always(i64);

impl HostScalar for Always {
    fn call<'a>(&self, _: &Call<'_, 'a>, _: &[ValueRef<'a>]) -> Result<ValueRef<'a>> {
        Ok(ValueRef::Integer(self.0))
    }
}

fn always(name: &'static str, arity: Arity, result: i64) -> Function {
    Function {
        name: Cow::Borrowed(name),
        arity,
        volatility: Volatility::Volatile,
        uses_collation: false,
        body: Body::HostScalar(Arc::new(Always(result))),
    }
}

#[test]
fn own_functions_come_first() {
    let mut registry = Registry::new();
    registry.add(always("ABS", Arity::Exactly(1), 1));
    registry.add(always("mine", Arity::AtLeast(0), 2));
    registry.add(always("mine", Arity::Exactly(3), 3));
    let is_own = |registry: &Registry, name, count| match registry.find(name, count) {
        Lookup::Found(function) => matches!(function.body, Body::HostScalar(_)),
        _ => panic!("{name}"),
    };
    assert!(is_own(&registry, "abs", 1));
    assert!(matches!(registry.find("mine", 3), Lookup::Found(f) if f.arity == Arity::Exactly(3)));
    assert!(matches!(registry.find("mine", 2), Lookup::Found(f) if f.arity == Arity::AtLeast(0)));
    registry.remove("abs", Arity::Exactly(1));
    assert!(!is_own(&registry, "abs", 1));
    assert_eq!(registry.iter().count(), BUILT_IN.values().map(Vec::len).sum::<usize>() + 2);
}
