//! Window functions: their windows, and the steps that compute them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::binder::Binder;
use crate::ast::{self, FrameExclude, FrameUnit, Over};
use crate::bound::{
    Aggregation, Column, Expr, FrameBound, From, OrderTerm, Place, Slot, WindowCall, WindowFrame, WindowStep,
    rewrite, slots_of_from, visit,
};
use crate::error::{Error, Result};
use crate::expr::{affinity_of, collation_of};
use crate::func::Function;

impl Binder<'_> {
    #[inline(never)]
    pub(super) fn window_call(&mut self, function: Arc<Function>, call: &ast::FunctionCall) -> Result<Expr> {
        let misuse = || {
            let message = format!("misuse of window function {}()", call.name.text);
            Error::statement_at(message, call.name.span.offset())
        };
        if !self.scopes.last().is_some_and(|scope| scope.windows) {
            return Err(misuse());
        }
        let parts = self.aggregate_parts(function, call)?;
        if parts.distinct {
            return Err(Error::statement("DISTINCT is not supported for window functions"));
        }
        if parts.filter.is_some() && !parts.function.is_aggregate() {
            return Err(Error::statement("FILTER clause may only be used with aggregate window functions"));
        }
        let spec = match &call.over {
            Some(Over::Name(name)) => self.named_window(name)?,
            Some(Over::Window(spec)) => self.complete(spec.clone())?,
            None => return Err(misuse()),
        };
        let windows = std::mem::replace(&mut self.scope().windows, false);
        let partition_by = self.exprs(&spec.partition_by);
        let order_by = self.order_terms(&spec.order_by);
        let frame = self.frame(spec.frame.as_ref());
        self.scope().windows = windows;
        let (partition_by, order_by, frame) = (partition_by?, order_by?, frame?);
        if frame.unit == FrameUnit::Range
            && order_by.len() != 1
            && [&frame.start, &frame.end]
                .iter()
                .any(|bound| matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_)))
        {
            return Err(Error::statement(
                "RANGE with offset PRECEDING/FOLLOWING requires one ORDER BY expression",
            ));
        }
        Ok(Expr::Window(Box::new(WindowCall { call: parts, partition_by, order_by, frame })))
    }

    fn named_window(&mut self, name: &ast::Name) -> Result<ast::WindowSpec> {
        let found = self.scope().named_windows.iter().find(|window| window.name.is(&name.text)).cloned();
        match found {
            Some(window) => self.complete(window.window),
            None => Err(Error::statement(format!("no such window: {}", name.text))),
        }
    }

    /// Adds what the window it builds on has.
    fn complete(&mut self, mut spec: ast::WindowSpec) -> Result<ast::WindowSpec> {
        let Some(base) = spec.base.take() else { return Ok(spec) };
        let base_spec = self.named_window(&base)?;
        let broken = if !spec.partition_by.is_empty() {
            Some("PARTITION clause")
        } else if !spec.order_by.is_empty() && !base_spec.order_by.is_empty() {
            Some("ORDER BY clause")
        } else if base_spec.frame.is_some() {
            Some("frame specification")
        } else {
            None
        };
        if let Some(what) = broken {
            return Err(Error::statement(format!("cannot override {what} of window: {}", base.text)));
        }
        spec.partition_by = base_spec.partition_by;
        if spec.order_by.is_empty() {
            spec.order_by = base_spec.order_by;
        }
        Ok(spec)
    }

    fn frame(&mut self, frame: Option<&ast::Frame>) -> Result<WindowFrame> {
        let Some(frame) = frame else {
            return Ok(WindowFrame {
                unit: FrameUnit::Range,
                start: FrameBound::Unbounded,
                end: FrameBound::CurrentRow,
                exclude: FrameExclude::NoOthers,
            });
        };
        let mut bound = |bound: &ast::FrameBound| -> Result<FrameBound> {
            Ok(match bound {
                ast::FrameBound::UnboundedPreceding | ast::FrameBound::UnboundedFollowing => {
                    FrameBound::Unbounded
                }
                ast::FrameBound::CurrentRow => FrameBound::CurrentRow,
                ast::FrameBound::Preceding(expr) => FrameBound::Preceding(self.expr(expr)?),
                ast::FrameBound::Following(expr) => FrameBound::Following(self.expr(expr)?),
            })
        };
        Ok(WindowFrame {
            unit: frame.unit,
            start: bound(&frame.start)?,
            end: bound(&frame.end)?,
            exclude: frame.exclude,
        })
    }

    /// Takes the window functions out of expressions: each becomes a column of the row of a step.
    pub(super) fn lift_windows(
        &mut self,
        from: Option<&From>,
        aggregation: Option<&Aggregation>,
        values: &mut [Expr],
        order_by: &mut [OrderTerm],
    ) -> Result<Vec<WindowStep>> {
        let mut calls: Vec<WindowCall> = Vec::new();
        for expr in values.iter().chain(order_by.iter().map(|term| &term.expr)) {
            visit(expr, &mut |part| match part {
                Expr::Window(call) => {
                    if !calls.contains(call) {
                        calls.push((**call).clone());
                    }
                    false
                }
                Expr::Subquery(..) | Expr::Exists(_) => false,
                _ => true,
            });
        }
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut slots = BTreeSet::new();
        match (aggregation, from) {
            (Some(aggregation), _) => {
                slots.insert(aggregation.slot);
            }
            (None, Some(from)) => slots_of_from(from, &mut slots),
            (None, None) => {}
        }
        let mut steps = Vec::new();
        // The window that was named first comes last: it decides in which order rows come out.
        while let Some(last) = last_window(&calls) {
            let (these, mut rest): (Vec<_>, Vec<_>) =
                calls.iter().cloned().partition(|call| is_same_window(call, last));
            let slot = self.new_slot();
            let mut passed: Vec<Expr> = Vec::new();
            let mut replaced = |expr: &mut Expr| pass_on(expr, slot, &slots, &these, &mut passed);
            for value in values.iter_mut() {
                replaced(value);
            }
            for term in order_by.iter_mut() {
                replaced(&mut term.expr);
            }
            for call in &mut rest {
                let mut probe = Expr::Window(Box::new(call.clone()));
                replaced(&mut probe);
                if let Expr::Window(changed) = probe {
                    *call = *changed;
                }
            }
            let count = passed.len();
            let mut settle = |expr: &mut Expr| settle(expr, slot, count);
            values.iter_mut().for_each(&mut settle);
            order_by.iter_mut().for_each(|term| settle(&mut term.expr));
            for call in &mut rest {
                let mut probe = Expr::Window(Box::new(call.clone()));
                settle(&mut probe);
                if let Expr::Window(changed) = probe {
                    *call = *changed;
                }
            }
            steps.push(WindowStep { slot, passed, calls: these });
            slots = BTreeSet::from([slot]);
            calls = rest;
        }
        Ok(steps)
    }
}

