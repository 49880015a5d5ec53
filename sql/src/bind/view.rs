//! The columns of a view: what `PRAGMA table_info` tells of it.

use std::sync::Arc;

use super::binder::Binder;
use crate::bound::{ResultColumn, SourceRows};
use crate::error::Result;
use crate::schema::{Store, View};
use crate::value::Affinity;

impl Binder<'_> {
    /// The names and types of the columns of a view: the declared type of what a column is, where that fits the affinity
    /// it has in the view, else the type that goes with the affinity.
    ///
    /// # Errors
    /// If its query does not fit the schema any more.
    pub fn view_columns(&mut self, store: Store, view: &Arc<View>) -> Result<Vec<(Arc<str>, Arc<str>)>> {
        let (rows, _) = self.view(store, view, None)?;
        Ok(match rows {
            SourceRows::Select(select) => {
                let columns = select.columns.into_iter();
                columns.map(|column| (column.name.clone(), type_of(&column))).collect()
            }
            _ => Vec::new(),
        })
    }
}

fn type_of(column: &ResultColumn) -> Arc<str> {
    let declared = column.type_name.as_ref().filter(|name| !name.is_empty());
    match declared.filter(|name| Affinity::of_type(name) == column.affinity) {
        Some(declared) => declared.clone(),
        None => column.affinity.type_name().into(),
    }
}
