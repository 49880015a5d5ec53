//! The rows of `EXPLAIN QUERY PLAN` as a tree.

use std::fmt::Write;

use duramen_sql::{Value, ValueRef};

use super::value_text::shown;

/// Whether these are the columns of `EXPLAIN QUERY PLAN`.
pub(crate) fn is_plan(columns: &[Box<str>]) -> bool {
    columns.iter().map(|name| &**name).eq(["id", "parent", "notused", "detail"])
}

/// The tree, a line a step.
pub(crate) fn draw(rows: &[Vec<Value>]) -> String {
    let mut tree = "QUERY PLAN\n".to_owned();
    below(rows, &Value::Integer(0), "", &mut tree);
    tree
}

fn below(rows: &[Vec<Value>], parent: &Value, indent: &str, tree: &mut String) {
    // A step stands behind the one it is part of; anything else would be drawn for ever.
    let children: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].get(1) == Some(parent)).collect();
    for (number, &at) in children.iter().enumerate() {
        let last = number + 1 == children.len();
        let [id, _, _, detail] = &rows[at][..] else { continue };
        let detail = shown(ValueRef::from(detail), "");
        // Writing to a string cannot fail.
        let _ = writeln!(tree, "{indent}{}{detail}", if last { "`--" } else { "|--" });
        let deeper = format!("{indent}{}", if last { "   " } else { "|  " });
        below(&rows[at + 1..], id, &deeper, tree);
    }
}
