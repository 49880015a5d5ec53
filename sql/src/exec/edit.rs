//! Stored statements written anew: names changed in their text, everything else as it was.

use crate::ast::{
    self, ColumnConstraintKind, ColumnRef, CreateIndex, Expr, ExprKind, ForeignReference, InSet, Literal,
    Name, Span, TableConstraintKind, TableDefinition,
};

/// A place in a text, and what goes there instead.
pub(super) struct Edit {
    pub(super) span: Span,
    pub(super) text: String,
}

/// A text with edits made. Edits of one place are made once.
pub(super) fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.span.start);
    edits.dedup_by_key(|edit| edit.span.start);
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        if range.start < at || range.end > text.len() {
            continue;
        }
        result.push_str(&text[at..range.start]);
        result.push_str(&edit.text);
        at = range.end;
    }
    result.push_str(&text[at..]);
    result
}

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The edit that puts a name in double quotes in a place; a quote that follows must not seem to go on with it.
pub(super) fn rename_quoted(text: &str, span: Span, name: &str) -> Edit {
    let mut new = quoted(name);
    if text[span.range().end..].starts_with('"') {
        new.push(' ');
    }
    Edit { span, text: new }
}

/// The edit that puts a name in a place: as it is where it was written without quotes and the old one was too.
pub(super) fn rename(text: &str, span: Span, name: &Name) -> Edit {
    let old = &text[span.range()];
    let plain =
        old.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80);
    if name.quote == ast::Quote::None && plain {
        return Edit { span, text: name.text.to_string() };
    }
    rename_quoted(text, span, &name.text)
}

/// Where an expression names columns.
pub(super) fn column_refs<'e>(expr: &'e Expr, found: &mut dyn FnMut(&'e ColumnRef)) {
    match &expr.kind {
        ExprKind::Column(column) => found(column),
        ExprKind::Literal(_)
        | ExprKind::Parameter(_)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::Raise(_) => {}
        ExprKind::Unary(_, a)
        | ExprKind::IsNull(a)
        | ExprKind::NotNull(a)
        | ExprKind::Cast { operand: a, .. }
        | ExprKind::Collate { operand: a, .. } => column_refs(a, found),
        ExprKind::Binary(_, a, b) => {
            column_refs(a, found);
            column_refs(b, found);
        }
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Row(all) => {
            all.iter().for_each(|each| column_refs(each, found));
        }
        ExprKind::Match(matching) => {
            column_refs(&matching.operand, found);
            column_refs(&matching.pattern, found);
            matching.escape.iter().for_each(|escape| column_refs(escape, found));
        }
        ExprKind::Between { operand, low, high, .. } => {
            [operand, low, high].into_iter().for_each(|each| column_refs(each, found));
        }
        ExprKind::In { set, .. } if matches!(&**set, InSet::List(list) if list.is_empty()) => {}
        ExprKind::In { operand, set, .. } => {
            column_refs(operand, found);
            if let InSet::List(list) = &**set {
                list.iter().for_each(|each| column_refs(each, found));
            }
        }
        ExprKind::Case(case) => {
            case.operand.iter().for_each(|each| column_refs(each, found));
            for (when, then) in &case.branches {
                column_refs(when, found);
                column_refs(then, found);
            }
            case.otherwise.iter().for_each(|each| column_refs(each, found));
        }
        ExprKind::Function(call) => {
            if let ast::Arguments::List { values, .. } = &call.arguments {
                values.iter().for_each(|each| column_refs(each, found));
            }
            call.filter.iter().for_each(|each| column_refs(each, found));
        }
    }
}

/// A place that names a table or a column of it.
#[derive(Clone, Copy)]
pub(super) enum Mention<'d> {
    /// The table.
    Table(&'d Name),
    /// A column; the name, and the place that it takes up.
    Column(&'d str, Span),
}

/// Where the definition of a table names itself, its columns, and the tables that its foreign keys name. For the
/// latter the table is given, and their columns.
pub(super) fn mentions_of_table<'d>(
    definition: &'d TableDefinition,
    own: &mut dyn FnMut(Mention<'d>),
    foreign: &mut dyn FnMut(&'d ForeignReference),
) {
    let column = |name: &'d Name| Mention::Column(&name.text, name.span);
    for defined in &definition.columns {
        own(column(&defined.name));
        for constraint in &defined.constraints {
            match &constraint.kind {
                ColumnConstraintKind::Check(check) => mentions_of_expr(&check.expr, own),
                ColumnConstraintKind::Generated { expr, .. } => mentions_of_expr(expr, own),
                ColumnConstraintKind::References(reference) => foreign(reference),
                _ => {}
            }
        }
    }
    for constraint in &definition.constraints {
        match &constraint.kind {
            TableConstraintKind::PrimaryKey { columns, .. } | TableConstraintKind::Unique { columns, .. } => {
                columns.iter().for_each(|term| mentions_of_key(&term.expr, own));
            }
            TableConstraintKind::Check(check) => mentions_of_expr(&check.expr, own),
            TableConstraintKind::ForeignKey { columns, references } => {
                columns.iter().for_each(|name| own(column(name)));
                foreign(references);
            }
        }
    }
}

/// Where an index names its table and the columns of that.
pub(super) fn mentions_of_index<'d>(index: &'d CreateIndex, own: &mut dyn FnMut(Mention<'d>)) {
    own(Mention::Table(&index.table));
    index.columns.iter().for_each(|term| mentions_of_key(&term.expr, own));
    index.filter.iter().for_each(|filter| mentions_of_expr(filter, own));
}

fn mentions_of_expr<'d>(expr: &'d Expr, own: &mut dyn FnMut(Mention<'d>)) {
    column_refs(expr, &mut |name| {
        if let Some(table) = &name.table {
            own(Mention::Table(&table.name));
        }
        own(Mention::Column(&name.column.text, name.column.span));
    });
}

/// A term of a key: a text is a name there.
fn mentions_of_key<'d>(expr: &'d Expr, own: &mut dyn FnMut(Mention<'d>)) {
    let mut inner = expr;
    while let ExprKind::Collate { operand, .. } = &inner.kind {
        inner = operand;
    }
    match &inner.kind {
        ExprKind::Literal(Literal::Text(name)) => own(Mention::Column(name, inner.span)),
        _ => mentions_of_expr(inner, own),
    }
}
