//! Random expressions of operators without brackets, so that precedence and associativity decide what they are.

use crate::random::Random;
use crate::sql_tree::{Sql, optional, seq, text, value};
use crate::sql_values::{self as values, Choose};

/// Operators between two operands.
const BETWEEN_TWO: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "&",
    "|",
    "<<",
    ">>",
    "=",
    "==",
    "<",
    "<=",
    ">",
    ">=",
    "<>",
    "!=",
    "IS",
    "IS NOT",
    "AND",
    "OR",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
    "LIKE",
    "NOT LIKE",
    "GLOB",
    "NOT GLOB",
];

/// Operators behind an operand.
const BEHIND: &[&str] = &[
    "ISNULL",
    "NOTNULL",
    "NOT NULL",
    "IS NULL",
    "IS NOT NULL",
    "IS TRUE",
    "IS NOT TRUE",
    "IS FALSE",
    "IS NOT FALSE",
    "COLLATE NOCASE",
    "COLLATE RTRIM",
    "COLLATE BINARY",
];

/// Operators before an operand.
const BEFORE: &[&str] = &["-", "+", "~", "NOT", "- -", "+ -", "~ -", "NOT NOT", "- +", "NOT ~", "NOT -"];

/// The depth of an expression that is in no brackets.
const OUTERMOST: usize = 2;

/// A query for a random expression.
pub fn query(random: &mut Random) -> Sql {
    seq([text("SELECT"), expression(random, OUTERMOST)])
}

/// Operands with operators between them.
fn expression(random: &mut Random, depth: usize) -> Sql {
    let mut parts = vec![operand(random, depth)];
    for _ in 0..random.between(1, 5) {
        let part = match random.below(20) {
            0 => {
                let not = random.one(&["BETWEEN", "NOT BETWEEN"]);
                seq([text(not), operand(random, depth), text("AND"), operand(random, depth)])
            }
            1 => {
                let not = random.one(&["IN", "NOT IN"]);
                // In brackets behind IS the empty list would be the word TRUE or FALSE to SQLite.
                let least = usize::from(depth < OUTERMOST);
                let items = (0..random.between(least, 3)).map(|_| operand(random, 0)).collect();
                let items = Sql::List { items, separator: ", ", least: 0 };
                seq([text(not), text("("), items, text(")")])
            }
            2 => {
                let not = random.one(&["LIKE", "NOT LIKE"]);
                let escape = random.one(&["'!'", "'a'", "'%'", "'\\'"]);
                let like = [text(not), operand(random, 0), text("ESCAPE"), text(escape)];
                parts.push(optional(Sql::Seq(like.into())));
                // What follows could make the escape longer than one character, an error that is not always looked for.
                break;
            }
            3 | 4 => text(random.one(BEHIND)),
            _ => seq([text(random.one(BETWEEN_TWO)), operand(random, depth)]),
        };
        parts.push(optional(part));
    }
    value(Sql::Seq(parts))
}

fn operand(random: &mut Random, depth: usize) -> Sql {
    let before = if random.chance(20) { optional(text(random.one(BEFORE))) } else { text("") };
    let plain = match random.below(12) {
        0 if depth > 0 => seq([text("("), expression(random, depth - 1), text(")")]),
        1 if depth > 0 => {
            let base = if random.chance(50) { operand(random, 0) } else { text("") };
            let otherwise = optional(seq([text("ELSE"), operand(random, 0)]));
            let parts =
                [text("WHEN"), expression(random, depth - 1), text("THEN"), operand(random, 0), otherwise];
            seq([text("CASE"), base, Sql::Seq(parts.into()), text("END")])
        }
        2 if depth > 0 => {
            let kind = random.one(&["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC", "VARCHAR(3)"]);
            seq([text("CAST("), expression(random, depth - 1), text(format!("AS {kind})"))])
        }
        3 => text(random.one(&["2", "3", "5", "7", "64", "0", "1"])),
        _ => text(values::any_literal(random)),
    };
    value(seq([before, plain]))
}
