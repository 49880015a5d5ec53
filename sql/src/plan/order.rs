//! Whether rows come in the order that is wanted without being sorted.
//!
//! Rows of a join are in the order of its first table; where that tells all its rows apart, or has only one, the order
//! of the next table comes behind it, and so on.

use super::access::{AROUND, Mask, Wants, bare};
use super::path::{Candidates, Path};
use super::scan::sequence;
use crate::bound::{Expr, OrderTerm};
use crate::codec::Direction;

/// How far the tables of a join so far go in the order that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many terms hold.
    pub(super) terms: usize,
    /// Whether what is read last is to be read from its end.
    pub(super) reverse: bool,
    /// How many columns of what is read last the terms are.
    pub(super) columns: usize,
}

/// Goes on from the terms that hold before a table is joined; `None` if its rows break the order. `needs` are the items
/// that each term needs.
pub(super) fn advance(
    from: &Candidates<'_>,
    path: &Path,
    known: Mask,
    wanted: &[OrderTerm],
    needs: &[Mask],
    start: usize,
) -> Option<Progress> {
    let sequence = sequence(from, &path.way);
    let mut columns =
        sequence.iter().flatten().enumerate().filter(|(_, column)| !column.is_constant).peekable();
    let mut reverse = None;
    let mut terms = start;
    let mut in_terms = 0;
    while let (Some(term), Some(needed)) = (wanted.get(terms), needs.get(terms)) {
        let fixed = if path.is_single { known | from.own | AROUND } else { AROUND };
        let is_fixed = needed & !fixed == 0;
        if is_fixed || is_constant(from, path, &term.expr) {
            terms += 1;
            continue;
        }
        let Some((place, column)) = columns.peek() else { break };
        let backwards = term.descending != (column.direction == Direction::Descending);
        let nulls_fit = term.nulls_first != term.descending || is_not_null(&column.expr);
        if *bare(&term.expr) != column.expr
            || term.collation != column.collation
            || !nulls_fit
            || reverse.is_some_and(|reverse| reverse != backwards)
        {
            break;
        }
        reverse = Some(backwards);
        in_terms = place + 1;
        columns.next();
        terms += 1;
    }
    let all_apart = path.is_single || (sequence.is_some() && columns.peek().is_none());
    let progress = Progress { terms, reverse: reverse == Some(true), columns: in_terms };
    (terms == wanted.len() || all_apart).then_some(progress)
}

/// Whether an expression is the same in all rows that are read, since the path looks for one value of it that no column of
/// the row itself gives.
fn is_constant(from: &Candidates<'_>, path: &Path, expr: &Expr) -> bool {
    from.terms.iter().any(|term| {
        path.used.contains(&term.condition)
            && matches!(term.wants, Wants::Equal(..) | Wants::Null)
            && term.needs & from.own == 0
            && term.column == bare(expr)
            && term.collation == crate::value::Collation::Binary
    })
}

fn is_not_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.not_null)
}
