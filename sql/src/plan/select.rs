//! One `SELECT`: its tables joined, then grouped, tested, made distinct, sorted and cut off, and several combined.

use std::sync::Arc;

use super::equal::pass_on;
use super::factor::factor;
use super::flatten::flatten;
use super::groups::having_to_where;
use super::imply::imply;
use super::physical::{
    AggregateCall, Aggregation, Compound, Count, Distinct, FrameBound, Limit, Node, QueryPlan, Rows, Sort,
    SortKey, Values, Window, WindowCall,
};
use super::planner::Planner;
use super::push::{leave_out, push_down};
use super::reduce::reduce;
use super::wanted::{Order, rows_wanted};
use crate::bound::{self, Body, Expr, From, Place, Query, Select, Slot, SourceRows};
use crate::error::{Error, Result};
use crate::expr::Scalar;
use crate::func::{self, AggregateKind};
use crate::value::{Collation, Value};

impl Planner<'_> {
    /// A query in the frame that is planned.
    pub(super) fn select(&mut self, select: &mut Select) -> Result<QueryPlan> {
        if let Body::Query(query) = &mut select.body {
            reduce(query);
        }
        flatten(select)?;
        if let Body::Query(query) = &mut select.body {
            having_to_where(query);
            factor(&mut query.filter);
            reduce(query);
            pass_on(query);
            imply(query);
            push_down(query);
        }
        self.note_select(select);
        if let Body::Query(query) = &select.body {
            return self.query(select, query);
        }
        let row = self.add_slot(select.slot);
        let mut root = self.combination(&select.body, row)?;
        let output: Vec<Scalar> =
            (0..select.columns.len()).map(|place| Scalar::Column { row, place }).collect();
        let output = Arc::new(output);
        let limit = self.limit(select)?;
        if !select.order_by.is_empty() {
            let keys = self.sort_keys(&select.order_by)?;
            let sort = Sort { row, keys, values: output.clone(), limit: limit.clone() };
            root = Node::Sort(Box::new(root), Arc::new(sort));
        }
        if let Some(limit) = limit {
            root = Node::Limit(Box::new(root), limit);
        }
        Ok(QueryPlan { root, output })
    }

    /// Rows that are given or combined, into one row of the frame.
    fn combination(&mut self, body: &Body, row: usize) -> Result<Node> {
        Ok(match body {
            Body::Values(rows) => {
                let rows = rows.iter().map(|values| self.scalars(values)).collect::<Result<_>>()?;
                Node::Values(Arc::new(Values { row, rows }))
            }
            Body::Compound(compound) => {
                let left = self.member(&compound.left)?;
                let right = self.member(&compound.right)?;
                let plan =
                    Compound { op: compound.op, row, left, right, collations: compound.collations.clone() };
                Node::Compound(Arc::new(plan))
            }
            Body::Query(_) => return Err(Error::statement("a query is no combination of rows")),
        })
    }

    /// A member of a compound. It needs no name: nothing but what combines it reads its rows.
    fn member(&mut self, body: &Body) -> Result<QueryPlan> {
        let width = match body {
            Body::Query(query) => {
                let mut select = Select {
                    body: Body::Query(query.clone()),
                    columns: Vec::new(),
                    order_by: Vec::new(),
                    limit: None,
                    offset: None,
                    slot: Slot(0),
                };
                return self.select(&mut select);
            }
            Body::Values(rows) => rows.first().map_or(0, Vec::len),
            Body::Compound(compound) => compound.collations.len(),
        };
        let row = self.add_row();
        let root = self.combination(body, row)?;
        let output = (0..width).map(|place| Scalar::Column { row, place }).collect();
        Ok(QueryPlan { root, output: Arc::new(output) })
    }

    fn limit(&mut self, select: &Select) -> Result<Option<Arc<Limit>>> {
        if select.limit.is_none() && select.offset.is_none() {
            return Ok(None);
        }
        let count = select.limit.as_ref().map(|limit| self.scalar(limit)).transpose()?;
        let offset = select.offset.as_ref().map(|offset| self.scalar(offset)).transpose()?;
        Ok(Some(Arc::new(Limit { count, offset })))
    }

    pub(super) fn sort_keys(&mut self, terms: &[bound::OrderTerm]) -> Result<Vec<SortKey>> {
        terms
            .iter()
            .map(|term| {
                Ok(SortKey {
                    value: self.scalar(&term.expr)?,
                    collation: term.collation.clone(),
                    descending: term.descending,
                    nulls_first: term.nulls_first,
                })
            })
            .collect()
    }

    fn query(&mut self, select: &Select, query: &Query) -> Result<QueryPlan> {
        let mut ordered = false;
        let mut together = false;
        let different = match (&query.aggregation, &query.distinct) {
            (None, Some(collations)) if is_plain(select, query) => values_in_order(query, collations),
            _ => Vec::new(),
        };
        let mut root = match self.counted(query)? {
            Some(node) => node,
            None => {
                let extreme = extreme(query);
                let order = match (&query.aggregation, &extreme) {
                    _ if !different.is_empty() => Order::Together(&different),
                    (None, _) if query.windows.is_empty() => Order::Needed(&select.order_by),
                    (Some(_), Some((term, _))) => Order::Needed(std::slice::from_ref(term)),
                    _ => Order::Needed(&[]),
                };
                let limit = if query.distinct.is_none() { rows_wanted(select) } else { None };
                let with_value: Vec<Expr>;
                let filter = match &extreme {
                    Some((_, Some(has_value))) => {
                        with_value = query.filter.iter().chain([has_value]).cloned().collect();
                        &with_value
                    }
                    _ => &query.filter,
                };
                let limit = if extreme.is_some() { Some(1.0) } else { limit };
                let (mut node, in_order) = self.from(query.from.as_ref(), filter, order, limit)?;
                match &query.aggregation {
                    Some(aggregation) => {
                        if in_order {
                            let one = Limit {
                                count: Some(self.scalar(&Expr::Literal(Value::Integer(1)))?),
                                offset: None,
                            };
                            node = Node::Limit(Box::new(node), Arc::new(one));
                        }
                        ordered = query.windows.is_empty() && is_by_groups(&select.order_by, aggregation);
                        self.aggregate(node, aggregation)?
                    }
                    None => {
                        ordered = in_order;
                        together = in_order && !different.is_empty();
                        node
                    }
                }
            }
        };
        if !query.having.is_empty() {
            let tests = self.tests(&query.having)?;
            root = Node::Filter(Box::new(root), Arc::new(tests));
        }
        for step in &query.windows {
            root = self.window(root, step)?;
        }
        let values = Arc::new(self.scalars(&query.columns)?);
        if let Some(collations) = &query.distinct
            && !gives_each_once(&root)
        {
            let distinct = Distinct { values: values.clone(), collations: collations.clone(), together };
            root = Node::Distinct(Box::new(root), Arc::new(distinct));
        }
        let limit = self.limit(select)?;
        let mut output = values;
        if !select.order_by.is_empty() && !ordered {
            let keys = self.sort_keys(&select.order_by)?;
            let row = self.add_slot(select.slot);
            let width = output.len();
            let sort = Sort { row, keys, values: output, limit: limit.clone() };
            root = Node::Sort(Box::new(root), Arc::new(sort));
            output = Arc::new((0..width).map(|place| Scalar::Column { row, place }).collect());
        }
        if let Some(limit) = limit {
            root = Node::Limit(Box::new(root), limit);
        }
        Ok(QueryPlan { root, output })
    }

    /// `SELECT count(*) FROM t`, also of a range of a tree: the tree knows.
    fn counted(&mut self, query: &Query) -> Result<Option<Node>> {
        let Some(aggregation) = &query.aggregation else { return Ok(None) };
        let (Some(from), [call]) = (&query.from, aggregation.calls.as_slice()) else { return Ok(None) };
        let From::Source(source) = from else { return Ok(None) };
        let SourceRows::Table { store, table, .. } = &source.rows else { return Ok(None) };
        let is_value = |argument: &Expr| matches!(argument, Expr::Column(column) if column.slot == source.slot && column.not_null);
        let is_built_in = matches!(call.function.body, func::Body::Aggregate(AggregateKind::Count));
        let counts = is_built_in && call.filter.is_none() && call.arguments.iter().all(is_value);
        if !counts
            || (call.distinct && !call.arguments.is_empty())
            || aggregation.grouped
            || !aggregation.bare.is_empty()
        {
            return Ok(None);
        }
        let range = match query.filter.is_empty() {
            true => None,
            false => match self.range_of(from, &query.filter)? {
                Some(range) => Some(range),
                None => return Ok(None),
            },
        };
        let row = self.add_slot(aggregation.slot);
        self.parts.tables.push((*store, table.tree));
        Ok(Some(Node::Count(Arc::new(Count { row, store: *store, tree: table.tree, range }))))
    }

    fn aggregate(&mut self, input: Node, aggregation: &bound::Aggregation) -> Result<Node> {
        let keys = aggregation
            .keys
            .iter()
            .map(|(key, collation)| Ok((self.scalar(key)?, collation.clone())))
            .collect::<Result<_>>()?;
        let calls = aggregation.calls.iter().map(|call| self.call(call)).collect::<Result<_>>()?;
        let bare = self.scalars(&aggregation.bare)?;
        let row = self.add_slot(aggregation.slot);
        let plan = Aggregation { row, keys, grouped: aggregation.grouped, calls, bare };
        Ok(Node::Aggregate(Box::new(input), Arc::new(plan)))
    }

    fn call(&mut self, call: &bound::AggregateCall) -> Result<AggregateCall> {
        Ok(AggregateCall {
            function: call.function.clone(),
            arguments: self.scalars(&call.arguments)?,
            distinct: call.distinct,
            filter: match &call.filter {
                Some(filter) => Some(self.compiler().test(filter)?),
                None => None,
            },
            order_by: self.sort_keys(&call.order_by)?,
            collation: call.collation.clone(),
            place: crate::func::Place::Statement,
        })
    }

    fn window(&mut self, input: Node, step: &bound::WindowStep) -> Result<Node> {
        let Some(first) = step.calls.first() else { return Ok(input) };
        let partition: Vec<bound::OrderTerm> = first
            .partition_by
            .iter()
            .map(|expr| bound::OrderTerm {
                expr: expr.clone(),
                descending: false,
                nulls_first: true,
                collation: crate::expr::collation_of(expr).map(|(c, _)| c).unwrap_or_default(),
            })
            .collect();
        let partition_by = self.sort_keys(&partition)?;
        let order_by = self.sort_keys(&first.order_by)?;
        let passed = self.scalars(&step.passed)?;
        let mut calls = Vec::new();
        for window in &step.calls {
            calls.push(WindowCall {
                call: self.call(&window.call)?,
                unit: window.frame.unit,
                start: self.frame_bound(&window.frame.start)?,
                end: self.frame_bound(&window.frame.end)?,
                exclude: window.frame.exclude,
            });
        }
        let row = self.add_slot(step.slot);
        let plan = Window { row, partition_by, order_by, passed, calls };
        Ok(Node::Window(Box::new(input), Arc::new(plan)))
    }

    fn frame_bound(&mut self, bound: &bound::FrameBound) -> Result<FrameBound> {
        Ok(match bound {
            bound::FrameBound::Unbounded => FrameBound::Unbounded,
            bound::FrameBound::CurrentRow => FrameBound::CurrentRow,
            bound::FrameBound::Preceding(expr) => FrameBound::Preceding(self.scalar(expr)?),
            bound::FrameBound::Following(expr) => FrameBound::Following(self.scalar(expr)?),
        })
    }

    /// The rows of a query in `FROM`.
    pub(super) fn rows(&mut self, slot: Slot, select: &Select, tests: &[Expr], kept: bool) -> Result<Node> {
        let mut select = select.clone();
        let used = self.used.get(&slot).cloned().unwrap_or_default();
        leave_out(&mut select, &used);
        let mut query = match kept {
            true => self.keeping(|planner| planner.select(&mut select))?,
            false => self.select(&mut select)?,
        };
        if used.is_empty() {
            query.output = Arc::default();
        }
        let row = self.add_slot(slot);
        let tests = self.tests(tests)?;
        Ok(Node::Rows(Arc::new(Rows { row, query, kept, tests })))
    }
}

