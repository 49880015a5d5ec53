//! The columns of a view: what `PRAGMA table_info` tells of it.

use std::sync::Arc;

use super::binder::Binder;
use crate::bound::SourceRows;
use crate::error::Result;
use crate::schema::{Store, View};

impl Binder<'_> {
    /// The names and declared types of the columns of a view.
    ///
    /// # Errors
    /// If its query does not fit the schema any more.
    pub fn view_columns(&mut self, store: Store, view: &Arc<View>) -> Result<Vec<(Arc<str>, Arc<str>)>> {
        let (rows, _) = self.view(store, view, None)?;
        Ok(match rows {
            SourceRows::Select { select, .. } => {
                let columns = select.columns.into_iter();
                columns.map(|column| (column.name, column.type_name.unwrap_or_default())).collect()
            }
            _ => Vec::new(),
        })
    }
}
