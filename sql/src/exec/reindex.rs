//! `REINDEX`: indexes made anew from the rows of their tables.

use std::sync::Arc;

use super::ddl::Definer;
use super::write::Writing;
use crate::ast::QualifiedName;
use crate::bind::Binder;
use crate::error::{Error, Result};
use crate::plan::plan_target;
use crate::schema::{Index, Store, Table, TableKind};
use crate::store::Writers;

impl Definer<'_, '_, '_> {
    /// `REINDEX`: of a table, an index, all that use a collation, or all there are.
    ///
    /// # Errors
    /// If there is nothing of the name, if two rows are equal that may not be, and those of the engine.
    pub fn reindex(&mut self, name: Option<&QualifiedName>) -> Result<()> {
        let wanted = name.map(|name| &*name.name.text);
        let schema = name.and_then(|name| name.schema.as_ref()).map(|schema| &*schema.text);
        let mut met = wanted.is_none_or(|wanted| self.catalog.collation(wanted).is_ok());
        for store in [Store::Main, Store::Temp] {
            if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case(store.name())) {
                continue;
            }
            let tables: Vec<Arc<Table>> = self.schema(store).tables().cloned().collect();
            for table in tables.iter().filter(|table| table.kind == TableKind::Ordinary) {
                let is_meant = |index: &Index| {
                    wanted.is_none_or(|wanted| {
                        table.name.eq_ignore_ascii_case(wanted)
                            || index.name.eq_ignore_ascii_case(wanted)
                            || index.columns.iter().any(|of| of.collation.name().eq_ignore_ascii_case(wanted))
                    })
                };
                met |= wanted.is_some_and(|wanted| table.name.eq_ignore_ascii_case(wanted));
                if table.indexes.iter().any(|index| is_meant(index)) {
                    met = true;
                    self.rebuild(store, table, &is_meant)?;
                }
            }
        }
        if met { Ok(()) } else { Err(Error::statement("unable to identify the object to be reindexed")) }
    }

    fn rebuild(&mut self, store: Store, table: &Arc<Table>, is_meant: &dyn Fn(&Index) -> bool) -> Result<()> {
        let target = Binder::new(self.catalog).target(store, table)?;
        let (target, plan) = plan_target(self.writers.stores(), &target)?;
        let writers = Writers { main: &mut *self.writers.main, temp: self.writers.temp.as_deref_mut() };
        let mut writing = Writing::new(writers, self.given);
        for (number, index) in target.indexes.iter().enumerate() {
            if is_meant(&index.index) {
                writing.writers.clear(store, index.index.tree)?;
                writing.fill_index(&plan, &target, number)?;
            }
        }
        Ok(())
    }
}
