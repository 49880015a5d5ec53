//! Random histories of SQL for crashes and failing calls: writes that change several trees, and changes of the schema.
//!
//! There are tables with several indexes each (unique, partial, of expressions, without rowid), triggers, and foreign keys
//! with actions. Some statements break a constraint, and some name what is not there any more: that they change nothing is
//! checked like all else. Nothing depends on time, chance or the connection, so a history always does the same.

use crate::random::Random;
use crate::sql_values::Choose;

/// What every connection says first, because it is not kept.
pub const CONNECTION: &str = "PRAGMA foreign_keys = ON";

/// The statements of a seed: definitions, then `steps` others, then the end of a transaction that is open.
#[must_use]
pub fn history(seed: u64, steps: usize) -> Vec<String> {
    let mut random = Random::for_purpose(seed, 5);
    let mut writer = Writer { random: &mut random, open: false, savepoints: 0 };
    let mut statements = writer.definitions();
    for _ in 0..steps {
        let statement = writer.statement();
        statements.push(statement);
    }
    if writer.open {
        statements.push("COMMIT".into());
    }
    statements
}

/// Makes statements, and knows whether they are inside a transaction.
struct Writer<'r> {
    random: &'r mut Random,
    open: bool,
    savepoints: usize,
}

impl Writer<'_> {
    fn definitions(&mut self) -> Vec<String> {
        let on_delete = self.random.one(&["CASCADE", "SET NULL", "CASCADE"]);
        let key = self.random.one(&["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"]);
        let generated = self.random.one(&["VIRTUAL", "STORED"]);
        vec![
            format!("CREATE TABLE parent(id {key}, name TEXT UNIQUE, size INTEGER)"),
            format!(
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent TEXT REFERENCES parent(name) \
                 ON UPDATE CASCADE ON DELETE {on_delete}, a INTEGER, b, c AS (a + 1) {generated}, UNIQUE(a, parent))"
            ),
            "CREATE INDEX child_b ON child(b, a DESC)".into(),
            "CREATE INDEX child_some ON child(parent) WHERE a > 20".into(),
            "CREATE INDEX child_expr ON child(a % 7, lower(parent), c)".into(),
            "CREATE TABLE pair(k TEXT, n INTEGER, v CHECK (length(v) < 5000), PRIMARY KEY(k, n DESC)) WITHOUT ROWID"
                .into(),
            "CREATE INDEX pair_v ON pair(v)".into(),
            "CREATE TABLE log(what TEXT, number)".into(),
            "CREATE TRIGGER born AFTER INSERT ON child BEGIN INSERT INTO log VALUES ('born', new.a); END".into(),
            "CREATE TRIGGER gone AFTER DELETE ON child BEGIN \
             DELETE FROM pair WHERE n = old.a; INSERT OR REPLACE INTO pair VALUES ('gone', old.a, old.parent); END"
                .into(),
            "CREATE TRIGGER sized AFTER UPDATE OF size ON parent BEGIN \
             UPDATE child SET b = new.size WHERE parent = new.name; END"
                .into(),
            "INSERT INTO parent(name, size) VALUES ('one', 1), ('two', 2), ('three', 3), ('four', 4)".into(),
            "INSERT INTO child(parent, a, b) VALUES ('one', 10, 'x'), ('two', 21, 2.5), ('two', 30, NULL)".into(),
        ]
    }

    fn number(&mut self) -> u64 {
        self.random.below(60)
    }

    /// A value of `b`, at times one that is stored apart.
    fn value(&mut self) -> String {
        let number = self.number();
        match self.random.below(8) {
            0 => "NULL".into(),
            1 => format!("{number}.5"),
            2 => format!("x'{number:04}ff'"),
            3 => format!("zeroblob({})", number * 40),
            4 => format!("replace(hex(zeroblob({})), '0', 'text ')", number * 4),
            5 => format!("'{number}'"),
            _ => number.to_string(),
        }
    }

    fn parent(&mut self) -> &'static str {
        self.random.one(&["'one'", "'two'", "'three'", "'four'", "'new'", "NULL"])
    }

    fn or(&mut self) -> &'static str {
        self.random.one(&["", "", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ABORT", "OR ROLLBACK"])
    }

    fn statement(&mut self) -> String {
        match self.random.below(100) {
            0..56 => self.write(),
            56..76 => self.transaction(),
            76..94 => self.definition(),
            _ if self.open => self.write(),
            _ => self.random.one(&["VACUUM", "VACUUM", "PRAGMA user_version = 7", "ANALYZE"]).into(),
        }
    }

    fn write(&mut self) -> String {
        let (or, parent, value, number) = (self.or(), self.parent(), self.value(), self.number());
        match self.random.below(14) {
            0 => format!("INSERT {or} INTO parent(name, size) VALUES ({parent}, {number})"),
            1 => format!(
                "INSERT {or} INTO child(parent, a, b) VALUES ({parent}, {number}, {value}), ('one', {}, 1)",
                number + 1
            ),
            2 => format!(
                "INSERT {or} INTO child(parent, a, b) WITH RECURSIVE n(i) AS \
                 (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT 'two', i, {value} FROM n",
                number / 3
            ),
            3 => format!("UPDATE {or} parent SET name = name || 'x' WHERE id % 3 = {}", number % 3),
            4 => format!("UPDATE parent SET size = size + {number}, name = lower(name)"),
            5 => format!("UPDATE {or} child SET a = a + 1, b = {value} WHERE a > {number}"),
            6 => format!("UPDATE {or} child SET parent = {parent} WHERE id % 4 = {}", number % 4),
            7 => format!("DELETE FROM parent WHERE id % 4 = {}", number % 4),
            8 => format!("DELETE FROM child WHERE a BETWEEN {number} AND {}", number + 7),
            9 => format!("REPLACE INTO parent VALUES ({}, {parent}, {number})", number % 5),
            10 => format!(
                "INSERT INTO pair VALUES ('k', {number}, {value}), ('l', 1, 2) \
                 ON CONFLICT DO UPDATE SET v = coalesce(excluded.v, '') || v"
            ),
            11 => format!("UPDATE {or} pair SET n = n - 1 WHERE n >= {number}"),
            // Rows leave the partial index.
            12 => format!("UPDATE {or} child SET a = a - 15 WHERE a > {number}"),
            _ => "DELETE FROM log".into(),
        }
    }

    fn transaction(&mut self) -> String {
        if !self.open {
            self.open = true;
            self.savepoints = 0;
            return self.random.one(&["BEGIN", "BEGIN IMMEDIATE"]).into();
        }
        match self.random.below(7) {
            0 | 1 => {
                self.savepoints += 1;
                format!("SAVEPOINT s{}", self.savepoints)
            }
            2 | 3 if self.savepoints > 0 => {
                self.savepoints = self.random.between(1, self.savepoints);
                format!("ROLLBACK TO s{}", self.savepoints)
            }
            4 if self.savepoints > 0 => {
                self.savepoints -= 1;
                format!("RELEASE s{}", self.savepoints + 1)
            }
            5 => {
                self.open = false;
                "ROLLBACK".into()
            }
            _ => {
                self.open = false;
                "COMMIT".into()
            }
        }
    }

    fn definition(&mut self) -> String {
        let number = self.random.below(3);
        match self.random.below(14) {
            0 => format!("CREATE INDEX IF NOT EXISTS extra{number} ON child(b, id)"),
            1 => format!("CREATE UNIQUE INDEX IF NOT EXISTS extra{number} ON pair(v, n)"),
            2 => format!("DROP INDEX IF EXISTS extra{number}"),
            3 => "DROP INDEX IF EXISTS child_b".into(),
            4 => format!("CREATE TABLE made{number} AS SELECT * FROM child"),
            5 => format!("DROP TABLE IF EXISTS made{number}"),
            6 => format!("ALTER TABLE child ADD COLUMN d{number} DEFAULT {number}"),
            7 => format!("ALTER TABLE child DROP COLUMN d{number}"),
            8 => format!("ALTER TABLE made{number} RENAME TO made{}", (number + 1) % 3),
            9 => "ALTER TABLE log RENAME COLUMN number TO n".into(),
            10 => format!("REINDEX {}", self.random.one(&["", "child", "pair_v"])),
            11 => "DROP TRIGGER IF EXISTS gone".into(),
            12 => "CREATE TABLE IF NOT EXISTS other(id INTEGER PRIMARY KEY, u UNIQUE) STRICT".into(),
            _ => format!(
                "CREATE VIEW IF NOT EXISTS seen{number} AS SELECT parent, count(*) FROM child GROUP BY 1"
            ),
        }
    }
}
