//! Equalities: what follows from them, and which of them follow from others.
//!
//! Of `a = b AND b = c` follows `a = c`, and a join may begin with any two of the three. So what follows becomes a condition
//! as well. In each step of a join, [`Known`] leaves out those that are true anyway, as tests and where rows are counted.
//!
//! Equality is passed on only between comparisons that follow the same rules: text compares by its bytes, and the same is
//! applied to the values.

use super::access::bare;
use crate::bound::{CompareOp, Comparison, Expr, From, JoinKind, Query};
use crate::value::{Affinity, Collation};

/// Where more columns than this are equal to each other, only what the query itself says of them is looked at.
const MOST_ALIKE: usize = 8;

/// Adds the equalities that follow from those of a query.
pub(super) fn pass_on(query: &mut Query) {
    let Some(from @ From::Join(_)) = &query.from else { return };
    let mut conditions: Vec<&Expr> = query.filter.iter().collect();
    inner_conditions(from, &mut conditions);
    let (mut known, mut pairs) = (Vec::new(), Vec::new());
    for comparison in conditions.into_iter().filter_map(equality) {
        match (bare(&comparison.left), bare(&comparison.right)) {
            (column @ Expr::Column(_), Expr::Literal(_) | Expr::Parameter(_))
            | (Expr::Literal(_) | Expr::Parameter(_), column @ Expr::Column(_)) => {
                known.push((column, comparison));
            }
            (a @ Expr::Column(_), b @ Expr::Column(_)) if is_alike(a, b) => pairs.push([a, b]),
            _ => {}
        }
    }
    let mut found = constants(known, &pairs);
    found.extend(closure(&pairs));
    query.filter.extend(found);
}

/// Adds the conditions that hold for all rows of a join as those of `WHERE` do.
fn inner_conditions<'q>(from: &'q From, conditions: &mut Vec<&'q Expr>) {
    let From::Join(join) = from else { return };
    match join.kind {
        JoinKind::Inner | JoinKind::Cross => {
            conditions.extend(&join.on);
            inner_conditions(&join.left, conditions);
            inner_conditions(&join.right, conditions);
        }
        JoinKind::Left => inner_conditions(&join.left, conditions),
        JoinKind::Right => inner_conditions(&join.right, conditions),
        JoinKind::Full => {}
    }
}

fn equality(condition: &Expr) -> Option<&Comparison> {
    match condition {
        Expr::Compare(comparison)
            if comparison.op == CompareOp::Eq && comparison.collation == Collation::Binary =>
        {
            Some(comparison)
        }
        _ => None,
    }
}

/// Whether two columns compare with anything alike.
fn is_alike(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Column(a), Expr::Column(b)) => a.affinity == b.affinity && a.collation == b.collation,
        _ => false,
    }
}

/// Of `a = 5 AND a = b` that `b = 5`.
fn constants<'q>(mut known: Vec<(&'q Expr, &'q Comparison)>, pairs: &[[&'q Expr; 2]]) -> Vec<Expr> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((column, comparison)) = known.get(at).copied() {
        at += 1;
        for [a, b] in pairs {
            let other = if *a == column {
                *b
            } else if *b == column {
                *a
            } else {
                continue;
            };
            if known.iter().any(|(column, _)| *column == other) {
                continue;
            }
            known.push((other, comparison));
            let constant = match bare(&comparison.left) {
                Expr::Column(_) => comparison.right.clone(),
                _ => comparison.left.clone(),
            };
            let passed_on = Comparison { left: other.clone(), right: constant, ..comparison.clone() };
            found.push(Expr::Compare(Box::new(passed_on)));
        }
    }
    found
}

/// Of `a = b AND b = c` that `a = c`.
fn closure(pairs: &[[&Expr; 2]]) -> Vec<Expr> {
    let mut classes: Vec<Vec<&Expr>> = Vec::new();
    if pairs.len() > 1 {
        for pair in pairs {
            let (met, mut others): (Vec<_>, Vec<_>) =
                classes.into_iter().partition(|class| class.iter().any(|column| pair.contains(column)));
            let mut class = met.concat();
            class.extend(pair.iter().filter(|column| !met.iter().flatten().any(|known| known == *column)));
            others.push(class);
            classes = others;
        }
    }
    let mut found = Vec::new();
    for class in classes.iter().filter(|class| class.len() <= MOST_ALIKE) {
        for (place, a) in class.iter().enumerate() {
            for b in &class[place + 1..] {
                if !pairs.contains(&[*a, *b]) && !pairs.contains(&[*b, *a]) {
                    found.extend(equal(a, b));
                }
            }
        }
    }
    found
}

/// That two columns are equal which are alike.
fn equal(a: &Expr, b: &Expr) -> Option<Expr> {
    let Expr::Column(column) = a else { return None };
    let affinity = column.affinity.for_comparison(column.affinity).min(Affinity::Numeric);
    let (left, right) = (a.clone(), b.clone());
    let comparison = Comparison { op: CompareOp::Eq, left, right, affinity, collation: Collation::Binary };
    Some(Expr::Compare(Box::new(comparison)))
}

/// Which values each of several conditions makes equal, where some of them follow from others; else nothing.
#[derive(Default)]
pub(super) struct Equalities {
    /// The numbers of the values, for each condition that is such an equality.
    ends: Vec<Option<[usize; 2]>>,
    values: usize,
}

impl Equalities {
    pub(super) fn of<'q>(conditions: impl Iterator<Item = &'q Expr>) -> Equalities {
        let mut values: Vec<(&Expr, Affinity)> = Vec::new();
        let mut number = |value: (&'q Expr, Affinity)| {
            values.iter().position(|known| *known == value).unwrap_or_else(|| {
                values.push(value);
                values.len() - 1
            })
        };
        let ends = conditions.map(|condition| {
            let comparison = equality(condition)?;
            let sides = [bare(&comparison.left), bare(&comparison.right)];
            let is_plain =
                |side: &&Expr| matches!(side, Expr::Column(_) | Expr::Literal(_) | Expr::Parameter(_));
            // What is equal to itself is not NULL, which follows from nothing else.
            let fits = sides.iter().all(is_plain) && sides[0] != sides[1];
            let applied = match comparison.affinity {
                Affinity::Blob => Affinity::None,
                affinity => affinity,
            };
            fits.then(|| sides.map(|side| number((side, applied))))
        });
        let ends: Vec<_> = ends.collect();
        let all = Equalities { ends, values: values.len() };
        let mut known = all.nothing_known();
        match (0..all.ends.len()).all(|condition| known.add(condition)) {
            true => Equalities::default(),
            false => all,
        }
    }

    /// Before any condition is true.
    pub(super) fn nothing_known(&self) -> Known<'_> {
        Known { equalities: self, groups: (0..self.values).collect() }
    }
}

/// What is equal where some conditions are true.
pub(super) struct Known<'e> {
    equalities: &'e Equalities,
    /// Of each value a number that it has in common with those it is equal to.
    groups: Vec<usize>,
}

impl Known<'_> {
    /// Takes a condition for true. Whether it did not follow from those before.
    pub(super) fn add(&mut self, condition: usize) -> bool {
        let Some(Some(ends)) = self.equalities.ends.get(condition) else { return true };
        let [a, b] = ends.map(|value| self.groups[value]);
        for group in self.groups.iter_mut().filter(|group| **group == b) {
            *group = a;
        }
        a != b
    }
}
