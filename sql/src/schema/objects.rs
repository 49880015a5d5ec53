//! [`Schema`]: everything that has a name, found by name.
//!
//! A schema never changes: a statement that changes what exists makes a new one, with a new identity. An identity is
//! never used twice, not even after a rollback, so whatever was made for a schema can be kept under its identity.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::index::Index;
use super::table::Table;
use super::trigger::Trigger;
use super::view::View;

/// Which schema it is, in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemaId(pub u64);

/// Where an object is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Store {
    /// In the database: the schema `main`.
    #[default]
    Main,
    /// In memory, for this connection only: the schema `temp`.
    Temp,
}

impl Store {
    /// The name of the schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Store::Main => "main",
            Store::Temp => "temp",
        }
    }
}

/// What exists in one store.
#[derive(Debug, Default)]
pub struct Schema {
    tables: ByName<Arc<Table>>,
    views: ByName<Arc<View>>,
    triggers: ByName<Arc<Trigger>>,
    /// The table of every index.
    indexes: ByName<(Arc<Index>, Arc<Table>)>,
    /// The names of tables and views in the order of their making.
    order: Vec<Box<str>>,
}

/// Objects by their names in small letters.
type ByName<T> = HashMap<Box<str>, T, foldhash::fast::RandomState>;

/// A name in small letters. Most names are written so.
fn folded(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

impl Schema {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Schema {
        Schema::default()
    }

    /// Adds a table and its indexes.
    pub fn add_table(&mut self, table: Arc<Table>) {
        for index in &table.indexes {
            self.indexes.insert(folded(&index.name).into(), (index.clone(), table.clone()));
        }
        if self.tables.insert(folded(&table.name).into(), table.clone()).is_none() {
            self.order.push(folded(&table.name).into());
        }
    }

    /// Adds a view.
    pub fn add_view(&mut self, view: Arc<View>) {
        self.order.push(folded(&view.name).into());
        self.views.insert(folded(&view.name).into(), view);
    }

    /// Adds a trigger.
    pub fn add_trigger(&mut self, trigger: Arc<Trigger>) {
        self.triggers.insert(folded(&trigger.name).into(), trigger);
    }

    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(&*folded(name))
    }

    /// The view of this name.
    #[must_use]
    pub fn view(&self, name: &str) -> Option<&Arc<View>> {
        self.views.get(&*folded(name))
    }

    /// The trigger of this name.
    #[must_use]
    pub fn trigger(&self, name: &str) -> Option<&Arc<Trigger>> {
        self.triggers.get(&*folded(name))
    }

    /// The index of this name and its table.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&(Arc<Index>, Arc<Table>)> {
        self.indexes.get(&*folded(name))
    }

    /// All tables, in the order of their making.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.order.iter().filter_map(|name| self.tables.get(name))
    }

    /// All views, in the order of their making.
    pub fn views(&self) -> impl Iterator<Item = &Arc<View>> {
        self.order.iter().filter_map(|name| self.views.get(name))
    }

    /// The triggers of a table or view, the newest first: the order in which they run.
    #[must_use]
    pub fn triggers_of(&self, table: &str) -> Vec<&Arc<Trigger>> {
        if self.triggers.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<_> =
            self.triggers.values().filter(|trigger| trigger.table.eq_ignore_ascii_case(table)).collect();
        found.sort_by_key(|trigger| std::cmp::Reverse(trigger.number));
        found
    }

    /// All triggers.
    pub fn triggers(&self) -> impl Iterator<Item = &Arc<Trigger>> {
        self.triggers.values()
    }
}
