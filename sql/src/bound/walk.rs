//! Walks over bound expressions, into the queries inside them too.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::query::{
    AggregateCall, Aggregation, Body, Expr, FrameBound, From, InSet, OrderTerm, Query, Recursive, Select,
    Slot, Source, SourceRows, WindowCall, WindowStep,
};

/// Writes one walk twice: for looking ([`visit`]) and for changing ([`rewrite`]).
macro_rules! walks {
    ($expr:ident, $select:ident, $call:ident, $order:ident, $body:ident, $query:ident, $from:ident, $window:ident, $recursive:ident, $F:ty, $sub:expr, $($mutability:tt)?) => {
        /// Calls the function for every part of an expression, outermost first; its own parts follow only if it
        /// answers true.
        pub fn $expr(expr: & $($mutability)? Expr, f: &mut $F) {
            if !f(expr) {
                return;
            }
            match expr {
                Expr::Literal(_) | Expr::Parameter(_) | Expr::Column(_) => {}
                Expr::Plus(a) | Expr::Negate(a) | Expr::BitNot(a) | Expr::Not(a) | Expr::IsNull(a)
                | Expr::NotNull(a) | Expr::Cast(a, _) | Expr::Collate(a, _) | Expr::Generated(a, ..) | Expr::IsTruth { operand: a, .. } => {
                    $expr(a, f);
                }
                Expr::Arithmetic(_, a, b) => {
                    $expr(a, f);
                    $expr(b, f);
                }
                Expr::Compare(comparison) => {
                    $expr(& $($mutability)? comparison.left, f);
                    $expr(& $($mutability)? comparison.right, f);
                }
                Expr::And(all) | Expr::Or(all) | Expr::Row(all) => {
                    for each in all {
                        $expr(each, f);
                    }
                }
                Expr::Between(between) => {
                    $expr(& $($mutability)? between.operand, f);
                    $expr(& $($mutability)? between.low.0, f);
                    $expr(& $($mutability)? between.high.0, f);
                }
                Expr::In(inside) => {
                    for each in & $($mutability)? inside.operands {
                        $expr(each, f);
                    }
                    match & $($mutability)? inside.set {
                        InSet::List(list) => {
                            for each in list {
                                $expr(each, f);
                            }
                        }
                        InSet::Select(subquery) => $select($sub(subquery), f),
                    }
                }
                Expr::Case(case) => {
                    if let Some(operand) = & $($mutability)? case.operand {
                        $expr(operand, f);
                    }
                    for branch in & $($mutability)? case.branches {
                        $expr(& $($mutability)? branch.0, f);
                        $expr(& $($mutability)? branch.3, f);
                    }
                    if let Some(otherwise) = & $($mutability)? case.otherwise {
                        $expr(otherwise, f);
                    }
                }
                Expr::Function(call) => {
                    for each in & $($mutability)? call.arguments {
                        $expr(each, f);
                    }
                }
                Expr::Aggregate(call) => $call(call, f),
                Expr::Window(window) => $window(window, f),
                Expr::Subquery(subquery, _) | Expr::Exists(subquery) => $select($sub(subquery), f),
                Expr::Raise(_, message) => {
                    if let Some(message) = message {
                        $expr(message, f);
                    }
                }
            }
        }

        /// The same for all expressions of a query.
        pub fn $select(select: & $($mutability)? Select, f: &mut $F) {
            $body(& $($mutability)? select.body, f);
            $order(& $($mutability)? select.order_by, f);
            if let Some(limit) = & $($mutability)? select.limit {
                $expr(limit, f);
            }
            if let Some(offset) = & $($mutability)? select.offset {
                $expr(offset, f);
            }
        }

        fn $order(terms: & $($mutability)? Vec<OrderTerm>, f: &mut $F) {
            for term in terms {
                $expr(& $($mutability)? term.expr, f);
            }
        }

        fn $call(call: & $($mutability)? AggregateCall, f: &mut $F) {
            for each in & $($mutability)? call.arguments {
                $expr(each, f);
            }
            if let Some(filter) = & $($mutability)? call.filter {
                $expr(filter, f);
            }
            $order(& $($mutability)? call.order_by, f);
        }

        fn $window(window: & $($mutability)? WindowCall, f: &mut $F) {
            $call(& $($mutability)? window.call, f);
            for each in & $($mutability)? window.partition_by {
                $expr(each, f);
            }
            $order(& $($mutability)? window.order_by, f);
            if let FrameBound::Preceding(bound) | FrameBound::Following(bound) = & $($mutability)? window.frame.start {
                $expr(bound, f);
            }
            if let FrameBound::Preceding(bound) | FrameBound::Following(bound) = & $($mutability)? window.frame.end {
                $expr(bound, f);
            }
        }

        /// The same for all expressions of a body.
        pub fn $body(body: & $($mutability)? Body, f: &mut $F) {
            match body {
                Body::Query(query) => $query(query, f),
                Body::Values(rows) => {
                    for row in rows {
                        for each in row {
                            $expr(each, f);
                        }
                    }
                }
                Body::Compound(compound) => {
                    $body(& $($mutability)? compound.left, f);
                    $body(& $($mutability)? compound.right, f);
                }
            }
        }

        fn $query(query: & $($mutability)? Query, f: &mut $F) {
            if let Some(from) = & $($mutability)? query.from {
                $from(from, f);
            }
            for each in & $($mutability)? query.filter {
                $expr(each, f);
            }
            if let Some(Aggregation { keys, calls, bare, .. }) = & $($mutability)? query.aggregation {
                for (key, _) in keys {
                    $expr(key, f);
                }
                for call in calls {
                    $call(call, f);
                }
                for each in bare {
                    $expr(each, f);
                }
            }
            for each in & $($mutability)? query.having {
                $expr(each, f);
            }
            for WindowStep { passed, calls, .. } in & $($mutability)? query.windows {
                for each in passed {
                    $expr(each, f);
                }
                for call in calls {
                    $window(call, f);
                }
            }
            for each in & $($mutability)? query.columns {
                $expr(each, f);
            }
        }

        /// The same for all expressions of the tables of a query.
        pub fn $from(from: & $($mutability)? From, f: &mut $F) {
            match from {
                From::Source(source) => match & $($mutability)? source.rows {
                    SourceRows::Table { .. } | SourceRows::Recursion(_) => {}
                    SourceRows::Select(select) => $select(select, f),
                    SourceRows::Recursive(recursive) => $recursive(recursive, f),
                    SourceRows::Function { arguments, .. } => {
                        for each in arguments {
                            $expr(each, f);
                        }
                    }
                },
                From::Join(join) => {
                    $from(& $($mutability)? join.left, f);
                    $from(& $($mutability)? join.right, f);
                    for each in & $($mutability)? join.on {
                        $expr(each, f);
                    }
                }
            }
        }

        fn $recursive(recursive: & $($mutability)? Recursive, f: &mut $F) {
            $select(& $($mutability)? recursive.initial, f);
            for step in & $($mutability)? recursive.steps {
                $select(step, f);
            }
            $order(& $($mutability)? recursive.order_by, f);
            if let Some(limit) = & $($mutability)? recursive.limit {
                $expr(limit, f);
            }
            if let Some(offset) = & $($mutability)? recursive.offset {
                $expr(offset, f);
            }
        }
    };
}

