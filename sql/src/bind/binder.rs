//! [`Binder`]: what binding a statement keeps track of.

use std::sync::Arc;

use super::authority::Authority;
use super::common::CommonTables;
use super::mentions::Mentions;
use super::programs::Programs;
use super::scope::Scope;
use crate::authorizer::Authorizer;
use crate::bound::{Expr, QueryId, Size, Slot};
use crate::error::{Error, Result};
use crate::func::{Place, Registry};
use crate::limits::Limits;
use crate::schema::{Schema, Store, Table, View};
use crate::value::Collation;

/// What statements may name.
#[derive(Clone, Copy)]
pub struct Catalog<'c> {
    /// The objects in the database.
    pub main: &'c Schema,
    /// The temporary objects, which hide those of equal name in the database.
    pub temp: &'c Schema,
    /// Functions.
    pub functions: &'c Registry,
    /// Collations besides the built-in ones.
    pub collations: &'c [Collation],
    /// Bounds.
    pub limits: &'c Limits,
    /// Settings.
    pub settings: Settings,
    /// Where names without a schema are looked for, if not everywhere: what is stored in the database knows nothing of
    /// temporary objects.
    pub home: Option<Store>,
    /// Who decides what statements may do.
    pub authorizer: Option<&'c Authorizer>,
}

/// Settings of a connection that change what statements mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether foreign keys are enforced.
    pub foreign_keys: bool,
    /// Whether triggers may run while they run, and for rows that are replaced.
    pub recursive_triggers: bool,
    /// Whether renaming a table leaves views and triggers as they are.
    pub legacy_alter_table: bool,
    /// Whether `CHECK` constraints are not looked at.
    pub ignore_checks: bool,
    /// How the columns of a result are called that are columns of tables.
    pub column_names: ColumnNames,
}

/// What the program sees as the names of result columns without an alias: `short_column_names` and `full_column_names`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColumnNames {
    /// The name of the column.
    #[default]
    Short,
    /// The text of the expression.
    AsWritten,
    /// The name of the table before that of the column, unless `*` stands for it.
    Full,
    /// The same for `*`, too.
    AllFull,
}

/// A table or view found by name.
pub(super) enum Found<'c> {
    Table(Store, &'c Arc<Table>),
    View(Store, &'c Arc<View>),
}

impl<'c> Catalog<'c> {
    /// The schemas to look in: the one named, or all in their order.
    pub(super) fn stores(&self, schema: Option<&str>) -> Result<&'static [Store]> {
        match schema {
            None => Ok(match self.home {
                None => &[Store::Temp, Store::Main],
                Some(Store::Main) => &[Store::Main],
                Some(Store::Temp) => &[Store::Temp],
            }),
            Some(name) if name.eq_ignore_ascii_case("main") => Ok(&[Store::Main]),
            Some(name) if name.eq_ignore_ascii_case("temp") => Ok(&[Store::Temp]),
            Some(_) => Ok(&[]),
        }
    }

    /// The objects of a store.
    #[must_use]
    pub fn schema(&self, store: Store) -> &'c Schema {
        match store {
            Store::Main => self.main,
            Store::Temp => self.temp,
        }
    }

    /// For what the connection looks at by itself: nobody is asked.
    #[must_use]
    pub fn for_itself(self) -> Self {
        Catalog { authorizer: None, ..self }
    }

    pub(super) fn find(&self, schema: Option<&str>, name: &str) -> Result<Option<Found<'c>>> {
        let name = match schema {
            // In its own schema the table of the temporary schema has the usual name too.
            Some(schema) if schema.eq_ignore_ascii_case("temp") => match name.to_ascii_lowercase().as_str() {
                "sqlite_master" | "sqlite_schema" => "sqlite_temp_master",
                _ => name,
            },
            _ => name,
        };
        for &store in self.stores(schema)? {
            let objects = self.schema(store);
            if let Some(table) = objects.table(name) {
                return Ok(Some(Found::Table(store, table)));
            }
            if let Some(view) = objects.view(name) {
                return Ok(Some(Found::View(store, view)));
            }
        }
        Ok(None)
    }

    /// The collation of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn collation(&self, name: &str) -> Result<Collation> {
        Collation::built_in(name)
            .or_else(|| self.collations.iter().find(|own| own.name().eq_ignore_ascii_case(name)).cloned())
            .ok_or_else(|| Error::statement(format!("no such collation sequence: {name}")))
    }
}

/// How many queries may be around one, those of views and common tables among them.
const MOST_AROUND: u32 = 128;

/// How many queries a statement may come to when every view and common table is put in where it is named.
const MOST_QUERIES: u32 = 1 << 16;

/// How many parts of expressions names may stand for in one statement.
const MOST_COPIED: usize = 1 << 20;

