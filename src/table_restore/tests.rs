use duramen_engine::{Database, Options, Retention};
use duramen_pitr::{Bookmark, Pitr};
use duramen_sql::Connection;

use super::restore_table;
use crate::error::Result;

/// A shop, what can name its moments, and its first moment.
struct Shop {
    connection: Connection,
    pitr: Pitr,
    good: Bookmark,
}

const SCHEMA: &str = "
    CREATE TABLE product (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, price REAL CHECK (price < 100));
    CREATE INDEX by_price ON product (price, name);
    CREATE TABLE sold (product INTEGER REFERENCES product (id) ON DELETE CASCADE, note TEXT);
    CREATE TABLE audit (what TEXT);
    CREATE TRIGGER told AFTER DELETE ON product BEGIN INSERT INTO audit VALUES (old.name); END;
    CREATE TABLE pair (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    INSERT INTO product (name, price) VALUES ('axe', 30), ('saw', 12), ('oil', NULL);
    INSERT INTO sold VALUES (1, 'x'), (2, 'y');
    INSERT INTO pair VALUES ('k', 1), ('k', 2);";

impl Shop {
    fn new() -> Result<Shop> {
        let options = Options { retention: Retention::All, ..Options::default() };
        let database = Database::in_memory(options)?;
        let (connection, pitr) = (Connection::new(database.clone()), Pitr::new(database));
        connection.execute_batch("PRAGMA foreign_keys = ON")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Shop { good: pitr.current_bookmark(), connection, pitr })
    }

    fn rows(&self, sql: &str) -> Result<String> {
        Ok(format!("{:?}", self.connection.run(sql, &[])?.rows))
    }

    /// Does something, restores a table, and looks whether all about it is as it was.
    #[track_caller]
    fn comes_back(&self, table: &str, after: &str) -> Result<super::TableRestore> {
        let schema = format!(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY 1, 2"
        );
        let content = format!("SELECT * FROM {table} ORDER BY 1, 2");
        let before = (self.rows(&schema)?, self.rows(&content)?);
        self.connection.execute_batch(after)?;
        let restored = restore_table(&self.connection, &self.pitr, &self.good, table)?;
        assert_eq!((self.rows(&schema)?, self.rows(&content)?), before, "after {after}");
        let sound: String = self.connection.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        assert_eq!(sound, "ok", "after {after}");
        Ok(restored)
    }
}

#[test]
fn rows_come_back_without_firing_triggers_or_foreign_keys() -> Result<()> {
    let shop = Shop::new()?;
    let restored = shop.comes_back(
        "product",
        "UPDATE product SET price = 1 WHERE id = 2; DELETE FROM product WHERE id = 1",
    )?;
    assert_eq!((restored.table.rows, restored.table.redefined), (2, false));
    assert!(
        shop.rows("SELECT * FROM audit")?.contains("97, 120, 101"),
        "the deletion itself told of the axe"
    );
    assert_eq!(
        shop.connection.run("SELECT * FROM audit", &[])?.rows.len(),
        1,
        "and bringing it back told nothing"
    );
    assert_eq!(
        shop.connection.run("SELECT * FROM sold", &[])?.rows.len(),
        1,
        "what went by cascade stays away"
    );
    shop.pitr.restore(&restored.undo)?;
    assert_eq!(shop.connection.run("SELECT * FROM product", &[])?.rows.len(), 2);
    Ok(())
}

#[test]
fn a_dropped_table_comes_back_with_indexes_and_triggers() -> Result<()> {
    let shop = Shop::new()?;
    let restored = shop.comes_back("product", "PRAGMA foreign_keys = OFF; DROP TABLE product")?;
    assert_eq!((restored.table.rows, restored.table.redefined), (3, true));
    assert!(shop.connection.execute_batch("INSERT INTO product (name) VALUES ('axe')").is_err());
    shop.connection.execute_batch("DELETE FROM product WHERE id = 3")?;
    assert_eq!(shop.connection.run("SELECT * FROM audit", &[])?.rows.len(), 1, "the trigger is there again");
    Ok(())
}

