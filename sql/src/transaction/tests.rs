use super::{DropBehavior, TransactionBehavior};
use crate::connection::Connection;

fn connection() -> Connection {
    let connection = Connection::open_in_memory().expect("memory does not fail");
    connection.execute("CREATE TABLE t(a)", ()).expect("it is new");
    connection
}

fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM t", (), |row| row.get(0)).expect("it counts")
}

#[test]
fn a_transaction_is_undone_unless_committed() {
    let c = connection();
    let transaction = c.transaction().expect("none is open");
    transaction.execute("INSERT INTO t VALUES (1)", ()).expect("it inserts");
    assert!(c.transaction().is_err());
    drop(transaction);
    assert_eq!((count(&c), c.is_autocommit()), (0, true));
    let transaction = c.transaction_with_behavior(TransactionBehavior::Immediate).expect("none is open");
    transaction.execute("INSERT INTO t VALUES (1)", ()).expect("it inserts");
    transaction.commit().expect("it commits");
    assert_eq!((count(&c), c.is_autocommit()), (1, true));
    let transaction = c.transaction().expect("none is open");
    transaction.execute("DELETE FROM t", ()).expect("it deletes");
    transaction.rollback().expect("it is open");
    let mut transaction = c.transaction().expect("none is open");
    transaction.set_drop_behavior(DropBehavior::Commit);
    transaction.execute("INSERT INTO t VALUES (2)", ()).expect("it inserts");
    drop(transaction);
    assert_eq!(count(&c), 2);
}

#[test]
fn savepoints_nest() {
    let c = connection();
    let transaction = c.transaction().expect("none is open");
    let mut outer = transaction.savepoint().expect("it is open");
    outer.execute("INSERT INTO t VALUES (1)", ()).expect("it inserts");
    {
        let inner = outer.savepoint().expect("it is open");
        inner.execute("INSERT INTO t VALUES (2)", ()).expect("it inserts");
        assert_eq!(count(&inner), 2);
    }
    assert_eq!(count(&outer), 1);
    outer.rollback().expect("it is open");
    assert_eq!(count(&outer), 0);
    outer.execute("INSERT INTO t VALUES (3)", ()).expect("it inserts");
    outer.commit().expect("it is open");
    transaction.commit().expect("it is open");
    assert_eq!(count(&c), 1);
}

#[test]
fn a_savepoint_outside_of_a_transaction_begins_one() {
    let c = connection();
    let savepoint = c.savepoint_with_name("a \"name\"").expect("it begins");
    savepoint.execute("INSERT INTO t VALUES (1)", ()).expect("it inserts");
    savepoint.commit().expect("it is open");
    assert_eq!((count(&c), c.is_autocommit()), (1, true));
    drop(c.savepoint().expect("it begins"));
    assert!(c.is_autocommit());
}
