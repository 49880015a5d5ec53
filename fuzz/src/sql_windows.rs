//! Random window functions: the part of [`Generator`] that makes `OVER`.
//!
//! Rows are put in a total order, by their rowid last, so that every frame is determined.

use crate::sql_expr::Generator;
use crate::sql_tree::{Sql, brackets, optional, seq, text};
use crate::sql_values::Choose;

impl Generator<'_> {
    /// A window function over the rows of one table, which is known by this alias and has a rowid.
    pub fn windowed(&mut self, alias: &str) -> Sql {
        let call = self.window_call();
        let mut parts = Vec::new();
        if self.random.chance(50) {
            parts.push(optional(seq([text("PARTITION BY"), self.key()])));
        }
        let end = self.random.one(&["", "DESC"]);
        let by_rowid = self.random.chance(50);
        parts.push(if by_rowid {
            text(format!("ORDER BY {alias}.rowid {end}"))
        } else {
            let order = self.random.one(&["", "DESC", "ASC NULLS LAST", "DESC NULLS FIRST"]);
            seq([text("ORDER BY"), self.key(), text(format!("{order}, {alias}.rowid {end}"))])
        });
        if self.random.chance(60) {
            parts.push(optional(text(self.frame(by_rowid))));
        }
        seq([call, text("OVER"), brackets(Sql::Seq(parts))])
    }

    fn window_call(&mut self) -> Sql {
        let number = self.random.between(1, 3);
        match self.random.below(14) {
            0 => text("row_number()"),
            1 => text(self.random.one(&["rank()", "dense_rank()"])),
            2 => text(self.random.one(&["percent_rank()", "cume_dist()"])),
            3 => text(format!("ntile({number})")),
            4 | 5 => {
                let name = self.random.one(&["lag(", "lead("]);
                match self.random.below(3) {
                    0 => seq([text(name), self.expr(1), text(")")]),
                    1 => seq([text(name), self.expr(1), text(format!(", {number})"))]),
                    _ => {
                        seq([text(name), self.expr(1), text(format!(", {number},")), self.expr(0), text(")")])
                    }
                }
            }
            6 | 7 => {
                let name = self.random.one(&["first_value(", "last_value("]);
                seq([text(name), self.expr(1), text(")")])
            }
            8 => seq([text("nth_value("), self.expr(1), text(format!(", {number})"))]),
            _ => self.window_aggregate(),
        }
    }

    fn window_aggregate(&mut self) -> Sql {
        let call = match self.random.below(7) {
            0 => text("count(*)"),
            6 => self.percentile(),
            1 => seq([text("count("), self.expr(1), text(")")]),
            2 | 3 => seq([text(self.random.one(&["sum(", "avg(", "total("])), self.summand(), text(")")]),
            4 => seq([text(self.random.one(&["min(", "max("])), self.key(), text(")")]),
            _ => seq([text("group_concat("), self.key(), text(")")]),
        };
        if self.random.chance(20) {
            return seq([call, text("FILTER (WHERE"), self.predicate(1), text(")")]);
        }
        call
    }

    /// A frame; by distance only where the rows are in the order of numbers.
    fn frame(&mut self, numbers: bool) -> String {
        let mode = self.random.one(&["ROWS", "GROUPS", "RANGE"]);
        let distances = mode != "RANGE" || numbers;
        let near = if distances { self.random.between(0, 3) } else { 0 };
        let far = near + if distances { self.random.between(0, 2) } else { 0 };
        let bounds = match self.random.below(if distances { 8 } else { 4 }) {
            0 => "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_string(),
            1 => "BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING".into(),
            2 => "BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".into(),
            3 => "CURRENT ROW".into(),
            4 => format!("BETWEEN {far} PRECEDING AND {near} PRECEDING"),
            5 => format!("BETWEEN {near} FOLLOWING AND {far} FOLLOWING"),
            6 => format!("BETWEEN {near} PRECEDING AND {far} FOLLOWING"),
            _ => format!("{near} PRECEDING"),
        };
        let exclude = self.random.one(&[
            "",
            "",
            "EXCLUDE CURRENT ROW",
            "EXCLUDE GROUP",
            "EXCLUDE TIES",
            "EXCLUDE NO OTHERS",
        ]);
        format!("{mode} {bounds} {exclude}")
    }
}
