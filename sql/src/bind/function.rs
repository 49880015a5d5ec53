//! Functions in `FROM`: `generate_series`, and pragmas whose rows are read.

use super::binder::Binder;
use super::scope::{ScopeColumn, ScopeTable};
use crate::ast;
use crate::authorizer::AuthAction;
use crate::bound::{Column, Expr, Place, SourceRows, TableFunction};
use crate::error::{Error, Result};
use crate::schema::Store;
use crate::value::{Affinity, Collation};

/// The function that counts.
const SERIES: &str = "generate_series";

impl Binder<'_> {
    /// A function that is called in `FROM`.
    pub(super) fn table_function(
        &mut self,
        name: &ast::QualifiedName,
        arguments: &[ast::Expr],
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        if let Some(found) = self.function_of_name(name, arguments, alias)? {
            return Ok(found);
        }
        if self.catalog.find(None, &name.name.text)?.is_some() {
            return Err(Error::statement(format!("'{}' is not a function", name.name.text)));
        }
        Err(self.no_such_table(name))
    }

    /// The function of a name, if there is one: it may be named like a table, without arguments.
    pub(super) fn function_of_name(
        &mut self,
        name: &ast::QualifiedName,
        arguments: &[ast::Expr],
        alias: Option<Box<str>>,
    ) -> Result<Option<(SourceRows, ScopeTable)>> {
        let lower = name.name.text.to_ascii_lowercase();
        if let Some(pragma) = lower.strip_prefix("pragma_") {
            return self.pragma(pragma, arguments, alias).map(Some);
        }
        match lower == SERIES && !self.catalog.functions.is_hidden(SERIES) {
            true => self.series(arguments, alias).map(Some),
            false => Ok(None),
        }
    }

    fn series(
        &mut self,
        arguments: &[ast::Expr],
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        let columns = [("value", false), ("start", true), ("stop", true), ("step", true)];
        if arguments.len() > 3 {
            return Err(Error::statement(format!("too many arguments on {SERIES}() - max 3")));
        }
        let arguments = self.exprs(arguments)?;
        Ok(self.function_rows(TableFunction::Series, arguments, SERIES, alias, &columns))
    }

    fn pragma(
        &mut self,
        pragma: &str,
        arguments: &[ast::Expr],
        alias: Option<Box<str>>,
    ) -> Result<(SourceRows, ScopeTable)> {
        let name = format!("pragma_{pragma}");
        let (columns, hidden): (Vec<&str>, &[&str]) = match crate::schema::pragma_columns(pragma) {
            Some(columns) => (columns.to_vec(), &["arg", "schema"]),
            None => match crate::schema::pragma_value(pragma) {
                Some(value) => (vec![value], &[]),
                None => {
                    // Whether SQLite has it or not, who may not use it need not know.
                    self.demand(AuthAction::Pragma { pragma_name: pragma, pragma_value: None }, None)?;
                    return Err(Error::statement(format!("no such table: {name}")));
                }
            },
        };
        if arguments.len() > hidden.len() {
            let most = hidden.len();
            return Err(Error::statement(format!("too many arguments on {name}() - max {most}")));
        }
        let arguments = self.exprs(arguments)?;
        let shown = columns.into_iter().map(|column| (column, false));
        let names: Vec<_> = shown.chain(hidden.iter().map(|column| (*column, true))).collect();
        Ok(self.function_rows(TableFunction::Pragma(pragma.into()), arguments, &name, alias, &names))
    }

    fn function_rows(
        &mut self,
        function: TableFunction,
        arguments: Vec<Expr>,
        name: &str,
        alias: Option<Box<str>>,
        columns: &[(&str, bool)],
    ) -> (SourceRows, ScopeTable) {
        let slot = self.new_slot();
        self.keep_made_row(Store::Main, name, slot);
        let shown = columns.iter().filter(|(_, hidden)| !hidden).count();
        let parameters = shown..columns.len();
        let columns = columns
            .iter()
            .enumerate()
            .map(|(place, (name, hidden))| ScopeColumn {
                name: (*name).into(),
                expr: Expr::Column(Column {
                    slot,
                    place: Place::At(place),
                    affinity: Affinity::Blob,
                    collation: Collation::Binary,
                    not_null: false,
                    has_collation: true,
                }),
                type_name: None,
                hidden: *hidden,
                joined: false,
            })
            .collect();
        let origin = name.into();
        let name = alias.unwrap_or_else(|| name.into());
        let table =
            ScopeTable { name, origin, schema: None, slot, columns, rowid: None, only_by_name: false };
        (SourceRows::Function { function, arguments, parameters }, table)
    }
}