/// Whether a step gives of rows with the same values only one: it is asked to where their values are those of a query with
/// `DISTINCT`.
fn gives_each_once(root: &Node) -> bool {
    matches!(root, Node::Scan(scan) if !scan.apart.is_empty())
}

/// Whether the rows of `FROM` are those of the query, in any order.
fn is_plain(select: &Select, query: &Query) -> bool {
    query.windows.is_empty() && query.having.is_empty() && select.order_by.is_empty()
}

/// The order in which rows with the same values lie together.
fn values_in_order(query: &Query, collations: &[Collation]) -> Vec<bound::OrderTerm> {
    let values = query.columns.iter().zip(collations);
    let term = |(expr, collation): (&Expr, &Collation)| bound::OrderTerm {
        expr: expr.clone(),
        descending: false,
        nulls_first: true,
        collation: collation.clone(),
    };
    values.map(term).collect()
}

/// `SELECT min(x)` or `max(x)` of all rows: the order in which the first row has it, and for `min` what that row must
/// have, since NULL comes first.
fn extreme(query: &Query) -> Option<(bound::OrderTerm, Option<Expr>)> {
    let aggregation = query.aggregation.as_ref()?;
    let [call] = aggregation.calls.as_slice() else { return None };
    let [value] = call.arguments.as_slice() else { return None };
    let descending = match call.function.name.as_ref() {
        "min" => false,
        "max" => true,
        _ => return None,
    };
    let never_null = matches!(value, Expr::Column(column) if column.not_null);
    if aggregation.grouped
        || call.filter.is_some()
        || !matches!(call.function.body, func::Body::Aggregate(_))
        || (!descending && !never_null && !aggregation.bare.is_empty())
    {
        return None;
    }
    let collation = call.collation.clone();
    let term = bound::OrderTerm { expr: value.clone(), descending, nulls_first: !descending, collation };
    let has_value = (!descending && !never_null).then(|| Expr::NotNull(Box::new(value.clone())));
    Some((term, has_value))
}

/// Whether groups, which come in the order of their keys, are in this order.
fn is_by_groups(order: &[bound::OrderTerm], aggregation: &bound::Aggregation) -> bool {
    aggregation.grouped
        && order.len() <= aggregation.keys.len()
        && order.iter().zip(&aggregation.keys).enumerate().all(|(place, (term, (_, collation)))| {
            let is_key = matches!(&term.expr, Expr::Column(column)
                if column.slot == aggregation.slot && column.place == Place::At(place));
            is_key && !term.descending && term.nulls_first && term.collation == *collation
        })
}
