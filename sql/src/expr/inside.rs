//! `IN`.

use std::cmp::Ordering;

use super::compile::Compiler;
use super::env::Env;
use super::scalar::Scalar;
use crate::bound::{Expr, In, InSet};
use crate::error::Result;
use crate::value::{self, Affinity, ArenaBuffer, Collation, Value, ValueRef};

/// From this many constants on a list is searched by halves.
const WORTH_SORTING: usize = 8;

/// Whether a row is in a set; unknown if only NULL stands in the way.
pub(super) type Inside = Box<dyn for<'e> Fn(&Env<'e>) -> Option<bool> + Send + Sync>;

impl Compiler<'_> {
    pub(super) fn inside(&mut self, inside: &In) -> Result<Inside> {
        let operands = self.scalars(&inside.operands)?;
        match (&inside.set, operands.len()) {
            (InSet::List(list), 1) => {
                let operand = operands.into_iter().next().unwrap_or(Scalar::Number(ValueRef::Null));
                let (affinity, collation) = inside.rules.first().cloned().unwrap_or_default();
                self.in_list(operand, list, affinity, collation)
            }
            (InSet::List(_), _) => Err(crate::error::Error::statement("row value misused")),
            (InSet::Select(subquery), _) => {
                let number = self.names.subquery(subquery, &inside.rules)?;
                let rules = inside.rules.clone();
                Ok(Box::new(move |env| {
                    let mut values = operands
                        .iter()
                        .zip(&rules)
                        .map(|(operand, (affinity, _))| affinity.apply(operand.eval(env), env.arena));
                    let found = match operands.as_slice() {
                        [_] => {
                            let value = values.next().unwrap_or(ValueRef::Null);
                            env.shared.subqueries.contains(number, &[value], env)
                        }
                        _ => env.shared.subqueries.contains(number, &values.collect::<Vec<_>>(), env),
                    };
                    found.unwrap_or_else(|error| {
                        env.fail(error);
                        None
                    })
                }))
            }
        }
    }

    fn in_list(
        &mut self,
        operand: Scalar,
        list: &[Expr],
        affinity: Affinity,
        collation: Collation,
    ) -> Result<Inside> {
        if list.is_empty() {
            return Ok(Box::new(|_| Some(false)));
        }
        if list.len() >= WORTH_SORTING && list.iter().all(|each| matches!(each, Expr::Literal(_))) {
            return Ok(sorted_list(operand, list, affinity, collation));
        }
        let list = self.scalars(list)?;
        Ok(Box::new(move |env| {
            let value = operand.eval(env);
            let mut result = Some(false);
            for each in &list {
                match value::compare_with_affinity(value, each.eval(env), affinity, &collation) {
                    Some(Ordering::Equal) => return Some(true),
                    Some(_) => {}
                    None => result = None,
                }
            }
            result
        }))
    }
}

/// A list of constants, with the affinity applied to them once.
fn sorted_list(operand: Scalar, list: &[Expr], affinity: Affinity, collation: Collation) -> Inside {
    let mut buffer = ArenaBuffer::new();
    let mut has_null = false;
    let mut values: Vec<Value> = Vec::new();
    for each in list {
        let Expr::Literal(value) = each else { continue };
        let arena = buffer.arena();
        match affinity.apply(value.as_ref(), &arena) {
            ValueRef::Null => has_null = true,
            value => values.push(value.to_value()),
        }
    }
    values.sort_by(|a, b| value::compare(a.as_ref(), b.as_ref(), &collation));
    Box::new(move |env| {
        let value = operand.eval(env);
        if value.is_null() {
            return None;
        }
        let value = affinity.apply(value, env.arena);
        let found = values.binary_search_by(|each| value::compare(each.as_ref(), value, &collation));
        if found.is_ok() {
            Some(true)
        } else if has_null {
            None
        } else {
            Some(false)
        }
    })
}