fn is_same_window(a: &WindowCall, b: &WindowCall) -> bool {
    a.partition_by == b.partition_by && a.order_by == b.order_by
}

/// The first call of the window that appears last.
fn last_window(calls: &[WindowCall]) -> Option<&WindowCall> {
    let is_new = |place: usize| !calls[..place].iter().any(|call| is_same_window(call, &calls[place]));
    (0..calls.len()).rev().find(|&place| is_new(place)).map(|place| &calls[place])
}

/// Places from here on are results of window functions, until it is known how many values are passed on.
const RESULTS: usize = 1 << 20;

/// Rewrites an expression over the row of a window step.
fn pass_on(
    expr: &mut Expr,
    slot: Slot,
    slots: &BTreeSet<Slot>,
    calls: &[WindowCall],
    passed: &mut Vec<Expr>,
) {
    rewrite(expr, &mut |part| {
        let place = match &*part {
            Expr::Window(call) => match calls.iter().position(|known| known == &**call) {
                Some(number) => RESULTS + number,
                None => return true,
            },
            Expr::Column(column) if slots.contains(&column.slot) => {
                passed.iter().position(|known| known == part).unwrap_or_else(|| {
                    passed.push(part.clone());
                    passed.len() - 1
                })
            }
            _ => return true,
        };
        let collation = collation_of(part);
        *part = Expr::Column(Column {
            slot,
            place: Place::At(place),
            affinity: affinity_of(part),
            has_collation: collation.is_some(),
            collation: collation.map(|(collation, _)| collation).unwrap_or_default(),
            not_null: false,
        });
        false
    });
}

fn settle(expr: &mut Expr, slot: Slot, passed: usize) {
    rewrite(expr, &mut |part| {
        if let Expr::Column(Column { slot: of, place: Place::At(place), .. }) = part
            && *of == slot
            && *place >= RESULTS
        {
            *place = *place - RESULTS + passed;
        }
        true
    });
}

/// Whether some window function is in the expression, those of subqueries aside.
pub(super) fn has_window(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |part| {
        found |= matches!(part, Expr::Window(_));
        !found && !matches!(part, Expr::Subquery(..) | Expr::Exists(_))
    });
    found
}
