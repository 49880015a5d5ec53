//! The operator.

use std::sync::Arc;

use super::bounds::{Bounds, End};
use super::function::{At, Function};
use super::partition::{Partition, Sorted};
use crate::error::Result;
use crate::exec::frame::{Ctx, Frame};
use crate::exec::keys::push_sort_key;
use crate::exec::operator::{BoxOperator, Operator, with_env};
use crate::expr::{Row, Scalar};
use crate::func::Call;
use crate::plan::{FrameBound, Window, WindowCall};
use crate::value::{ArenaBuffer, ValueRef};

/// Where the values that functions need are in the rows that are kept, behind those passed on.
struct Layout<'p> {
    /// The arguments of functions that are not passed on, too.
    values: Vec<&'p Scalar>,
    /// The columns of the arguments of each function, and of its filter.
    functions: Vec<(Vec<usize>, Option<usize>)>,
    /// The column with the value that `RANGE` adds to.
    order: usize,
    columns: usize,
}

impl Layout<'_> {
    fn of(plan: &Window) -> Layout<'_> {
        let mut values: Vec<&Scalar> = plan.passed.iter().collect();
        let mut column_of = |scalar| match values.iter().position(|known| is_same_column(known, scalar)) {
            Some(column) => column,
            None => {
                values.push(scalar);
                values.len() - 1
            }
        };
        let arguments: Vec<Vec<usize>> =
            plan.calls.iter().map(|call| call.call.arguments.iter().map(&mut column_of).collect()).collect();
        let mut columns = values.len();
        let mut functions = Vec::new();
        for (call, arguments) in plan.calls.iter().zip(arguments) {
            let filter = call.call.filter.as_ref().map(|_| columns);
            columns += usize::from(filter.is_some());
            functions.push((arguments, filter));
        }
        Layout { values, functions, order: columns, columns: columns + 1 }
    }
}

fn is_same_column(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Column { row, place }, Scalar::Column { row: other, place: at }) => {
            row == other && place == at
        }
        _ => false,
    }
}

/// Whether a function adds something to the value of `ORDER BY`.
fn needs_order_value(call: &WindowCall) -> bool {
    let has_offset =
        |bound: &FrameBound| matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_));
    call.unit == crate::ast::FrameUnit::Range && (has_offset(&call.start) || has_offset(&call.end))
}

/// Gives each row with the values of window functions.
pub(in crate::exec) struct WindowRows {
    input: BoxOperator,
    plan: Arc<Window>,
    rows: Sorted,
    partition: Partition,
    functions: Vec<Function>,
    at: usize,
    buffer: ArenaBuffer,
}

impl WindowRows {
    pub(in crate::exec) fn new(input: BoxOperator, plan: Arc<Window>) -> WindowRows {
        WindowRows {
            input,
            plan,
            rows: Sorted::default(),
            partition: Partition::default(),
            functions: Vec::new(),
            at: 0,
            buffer: ArenaBuffer::new(),
        }
    }

    /// Reads all rows, and sorts them.
    fn read<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>, layout: &Layout<'_>) -> Result<()> {
        let plan = &*self.plan;
        let order_value = plan.order_by.first().filter(|_| plan.calls.iter().any(needs_order_value));
        let mut key = Vec::new();
        while self.input.next(frame, ctx)? {
            let rows = &mut self.rows;
            with_env(&mut self.buffer, frame, ctx, |env| {
                key.clear();
                plan.partition_by.iter().for_each(|part| push_sort_key(&mut key, part, env));
                let prefix = key.len();
                plan.order_by.iter().for_each(|part| push_sort_key(&mut key, part, env));
                let mut values = Vec::with_capacity(layout.columns);
                values.extend(layout.values.iter().map(|value| value.eval(env)));
                for call in &plan.calls {
                    if let Some(filter) = &call.call.filter {
                        values.push(ValueRef::Integer(i64::from(filter(env))));
                    }
                }
                values.extend(order_value.map(|sort| sort.value.eval(env)));
                env.shared.error.check()?;
                rows.push(&key, prefix, &values)
            })?;
        }
        self.rows.sort(&|| ctx.check())?;
        Ok(())
    }

    /// The functions, with the offsets of their frames. Those are looked at only where there are rows.
    fn functions<'v>(
        &mut self,
        frame: &Frame<'v>,
        ctx: &Ctx<'_, 'v>,
        layout: Layout<'_>,
    ) -> Result<Vec<Function>> {
        let plan = &*self.plan;
        with_env(&mut self.buffer, frame, ctx, |env| {
            let end = |bound: &FrameBound, call: &WindowCall, name: &str| {
                let offset = match bound {
                    FrameBound::Preceding(offset) | FrameBound::Following(offset) => offset.eval(env),
                    _ => ValueRef::Null,
                };
                End::new(bound, call.unit, offset, name)
            };
            let mut functions = Vec::new();
            for (call, (arguments, filter)) in plan.calls.iter().zip(layout.functions) {
                let (start, end) = (end(&call.start, call, "starting")?, end(&call.end, call, "ending")?);
                let bounds = Bounds::new(call, start, end, layout.order);
                functions.push(Function::new(call, bounds, arguments, filter)?);
            }
            Ok(functions)
        })
    }

    /// Makes the current row.
    fn make_row(&mut self, ctx: &Ctx<'_, '_>, made: &mut Row<'_>) -> Result<()> {
        let plan = &*self.plan;
        let arena = self.buffer.arena();
        let at =
            At { rows: &self.rows, partition: &self.partition, order_by: &plan.order_by, place: self.at };
        let mut values = Vec::with_capacity(plan.passed.len() + plan.calls.len());
        self.rows.values(self.at, 0..plan.passed.len(), &mut values)?;
        for (window, function) in plan.calls.iter().zip(&mut self.functions) {
            let call = Call {
                arena: &arena,
                context: ctx.shared.context,
                collation: &window.call.collation,
                place: window.call.place,
                function: &window.call.function.name,
            };
            values.push(function.value(window, &call, &at)?);
        }
        made.keep(&values, 0)
    }
}

impl Operator for WindowRows {
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()> {
        let plan = self.plan.clone();
        let layout = Layout::of(&plan);
        self.rows.clear();
        self.at = 0;
        self.partition = Partition::default();
        self.input.open(frame, ctx)?;
        self.read(frame, ctx, &layout)?;
        self.functions = if self.rows.len() == 0 { Vec::new() } else { self.functions(frame, ctx, layout)? };
        Ok(())
    }

    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool> {
        ctx.check()?;
        if self.at >= self.rows.len() {
            return Ok(false);
        }
        if self.at == self.partition.places.end {
            self.partition.start(&self.rows, self.at);
            for (call, function) in self.plan.calls.iter().zip(&mut self.functions) {
                function.restart(call, &self.partition);
            }
        }
        self.partition.go_to(self.at);
        let mut made = std::mem::take(&mut frame.rows[self.plan.row]);
        self.make_row(ctx, &mut made)?;
        frame.rows[self.plan.row] = made;
        self.at += 1;
        Ok(true)
    }
}
