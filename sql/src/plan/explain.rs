//! `EXPLAIN QUERY PLAN`: a plan as a tree of lines.

use super::physical::{EachSource, Node, QueryPlan, SelectPlan};

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
                self.add(parent, scan.label.clone());
            }
            Node::Any(any) => {
                let parent = self.add(parent, "MULTI-INDEX OR".into());
                for (number, scan) in any.scans.iter().enumerate() {
                    let parent = self.add(parent, format!("INDEX {}", number + 1));
                    self.node(scan, parent);
                }
            }
            Node::Filter(input, _) => self.node(input, parent),
            Node::Nested(outer, inner) => {
                // What is looked at once before, and the values that a search is made for, are no steps for people.
                let is_inside =
                    |node: &Node| matches!(node, Node::Filter(input, _) if matches!(**input, Node::One));
                if !is_inside(outer) && !matches!(**outer, Node::Each(_)) {
                    self.node(outer, parent);
                }
                self.node(inner, parent);
            }
            Node::Left(outer, inner, _) => {
                self.node(outer, parent);
                let at = self.lines.len();
                self.node(inner, parent);
                if let Some(line) = self.lines.get_mut(at) {
                    line.detail.push_str(" LEFT-JOIN");
                }
            }
            Node::Hash(outer, inner, plan) => {
                self.node(outer, parent);
                let kind = if plan.left { "LEFT-JOIN USING HASH TABLE" } else { "JOIN USING HASH TABLE" };
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
                    self.add(parent, "USE HASH TABLE FOR GROUP BY".into());
                }
            }
            Node::Window(input, _) => {
                self.node(input, parent);
                self.add(parent, "WINDOW".into());
            }
            Node::Sort(input, _) => {
                self.node(input, parent);
                self.add(parent, "USE TEMP B-TREE FOR ORDER BY".into());
            }
            Node::Distinct(input, _) => {
                self.node(input, parent);
                self.add(parent, "USE HASH TABLE FOR DISTINCT".into());
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
            Node::Recursion { .. } => {
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
            Node::Count(count) => {
                let what = match &count.range {
                    Some(range) => format!("COUNT ENTRIES, {}", range.label),
                    None => "COUNT ENTRIES OF TABLE".into(),
                };
                self.add(parent, what);
            }
        }
    }
}
