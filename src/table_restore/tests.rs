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

/// A small generator, so that a failure is repeated by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A statement that changes rows or the schema; some of them fail, which is as good.
fn statement(random: &mut Random) -> String {
    let table = ["a", "b", "c"][usize::try_from(random.next(3)).unwrap_or(0)];
    let (n, m) = (random.next(30), random.next(1000));
    match random.next(16) {
        0..=4 => format!("INSERT OR REPLACE INTO {table} VALUES ({n}, 'row {m}')"),
        5..=6 => format!("UPDATE {table} SET v = 'new {m}' WHERE k % 3 = {}", n % 3),
        7..=8 => format!("DELETE FROM {table} WHERE k > {n}"),
        9 => format!("DROP TABLE {table}"),
        10 | 11 => format!("CREATE TABLE {table} (k INTEGER PRIMARY KEY, v TEXT)"),
        12 => format!("CREATE TABLE {table} (k INT, v TEXT UNIQUE, PRIMARY KEY (k)) WITHOUT ROWID"),
        13 => format!("CREATE INDEX {table}_v ON {table} (v, k)"),
        14 => format!("DROP INDEX {table}_v"),
        _ => format!("ALTER TABLE {table} RENAME COLUMN v TO w{m}"),
    }
}

/// Definitions and rows of each table.
fn tables(connection: &Connection) -> Result<Vec<Option<String>>> {
    let of = |table: &str| {
        let schema =
            format!("SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY 1, 2");
        let schema = connection.run(&schema, &[])?.rows;
        let rows = connection.run(&format!("SELECT * FROM {table} ORDER BY k"), &[]).map(|rows| rows.rows);
        Ok(rows.ok().map(|rows| format!("{schema:?} {rows:?}")))
    };
    ["a", "b", "c"].into_iter().map(of).collect()
}

#[test]
fn any_table_of_any_moment_comes_back_in_random_histories() -> Result<()> {
    let mut restored = 0;
    for seed in 0..12 {
        let options = Options { retention: Retention::All, checkpoint_log_bytes: 4096, ..Options::default() };
        let database = Database::in_memory(options)?;
        let (connection, pitr) = (Connection::new(database.clone()), Pitr::new(database.clone()));
        let (mut random, mut moments) = (Random(seed), Vec::new());
        for _ in 0..150 {
            drop(connection.execute_batch(&statement(&mut random)));
            moments.push((pitr.current_bookmark(), tables(&connection)?));
            if random.next(4) > 0 {
                continue;
            }
            let place = usize::try_from(random.next(3)).unwrap_or(0);
            let at = usize::try_from(random.next(moments.len() as u64)).unwrap_or(0);
            let (bookmark, then) = &moments[at];
            let mut expected = tables(&connection)?;
            match restore_table(&connection, &pitr, bookmark, ["a", "b", "c"][place]) {
                Ok(_) => expected[place].clone_from(&then[place]),
                Err(error) => assert!(then[place].is_none(), "seed {seed}: {error}"),
            }
            assert!(tables(&connection)? == expected, "seed {seed}, back to {bookmark}");
            let sound: String = connection.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
            assert_eq!(sound, "ok", "seed {seed}, back to {bookmark}");
            moments.push((pitr.current_bookmark(), expected));
            restored += 1;
        }
        assert!(database.verify(&mut |_| {})?.is_clean(), "seed {seed}");
    }
    assert!(restored > 300, "{restored} restores");
    Ok(())
}