#[test]
fn another_schema_gives_way_to_that_of_then() -> Result<()> {
    for after in [
        "ALTER TABLE product ADD COLUMN size INT; UPDATE product SET size = id",
        "ALTER TABLE product RENAME COLUMN price TO cost",
        "DROP INDEX by_price; CREATE INDEX by_name ON product (name); DROP TRIGGER told",
        "PRAGMA foreign_keys = OFF; DROP TABLE product; CREATE TABLE product (other BLOB); INSERT INTO product VALUES (1)",
        "DROP INDEX by_price; CREATE INDEX by_price ON product (name DESC)",
    ] {
        assert!(Shop::new()?.comes_back("product", after)?.table.redefined, "{after}");
    }
    Ok(())
}

#[test]
fn tables_without_rowids_come_back_too() -> Result<()> {
    let shop = Shop::new()?;
    assert!(
        !shop
            .comes_back("pair", "DELETE FROM pair WHERE b = 1; INSERT INTO pair VALUES ('n', 1)")?
            .table
            .redefined
    );
    assert!(shop.comes_back("PAIR".to_lowercase().as_str(), "DROP TABLE pair")?.table.redefined);
    Ok(())
}

#[test]
fn rowids_given_since_are_not_given_again() -> Result<()> {
    let shop = Shop::new()?;
    shop.comes_back("product", "INSERT INTO product (name) VALUES ('new'), ('newer')")?;
    shop.connection.execute_batch("INSERT INTO product (name) VALUES ('newest')")?;
    assert_eq!(shop.connection.last_insert_rowid(), 6);
    Ok(())
}

#[test]
fn what_cannot_come_back_is_refused_and_changes_nothing() -> Result<()> {
    let shop = Shop::new()?;
    let refused = |table: &str| match restore_table(&shop.connection, &shop.pitr, &shop.good, table) {
        Ok(done) => panic!("{done:?}"),
        Err(error) => error.to_string(),
    };
    assert!(refused("nothing").contains("no such table at that moment: nothing"));
    assert!(refused("sqlite_sequence").contains("may not be restored"));
    shop.connection.execute_batch("DROP INDEX by_price; CREATE INDEX by_price ON sold (note)")?;
    assert!(refused("product").contains("another index named by_price"));
    shop.connection.execute_batch("DROP TABLE audit; CREATE VIEW audit AS SELECT 1; DROP INDEX by_price")?;
    assert!(refused("audit").contains("another view named audit"));
    shop.connection.execute_batch("BEGIN; DELETE FROM pair")?;
    assert!(refused("pair").contains("within a transaction"));
    shop.connection.execute_batch("ROLLBACK")?;
    let moment = shop.pitr.current_bookmark();
    assert_eq!(restore_table(&shop.connection, &shop.pitr, &moment, "pair")?.table.rows, 0);
    assert_eq!(shop.pitr.current_bookmark(), moment, "nothing changed, so there is no commit");
    Ok(())
}

#[test]
fn a_restored_table_can_be_restored_again() -> Result<()> {
    let shop = Shop::new()?;
    let mut bookmarks = vec![shop.good];
    for after in
        ["PRAGMA foreign_keys = OFF; DROP TABLE product", "DELETE FROM product", "DROP TABLE product"]
    {
        shop.comes_back("product", after)?;
        bookmarks.push(shop.pitr.current_bookmark());
    }
    for bookmark in bookmarks {
        shop.connection.execute_batch("DELETE FROM product")?;
        assert_eq!(restore_table(&shop.connection, &shop.pitr, &bookmark, "Product")?.table.rows, 3);
        assert_eq!(shop.connection.run("SELECT * FROM product", &[])?.rows.len(), 3);
    }
    Ok(())
}
