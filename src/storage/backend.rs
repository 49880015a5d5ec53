//! What an object is backed by, as it is kept in it. Values lie in the same tree either way.

use duramen_engine::{Database, Durability, View};

use crate::storage::error::{Error, Result};
use crate::storage::facts::Fact;
use crate::storage::options::Backend;
use crate::storage::session::Session;

/// What an object is backed by; a new one by what is wanted.
pub(crate) fn backend_of(database: &Database, wanted: Backend) -> Result<Backend> {
    let view = database.begin_read()?;
    if Fact::KeyValueBacked.read(&view)?.is_some() {
        return Ok(Backend::KeyValue);
    }
    if wanted == Backend::Sql || !view.trees().is_empty() {
        return Ok(Backend::Sql);
    }
    let mut txn = database.begin_write()?;
    Fact::KeyValueBacked.write(&mut txn, &[])?;
    txn.commit(Durability::Deferred)?;
    Ok(Backend::KeyValue)
}

/// Makes an object one that is backed by SQL, in one commit.
pub(crate) fn migrate(session: &mut Session) -> Result<()> {
    if session.has_scopes() {
        return Err(Error::DeleteAllInTransaction);
    }
    if session.backend == Backend::Sql {
        return Ok(());
    }
    session.commit_turn()?;
    session.before_write()?;
    session.write_facts(|txn| Fact::KeyValueBacked.remove(txn))?;
    session.backend = Backend::Sql;
    session.list_values()?;
    session.commit_turn()
}
