//! Columns by their names.

use super::aggregate::has_aggregate;
use super::binder::Binder;
use super::scope::Scope;
use super::window::has_window;
use crate::ast;
use crate::authorizer::Permission;
use crate::bound::Expr;
use crate::error::{Error, Result};
use crate::value::Value;

impl Binder<'_> {
    /// The column of this name, or what the word means where it is none.
    #[inline(never)]
    pub(super) fn column(&mut self, name: &ast::ColumnRef) -> Result<Expr> {
        for depth in (0..self.scopes.len()).rev() {
            if let Some(expr) = find(&self.scopes[depth], name)? {
                self.refuse_misused_alias(depth, name, &expr)?;
                if let Some(mentions) = &mut self.mentions {
                    mentions.note_found(&self.scopes[depth], name);
                }
                if self.permission_to_read(depth, name)? == Permission::Ignored {
                    return Ok(Expr::Literal(Value::Null));
                }
                self.note_copy(&expr)?;
                return Ok(expr);
            }
        }
        if name.table.is_none() {
            let word = &name.column;
            if self.quoted_texts && word.quote == ast::Quote::Double {
                if let Some(mentions) = &mut self.mentions {
                    mentions.texts.push(word.span);
                }
                return Ok(Expr::Literal(Value::from(&*word.text)));
            }
            if word.is_word("true") {
                return Ok(Expr::Literal(Value::Integer(1)));
            }
            if word.is_word("false") {
                return Ok(Expr::Literal(Value::Integer(0)));
            }
        }
        let hint = if name.table.is_none() && name.column.quote == ast::Quote::Double {
            return Err(Error::statement_at(
                format!(
                    "no such column: \"{}\" - should this be a string literal in single-quotes?",
                    name.column.text
                ),
                name.column.span.offset(),
            ));
        } else {
            written(name)
        };
        Err(Error::statement_at(format!("no such column: {hint}"), name.column.span.offset()))
    }
}

impl Binder<'_> {
    /// Refuses a name of a result column where what it stands for cannot stand.
    fn refuse_misused_alias(&self, depth: usize, name: &ast::ColumnRef, expr: &Expr) -> Result<()> {
        let scope = &self.scopes[depth];
        if matches!(expr, Expr::Column(_)) || scope.aliases.is_empty() {
            return Ok(());
        }
        let refused =
            |what: &str| Err(Error::statement(format!("misuse of aliased {what} {}", name.column.text)));
        if !scope.aggregates && has_aggregate(expr, scope.query) {
            return refused("aggregate");
        }
        if (!scope.windows || depth + 1 < self.scopes.len()) && has_window(expr) {
            return refused("window function");
        }
        Ok(())
    }
}

/// A column name with what stands before it.
fn written(name: &ast::ColumnRef) -> String {
    match &name.table {
        None => name.column.text.to_string(),
        Some(table) => match &table.schema {
            None => format!("{}.{}", table.name.text, name.column.text),
            Some(schema) => format!("{}.{}.{}", schema.text, table.name.text, name.column.text),
        },
    }
}

/// The column in one scope.
fn find(scope: &Scope, name: &ast::ColumnRef) -> Result<Option<Expr>> {
    let column = &*name.column.text;
    if name.table.is_none()
        && let Some((_, merged)) = scope.merged.iter().find(|(known, _)| known.eq_ignore_ascii_case(column))
    {
        return Ok(Some(merged.clone()));
    }
    let mut found: Option<&Expr> = None;
    let meant = || scope.tables.iter().filter(|table| table.is_meant_by(name));
    for table in meant() {
        let own = table
            .columns
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(column) && !(name.table.is_none() && known.joined));
        if let Some(own) = own {
            if found.is_some() {
                return Err(Error::statement_at(
                    format!("ambiguous column name: {}", written(name)),
                    name.column.span.offset(),
                ));
            }
            found = Some(&own.expr);
        }
    }
    if let Some(found) = found {
        return Ok(Some(found.clone()));
    }
    let is_rowid = ["rowid", "oid", "_rowid_"].iter().any(|known| known.eq_ignore_ascii_case(column));
    if is_rowid {
        let rowids: Vec<&Expr> = meant().filter_map(|table| table.rowid.as_ref()).collect();
        match rowids.as_slice() {
            [rowid] => return Ok(Some((*rowid).clone())),
            [] => {}
            _ => {
                return Err(Error::statement_at(
                    format!("ambiguous column name: {}", written(name)),
                    name.column.span.offset(),
                ));
            }
        }
    }
    if name.table.is_none()
        && let Some((_, expr)) = scope.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(column))
    {
        return Ok(Some(expr.clone()));
    }
    Ok(None)
}
