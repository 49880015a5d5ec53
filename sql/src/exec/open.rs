//! From plan steps to operators.

use std::collections::HashSet;

use super::aggregate::AggregateRows;
use super::any::AnyRows;
use super::chunk::Chunk;
use super::compound::CompoundRows;
use super::distinct::DistinctRows;
use super::each::EachValue;
use super::filter::{FilterRows, LimitRows, OneRow};
use super::join::{HashRows, NestedRows, OuterRows};
use super::operator::BoxOperator;
use super::recursive::{RecursionRow, RecursiveRows};
use super::rows::QueryRows;
use super::scan::ScanRows;
use super::sort::SortRows;
use super::values::{CountRows, FunctionTable, ValueRows};
use super::window::WindowRows;
use crate::plan::Node;
use crate::value::ArenaBuffer;

/// The operators of a step and those below it.
pub(super) fn operator(node: &Node) -> BoxOperator {
    let buffer = ArenaBuffer::new();
    match node {
        Node::One => Box::new(OneRow { rows: 1, left: 0 }),
        Node::Empty => Box::new(OneRow { rows: 0, left: 0 }),
        Node::Scan(plan) => Box::new(ScanRows::new(plan.clone())),
        Node::Any(plan) => Box::new(AnyRows {
            plan: plan.clone(),
            scans: plan.scans.iter().map(operator).collect(),
            at: 0,
            seen: HashSet::new(),
            buffer,
        }),
        Node::Filter(input, tests) => {
            Box::new(FilterRows { input: operator(input), tests: tests.clone(), buffer })
        }
        Node::Nested(outer, inner) => Box::new(NestedRows::new(operator(outer), operator(inner), None)),
        Node::Left(outer, inner, rows) => {
            Box::new(NestedRows::new(operator(outer), operator(inner), Some(rows.clone())))
        }
        Node::Hash(outer, inner, plan) => Box::new(HashRows {
            outer: operator(outer),
            inner: operator(inner),
            plan: plan.clone(),
            built: None,
            key: Vec::new(),
            buffer,
            at: None,
        }),
        Node::Outer(left, right, plan) => Box::new(OuterRows {
            left: operator(left),
            right: operator(right),
            plan: plan.clone(),
            state: None,
            buffer,
        }),
        Node::Aggregate(input, plan) => Box::new(AggregateRows::new(operator(input), plan.clone())),
        Node::Window(input, plan) => Box::new(WindowRows::new(operator(input), plan.clone())),
        Node::Sort(input, plan) => Box::new(SortRows::new(operator(input), plan.clone())),
        Node::Distinct(input, plan) => Box::new(DistinctRows::new(operator(input), plan.clone())),
        Node::Limit(input, plan) => {
            Box::new(LimitRows { input: operator(input), plan: plan.clone(), buffer, left: None, skip: 0 })
        }
        Node::Rows(plan) => {
            Box::new(QueryRows { input: operator(&plan.query.root), plan: plan.clone(), kept: None, buffer })
        }
        Node::Values(plan) => Box::new(ValueRows { plan: plan.clone(), at: 0, buffer }),
        Node::Compound(plan) => {
            Box::new(CompoundRows::new(operator(&plan.left.root), operator(&plan.right.root), plan.clone()))
        }
        Node::Recursive(plan) => {
            let steps = plan.steps.iter().map(|step| operator(&step.root)).collect();
            Box::new(RecursiveRows::new(operator(&plan.initial.root), steps, plan.clone()))
        }
        Node::Recursion { row, of } => Box::new(RecursionRow { row: *row, of: *of, done: false }),
        Node::Function(plan) => Box::new(FunctionTable {
            plan: plan.clone(),
            rows: Chunk::default(),
            series: None,
            at: 0,
            buffer,
        }),
        Node::Each(plan) => Box::new(EachValue { plan: plan.clone(), values: Vec::new(), at: 0, buffer }),
        Node::Count(plan) => Box::new(CountRows {
            plan: plan.clone(),
            range: plan.range.clone().map(ScanRows::new),
            done: false,
        }),
    }
}
