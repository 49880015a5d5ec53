//! Conditions that follow from those of a query, and let a table be read by less than the whole of it. They are beside what
//! they follow from, not instead of it.
//!
//! | what must be true | what follows |
//! |---|---|
//! | `(t.a = 1 AND u.b = 2) OR (t.a = 3 AND u.b = 4)` | `t.a = 1 OR t.a = 3`, and the same of `u` |
//! | `(a, b) > (x, y)`, which is `a > x OR (a = x AND b > y)` | `a >= x` |
//! | `a LIKE 'sun%'`, where an index compares `a` as `LIKE` does | `(a >= 'sun' AND a < 'suo') OR a >= x''` |

use std::collections::BTreeSet;

use super::factor::parts;
use super::volatile::is_simple;
use crate::bound::{CompareOp, Comparison, Expr, From, FunctionCall, Query, Slot, SourceRows, slots_of};
use crate::func::Body;
use crate::value::{Affinity, Collation, Value};

/// Adds what follows from the conditions of a query.
pub(super) fn imply(query: &mut Query) {
    let Some(from) = &query.from else { return };
    let mut found = Vec::new();
    for condition in &query.filter {
        match condition {
            Expr::Or(arms) => {
                found.extend(restrictions(arms));
                found.extend(first_end(arms));
            }
            Expr::Function(call) => found.extend(prefix_range(call, from)),
            _ => {}
        }
    }
    query.filter.extend(found);
}

/// What an `OR` over several tables says of each of them alone, if every arm says something of it.
fn restrictions(arms: &[Expr]) -> Vec<Expr> {
    let slots: BTreeSet<Slot> = arms.iter().flat_map(slots_of).collect();
    if slots.len() < 2 {
        return Vec::new();
    }
    let about =
        |slot: Slot| arms.iter().map(|arm| part_about(arm, slot)).collect::<Option<_>>().map(Expr::Or);
    slots.into_iter().filter_map(about).collect()
}

/// What an arm says of one table alone.
fn part_about(arm: &Expr, slot: Slot) -> Option<Expr> {
    let is_about = |part: &&Expr| is_simple(part) && slots_of(part).iter().eq([&slot]);
    let mut about: Vec<Expr> = parts(arm).iter().filter(is_about).cloned().collect();
    match about.len() {
        0 => None,
        1 => about.pop(),
        _ => Some(Expr::And(about)),
    }
}

/// Of `a > x OR (a = x AND ..)` that `a >= x`, and of the same with `<` that `a <= x`.
fn first_end(arms: &[Expr]) -> Option<Expr> {
    let [Expr::Compare(end), Expr::And(rest)] = arms else { return None };
    let op = match end.op {
        CompareOp::Gt => CompareOp::Ge,
        CompareOp::Lt => CompareOp::Le,
        _ => return None,
    };
    let equal = Comparison { op: CompareOp::Eq, ..(**end).clone() };
    let is_equal = matches!(rest.first(), Some(Expr::Compare(first)) if **first == equal);
    let follows = Expr::Compare(Box::new(Comparison { op, ..equal }));
    (is_equal && is_simple(&follows)).then_some(follows)
}

/// The range in which texts are that begin as a pattern of `LIKE` or `GLOB` does. Blobs match by their bytes and lie behind
/// all texts.
fn prefix_range(call: &FunctionCall, from: &From) -> Option<Expr> {
    let ([Expr::Literal(Value::Text(pattern)), column @ Expr::Column(of)], Body::Scalar(_)) =
        (call.arguments.as_slice(), &call.function.body)
    else {
        return None;
    };
    let (signs, collation) = match &*call.function.name {
        "like" => ("%_", Collation::NoCase),
        "glob" => ("*?[", Collation::Binary),
        _ => return None,
    };
    if of.affinity != Affinity::Text || !leads_index(from, column, &collation) {
        return None;
    }
    let plain =
        pattern.iter().take_while(|byte| (1..0x7f).contains(*byte) && !signs.as_bytes().contains(byte));
    let first: Vec<u8> = match collation {
        Collation::NoCase => plain.map(u8::to_ascii_lowercase).collect(),
        _ => plain.copied().collect(),
    };
    let mut behind = first.clone();
    *behind.last_mut()? += 1;
    let is = |op, right| {
        let (left, right) = (column.clone(), Expr::Literal(right));
        let comparison =
            Comparison { op, left, right, affinity: Affinity::None, collation: collation.clone() };
        Expr::Compare(Box::new(comparison))
    };
    let texts =
        vec![is(CompareOp::Ge, Value::Text(first.into())), is(CompareOp::Lt, Value::Text(behind.into()))];
    Some(Expr::Or(vec![Expr::And(texts), is(CompareOp::Ge, Value::Blob(Vec::new().into()))]))
}

/// Whether an index begins with a column of a stored table, compared in this way.
fn leads_index(from: &From, column: &Expr, collation: &Collation) -> bool {
    match from {
        From::Join(join) => {
            leads_index(&join.left, column, collation) || leads_index(&join.right, column, collation)
        }
        From::Source(source) => match &source.rows {
            SourceRows::Table { indexes, .. } => indexes.iter().any(|bound| {
                bound.columns.first() == Some(column)
                    && bound.index.columns.first().is_some_and(|first| first.collation == *collation)
            }),
            _ => false,
        },
    }
}
