//! [`Names`]: what the statements of a connection may name, and the settings that change what they mean.

use std::sync::Arc;

use crate::authorizer::{AuthAction, AuthContext, Authorizer, Permission};
use crate::bind::Catalog;
use crate::error::{Error, Result};
use crate::exec::{Ctx, FunctionTables, Given, PragmaCall};
use crate::func::Registry;
use crate::limits::Limits;
use crate::pragma::Pragmas;
use crate::pragma_rows::PragmaReader;
use crate::prepared::Identities;
use crate::schema::{Schema, Store};
use crate::store::{Stores, identity, load_schema};
use crate::value::{Collation, Value};

/// See the head of the file.
#[derive(Default)]
pub(crate) struct Names {
    /// What exists, as it was read last.
    pub(crate) schemas: Option<Schemas>,
    pub(crate) functions: Registry,
    /// The collations besides the built-in ones.
    pub(crate) collations: Vec<Collation>,
    pub(crate) pragmas: Pragmas,
    /// Who decides what statements may do.
    pub(crate) authorizer: Option<Arc<Authorizer>>,
}

/// The schemas of both stores, and what they are identified by.
#[derive(Clone)]
pub(crate) struct Schemas {
    pub(crate) identities: Identities,
    pub(crate) main: Arc<Schema>,
    pub(crate) temp: Arc<Schema>,
}

impl Names {
    /// The schemas that are in the stores.
    pub(crate) fn read_schemas(&self, stores: Stores<'_>, identities: Identities) -> Result<Schemas> {
        let collation = |name: &str| {
            Collation::built_in(name)
                .or_else(|| self.collations.iter().find(|own| own.name().eq_ignore_ascii_case(name)).cloned())
                .ok_or_else(|| Error::statement(format!("no such collation sequence: {name}")))
        };
        Ok(Schemas {
            identities,
            main: Arc::new(load_schema(stores, Store::Main, &collation)?),
            temp: Arc::new(load_schema(stores, Store::Temp, &collation)?),
        })
    }

    /// What statements may name, in these schemas.
    pub(crate) fn catalog<'c>(
        &'c self,
        main: &'c Schema,
        temp: &'c Schema,
        limits: &'c Limits,
    ) -> Catalog<'c> {
        Catalog {
            main,
            temp,
            functions: &self.functions,
            collations: &self.collations,
            limits,
            settings: self.pragmas.write_settings(),
            home: None,
            authorizer: self.authorizer.as_deref(),
        }
    }
}

/// The identities of the schemas that are in the stores.
pub(crate) fn identities(stores: Stores<'_>) -> Result<Identities> {
    Ok((identity(stores, Store::Main)?, identity(stores, Store::Temp)?))
}

impl FunctionTables for Names {
    fn pragma(&self, call: PragmaCall<'_>, ctx: &Ctx<'_, '_>) -> Result<Vec<Vec<Value>>> {
        if let Some(authorizer) = &self.authorizer {
            let action = AuthAction::Pragma { pragma_name: call.name, pragma_value: call.argument };
            let context = AuthContext { action, database_name: call.schema, accessor: None };
            if authorizer.ask(context)? == Permission::Ignored {
                return Ok(Vec::new());
            }
        }
        // What was read last may have been rolled back, or be newer than what this statement sees.
        let identities = identities(ctx.stores)?;
        let Schemas { main, temp, .. } = match &self.schemas {
            Some(schemas) if schemas.identities == identities => schemas.clone(),
            _ => self.read_schemas(ctx.stores, identities)?,
        };
        let catalog = self.catalog(&main, &temp, ctx.shared.context.limits()).for_itself();
        let given = Given::of(ctx);
        PragmaReader { catalog, stores: ctx.stores, given, pragmas: &self.pragmas }.rows(call)
    }
}
