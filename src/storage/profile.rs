//! [`Profile`]: what programs may do, and how much of it.

use duramen_engine::Database;
use duramen_sql::func::{Arity, Lookup, Volatility};
use duramen_sql::{AuthContext, Authorization, Connection, ConnectionOptions};

use crate::storage::allowed::{answer, is_known_function, refused_functions};

/// What programs may do, and how much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// What a Durable Object may do in production, with the limits that are documented.
    #[default]
    DurableObject,
    /// What a Durable Object may do in the local runtime, with the limits that it has.
    WorkerdLocal,
    /// Everything.
    Open,
}

/// The limits on SQL that production and the local runtime have alike; the longest value is production's.
const DURABLE_OBJECT: duramen_sql::Limits = duramen_sql::Limits {
    length_bytes: 2_000_000,
    sql_length_bytes: 100_000,
    columns: 100,
    expression_depth: 100,
    compound_selects: 5,
    function_arguments: 127,
    attached: 0,
    like_pattern_bytes: 50,
    parameters: 100,
    trigger_depth: 10,
    format_width: 100_000,
    ..duramen_sql::Limits::SQLITE
};

/// How long a value or a row may be in the local runtime, in bytes.
const LOCAL_LENGTH_BYTES: usize = 8 << 20;

impl Profile {
    /// How long keys and values may be.
    pub(crate) fn kv_limits(self) -> duramen_kv::Limits {
        use duramen_kv::Limits;
        match self {
            Profile::DurableObject => Limits::SQL_BACKED,
            Profile::WorkerdLocal => {
                Limits { max_entry_bytes: Some(LOCAL_LENGTH_BYTES), ..Limits::UNLIMITED }
            }
            Profile::Open => Limits::UNLIMITED,
        }
    }

    /// The bounds on statements and values.
    fn sql_limits(self) -> duramen_sql::Limits {
        match self {
            Profile::DurableObject => DURABLE_OBJECT,
            Profile::WorkerdLocal => {
                duramen_sql::Limits { length_bytes: LOCAL_LENGTH_BYTES, ..DURABLE_OBJECT }
            }
            Profile::Open => duramen_sql::Limits::default(),
        }
    }

    /// A connection on which statements do what they would do in the storage of an object with this profile: what it allows,
    /// with its limits, and with foreign keys. Transactions are those of the connection.
    ///
    /// # Errors
    /// Those of [`Connection::with_options`].
    pub fn connect(self, database: Database) -> duramen_sql::Result<Connection> {
        let connection = Connection::with_options(database, self.connection_options())?;
        self.restrict(&connection)?;
        Ok(connection)
    }

    /// How a connection begins.
    pub(crate) fn connection_options(self) -> ConnectionOptions {
        ConnectionOptions { foreign_keys: true, limits: self.sql_limits() }
    }

    /// Makes a connection one on which statements do what the profile allows.
    fn restrict(self, connection: &Connection) -> duramen_sql::Result<()> {
        if self == Profile::Open {
            return Ok(());
        }
        choose_functions(connection)?;
        connection.authorizer(Some(|context: AuthContext<'_>| -> Authorization { answer(context) }))
    }
}

/// Takes the functions away that a Durable Object does not know, and adds those that it refuses and that would not be
/// known otherwise.
fn choose_functions(connection: &Connection) -> duramen_sql::Result<()> {
    connection.with_functions(|functions| {
        let names = functions.iter().map(|function| function.name.to_ascii_lowercase());
        let unknown: Vec<String> = names.filter(|name| !is_known_function(name)).collect();
        unknown.iter().for_each(|name| functions.hide(name));
        functions.hide("generate_series");
    })?;
    let missing: Vec<&str> = {
        let functions = connection.functions()?;
        let is_missing = |name: &&str| matches!(functions.find(name, 0), Lookup::Unknown);
        refused_functions().chain(["load_extension"]).filter(is_missing).collect()
    };
    for name in missing {
        connection.create_scalar_function(name, Arity::AtLeast(0), Volatility::Volatile, |_| {
            Err::<i64, _>(duramen_sql::Error::Evaluation("not authorized".into()))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