walks!(
    visit,
    visit_select,
    visit_call,
    visit_order,
    visit_body,
    visit_query,
    visit_from,
    visit_window,
    visit_recursive,
    dyn FnMut(&Expr) -> bool + '_,
    borrow,
);
walks!(
    rewrite,
    rewrite_select,
    rewrite_call,
    rewrite_order,
    rewrite_body,
    rewrite_query,
    rewrite_from,
    rewrite_window,
    rewrite_recursive,
    dyn FnMut(&mut Expr) -> bool + '_,
    borrow_mut,
    mut
);

fn borrow(subquery: &Arc<super::query::Subquery>) -> &Select {
    &subquery.select
}

fn borrow_mut(subquery: &mut Arc<super::query::Subquery>) -> &mut Select {
    &mut Arc::make_mut(subquery).select
}

/// All slots that an expression names, those of queries inside it too.
#[must_use]
pub fn slots_of(expr: &Expr) -> BTreeSet<Slot> {
    let mut slots = BTreeSet::new();
    visit(expr, &mut |part| {
        if let Expr::Column(column) = part {
            slots.insert(column.slot);
        }
        true
    });
    slots
}

/// Whether some source of a query fits; those of queries in `FROM` are not looked at.
pub fn any_source(from: &From, fits: &impl Fn(&Source) -> bool) -> bool {
    match from {
        From::Source(source) => fits(source),
        From::Join(join) => any_source(&join.left, fits) || any_source(&join.right, fits),
    }
}

/// Adds the slots that the tables of a query have; not those of queries in `FROM`.
pub fn slots_of_from(from: &From, slots: &mut BTreeSet<Slot>) {
    match from {
        From::Source(source) => {
            slots.insert(source.slot);
        }
        From::Join(join) => {
            slots_of_from(&join.left, slots);
            slots_of_from(&join.right, slots);
        }
    }
}

/// Whether some part of an expression fits.
pub fn any(expr: &Expr, fits: &mut dyn FnMut(&Expr) -> bool) -> bool {
    let mut found = false;
    visit(expr, &mut |part| {
        found = found || fits(part);
        !found
    });
    found
}