/// Binds one statement.
pub struct Binder<'c> {
    pub(super) catalog: Catalog<'c>,
    slots: u32,
    queries: u32,
    recursions: u32,
    /// How many expressions are around what is being bound.
    depth: u32,
    /// How many queries are.
    around: u32,
    /// How many members compounds that are being bound have.
    pub(super) compound_members: usize,
    /// How many parts were copied because a name stands for an expression.
    copied: usize,
    /// What names mean, outermost query first.
    pub(super) scopes: Vec<Scope>,
    /// Common table expressions in view, innermost last.
    pub(super) common: Vec<CommonTables>,
    /// Scopes of the members of compounds, whose `ORDER BY` may name their expressions.
    pub(super) members: Vec<Scope>,
    /// Views that are being bound, so that none contains itself.
    pub(super) views: Vec<Arc<View>>,
    /// What kind of place expressions stand in.
    pub(super) place: Place,
    /// The name of that place, for what is prohibited in it.
    pub(super) place_name: &'static str,
    /// Whether `"x"` that is no column is a text.
    pub(super) quoted_texts: bool,
    /// Whether `RAISE` may stand here.
    pub(super) in_trigger: bool,
    /// What the statement may make run.
    pub(super) programs: Programs,
    /// Where the statement's own text names a table, if somebody wants to know; `None` also inside other texts.
    pub(super) mentions: Option<Mentions>,
    /// Whether the statement is only looked at: functions need not exist.
    pub(super) only_looks: bool,
    /// Whether triggers fire; not for the rows of a table that is dropped.
    pub(super) fires_triggers: bool,
    pub(super) authority: Authority,
}

impl<'c> Binder<'c> {
    /// For a statement over these objects.
    #[must_use]
    pub fn new(catalog: Catalog<'c>) -> Binder<'c> {
        Binder {
            catalog,
            slots: 0,
            queries: 0,
            recursions: 0,
            depth: 0,
            around: 0,
            compound_members: 0,
            copied: 0,
            scopes: Vec::new(),
            common: Vec::new(),
            members: Vec::new(),
            views: Vec::new(),
            place: Place::Statement,
            place_name: "",
            quoted_texts: true,
            in_trigger: false,
            programs: Programs::default(),
            mentions: None,
            only_looks: false,
            fires_triggers: true,
            authority: Authority::default(),
        }
    }

    /// For definitions, in which `"x"` that is no column is an error.
    #[must_use]
    pub fn strict_names(mut self) -> Self {
        self.quoted_texts = false;
        self
    }

    /// For the rows of a table that is dropped: no trigger fires, and foreign keys that fit nothing are no error.
    #[must_use]
    pub fn without_triggers(mut self) -> Self {
        self.fires_triggers = false;
        self
    }

    /// To learn where the statement names a table: see [`Binder::mentions`].
    #[must_use]
    pub fn looking_for(mut self, table: &Arc<Table>) -> Self {
        self.mentions = Some(Mentions::of(table));
        self.only_looking()
    }

    /// To see whether what a statement names is there, functions aside: it is not run, and nobody asks whether it may be.
    #[must_use]
    pub fn only_looking(mut self) -> Self {
        self.only_looks = true;
        self.catalog.authorizer = None;
        self
    }

    /// Where the statements bound so far name the table that was looked for.
    #[must_use]
    pub fn mentions(self) -> Option<Mentions> {
        self.mentions
    }

    /// Binds something from another text, of which nobody wants to know where it names what.
    pub(super) fn elsewhere<T>(&mut self, bind: impl FnOnce(&mut Binder<'c>) -> Result<T>) -> Result<T> {
        let mentions = self.mentions.take();
        let result = bind(self);
        self.mentions = mentions;
        result
    }

    /// Goes into an expression; [`Binder::leave_expr`] goes out of it again.
    pub(super) fn enter_expr(&mut self) -> Result<()> {
        if self.depth >= self.catalog.limits.expression_depth {
            return Err(self.too_large());
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave_expr(&mut self) {
        self.depth -= 1;
    }

    /// Goes into a query; [`Binder::leave_query`] goes out of it again.
    pub(super) fn enter_query(&mut self) -> Result<()> {
        if self.around >= MOST_AROUND || self.queries >= MOST_QUERIES {
            return Err(Error::statement("Recursion limit"));
        }
        self.around += 1;
        Ok(())
    }

    pub(super) fn leave_query(&mut self) {
        self.around -= 1;
    }

    /// Takes note of an expression that is larger than its text: a name stands for it, or parts of it are repeated.
    pub(super) fn note_copy(&mut self, expr: &Expr) -> Result<()> {
        if matches!(expr, Expr::Column(_) | Expr::Literal(_)) {
            return Ok(());
        }
        let Size { parts, height } = Size::of(expr);
        self.copied = self.copied.saturating_add(parts);
        let depth = u32::try_from(height).unwrap_or(u32::MAX).saturating_add(self.depth);
        match depth <= self.catalog.limits.expression_depth && self.copied <= MOST_COPIED {
            true => Ok(()),
            false => Err(self.too_large()),
        }
    }

    fn too_large(&self) -> Error {
        let limit = self.catalog.limits.expression_depth;
        Error::statement(format!("Expression tree is too large (maximum depth {limit})"))
    }

    /// A slot that nothing has yet.
    pub fn new_slot(&mut self) -> Slot {
        self.slots += 1;
        Slot(self.slots)
    }

    pub(super) fn new_query(&mut self) -> QueryId {
        self.queries += 1;
        QueryId(self.queries)
    }

    pub(super) fn new_recursion(&mut self) -> crate::bound::RecursionId {
        self.recursions += 1;
        crate::bound::RecursionId(self.recursions)
    }

    /// Runs `bind` with these names in view only: neither those of the queries around nor common tables are.
    pub(super) fn alone<T>(
        &mut self,
        scopes: Vec<Scope>,
        bind: impl FnOnce(&mut Binder<'c>) -> Result<T>,
    ) -> Result<T> {
        let scopes = std::mem::replace(&mut self.scopes, scopes);
        let common = std::mem::take(&mut self.common);
        let result = bind(self);
        self.scopes = scopes;
        self.common = common;
        result
    }
}
