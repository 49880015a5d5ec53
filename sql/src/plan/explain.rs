//! `EXPLAIN QUERY PLAN`: a plan as a tree of lines.

use super::physical::{Access, EachSource, Node, QueryPlan, SelectPlan};

/// A line of the tree.
pub struct Line {
    /// Its number.
    pub id: i64,
    /// The line it belongs to; 0 for the top.
    pub parent: i64,
    /// What is done.
    pub detail: String,
}

/// The lines of a query.
#[must_use]
pub fn explain_select(plan: &SelectPlan) -> Vec<Line> {
    let mut lines = Lines { lines: Vec::new() };
    lines.query(&plan.query, 0);
    for subquery in &plan.parts.subqueries {
        let kind = if subquery.correlated { "CORRELATED SUBQUERY" } else { "SUBQUERY" };
        let parent = lines.add(0, kind.into());
        lines.query(&subquery.query, parent);
    }
    lines.lines
}

struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    fn add(&mut self, parent: i64, detail: String) -> i64 {
        let id = i64::try_from(self.lines.len()).unwrap_or(i64::MAX) + 1;
        self.lines.push(Line { id, parent, detail });
        id
    }

    fn query(&mut self, plan: &QueryPlan, parent: i64) {
        self.node(&plan.root, parent);
    }

    fn node(&mut self, node: &Node, parent: i64) {
        match node {
            Node::One => {
                self.add(parent, "SCAN CONSTANT ROW".into());
            }
            Node::Empty => {
                self.add(parent, "NO ROWS".into());
            }
            Node::Scan(scan) => {
                let order = if scan.reverse { " DESC" } else { "" };
                let label = match &scan.access {
                    Access::All | Access::Rowid(_) | Access::RowidRange(..) | Access::Keys(_) => &scan.label,
                };
                self.add(parent, format!("{label}{order}"));
            }
            Node::Any(any) => {
                let parent = self.add(parent, "MULTI-INDEX OR".into());
                for scan in &any.scans {
                    self.node(scan, parent);
                }
            }
            Node::Filter(input, _) => self.node(input, parent),
            Node::Nested(outer, inner) => {
                self.node(outer, parent);
                self.node(inner, parent);
            }
            Node::Left(outer, inner, _) => {
                self.node(outer, parent);
                let parent = self.add(parent, "LEFT-JOIN".into());
                self.node(inner, parent);
            }
            Node::Hash(outer, inner, plan) => {
                self.node(outer, parent);
                let kind = if plan.left { "LEFT-JOIN BY HASH" } else { "JOIN BY HASH" };
                let parent = self.add(parent, kind.into());
                self.node(inner, parent);
            }
            Node::Outer(left, right, plan) => {
                let kind = if plan.full { "FULL-JOIN" } else { "RIGHT-JOIN" };
                let parent = self.add(parent, kind.into());
                self.node(left, parent);
                self.node(right, parent);
            }
            Node::Aggregate(input, plan) => {
                self.node(input, parent);
                if plan.grouped {
                    self.add(parent, "GROUP BY HASH".into());
                }
            }
            Node::Window(input, _) => {
                self.node(input, parent);
                self.add(parent, "WINDOW".into());
            }
            Node::Sort(input, plan) => {
                self.node(input, parent);
                let what = if plan.limit.is_some() { "FIRST ROWS FOR ORDER BY" } else { "SORT FOR ORDER BY" };
                self.add(parent, what.into());
            }
            Node::Distinct(input, _) => {
                self.node(input, parent);
                self.add(parent, "DISTINCT BY HASH".into());
            }
            Node::Limit(input, _) => self.node(input, parent),
            Node::Rows(rows) => {
                let what = if rows.kept { "MATERIALIZE SUBQUERY" } else { "SUBQUERY" };
                let parent = self.add(parent, what.into());
                self.query(&rows.query, parent);
            }
            Node::Values(values) => {
                self.add(parent, format!("SCAN {} CONSTANT ROWS", values.rows.len()));
            }
            Node::Compound(compound) => {
                let parent = self.add(parent, format!("COMPOUND {:?}", compound.op).to_uppercase());
                self.query(&compound.left, parent);
                self.query(&compound.right, parent);
            }
            Node::Recursive(recursive) => {
                let parent = self.add(parent, "RECURSIVE TABLE".into());
                let setup = self.add(parent, "SETUP".into());
                self.query(&recursive.initial, setup);
                let step = self.add(parent, "RECURSIVE STEP".into());
                for query in &recursive.steps {
                    self.query(query, step);
                }
            }
            Node::Recursion(..) => {
                self.add(parent, "SCAN RECURSIVE TABLE".into());
            }
            Node::Function(function) => {
                self.add(parent, format!("SCAN FUNCTION {:?}", function.function));
            }
            Node::Each(each) => {
                let what = match &each.source {
                    EachSource::List(list) => format!("EACH OF {} VALUES", list.len()),
                    EachSource::Subquery(_) => "EACH VALUE OF A SUBQUERY".into(),
                };
                self.add(parent, what);
            }
            Node::Count(_) => {
                self.add(parent, "COUNT ROWS FROM TREE".into());
            }
        }
    }
}
