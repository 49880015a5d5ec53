//! [`Case`]: the statements of a seed, and how a failing case is made smaller.

use crate::random::Random;
use crate::shrink::fewer;
use crate::sql_alter::alter;
use crate::sql_expr::Generator;
use crate::sql_functions;
use crate::sql_operators;
use crate::sql_query::{Rows, view};
use crate::sql_schema::{Table, index, table};
use crate::sql_tree::{Sql, text};
use crate::sql_triggers::{LOG, READ_LOG};
use crate::sql_values::Choose;

/// What a statement is, and so what is compared after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Query(Rows),
    /// Writes, or says something about transactions or the schema.
    Write,
}

impl Kind {
    /// Whether a difference means that both hold something else from there on.
    #[must_use]
    pub fn writes(self) -> bool {
        self == Kind::Write
    }
}

/// What is done to our database behind a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// A checkpoint.
    Checkpoint,
    /// It is closed and opened.
    Reopen,
}

/// One statement of a case.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: Sql,
    /// What it is.
    pub kind: Kind,
    /// What is done behind it, if no transaction is open.
    pub after: After,
}

impl Statement {
    /// A query.
    #[must_use]
    pub fn query(sql: Sql, rows: Rows) -> Statement {
        Statement { sql, kind: Kind::Query(rows), after: After::Nothing }
    }

    /// A statement that writes.
    #[must_use]
    pub fn write(sql: Sql) -> Statement {
        Statement { sql, kind: Kind::Write, after: After::Nothing }
    }
}

/// The statements of a seed.
#[derive(Clone, Debug)]
pub struct Case {
    /// The seed.
    pub seed: u64,
    /// The statements.
    pub statements: Vec<Statement>,
    /// The tables and views made by them.
    pub tables: Vec<Table>,
    /// What else there is.
    more: More,
}

/// What a case has besides tables, views and indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct More {
    /// Foreign keys, which are enforced.
    keys: bool,
    windows: bool,
    triggers: bool,
    /// `ALTER TABLE`
    changes: bool,
}

impl More {
    fn of(seed: u64, random: &mut Random) -> More {
        let nothing = More::default();
        match seed % 10 {
            5 => More { keys: true, ..nothing },
            6 => More { changes: true, ..nothing },
            7 => More { windows: true, ..nothing },
            8 => More { triggers: true, ..nothing },
            9 => More {
                keys: random.chance(60),
                windows: random.chance(30),
                triggers: random.chance(60),
                changes: random.chance(60),
            },
            _ => nothing,
        }
    }
}

/// So many expressions or calls make a case.
const QUERIES: usize = 50;

/// So many reads and writes follow the tables of a case.
const STEPS: usize = 45;

impl Case {
    /// The case of a seed: most have tables, a tenth expressions and two tenths calls of functions. Of those with tables, one
    /// in seven each enforces foreign keys, changes tables, has window functions, has triggers, has several of them.
    #[must_use]
    pub fn of(seed: u64) -> Case {
        let queries = match seed % 10 {
            0 => sql_operators::query,
            1 | 2 => sql_functions::query,
            _ => return Case::with_tables(seed),
        };
        let mut random = Random::for_purpose(seed, 3);
        let statements = (0..QUERIES).map(|_| Statement::query(queries(&mut random), Rows::Exact)).collect();
        Case { seed, statements, tables: Vec::new(), more: More::default() }
    }

    /// Tables, and reads and writes of them.
    fn with_tables(seed: u64) -> Case {
        let mut random = Random::for_purpose(seed, 3);
        let more = More::of(seed, &mut random);
        let mut case = Case::start(seed, &mut random, more);
        if more.triggers {
            case.add_triggers(&mut random);
        }
        let mut names = 10;
        for step in 0..STEPS {
            let statement = if more.changes && random.chance(12) {
                names += 1;
                alter(&mut random, &mut case.tables, names).map(Statement::write)
            } else {
                let mut generator = Generator::new(&mut random, &case.tables);
                generator.windows = more.windows;
                match generator.random.below(100) {
                    0..58 => {
                        let query = generator.query();
                        Some(Statement::query(query.sql, query.rows))
                    }
                    58..90 => generator.write().map(Statement::write),
                    90..96 => Some(Statement::write(generator.transaction())),
                    96..98 => {
                        let name = format!("i{}", generator.random.between(1, names));
                        Some(Statement::write(text(format!("DROP INDEX {name}"))))
                    }
                    _ => {
                        names += 1;
                        let name = format!("i{names}");
                        let tables: Vec<Table> =
                            case.tables.iter().filter(|table| !table.view).cloned().collect();
                        let table = generator.random.choose(&tables).cloned();
                        table.map(|table| Statement::write(index(generator.random, &name, &table)))
                    }
                }
            };
            case.statements.extend(statement);
            if let Some(last) = case.statements.last_mut() {
                last.after = match random.below(20) {
                    0 => After::Checkpoint,
                    // A new connection would not enforce foreign keys.
                    1 if !more.keys => After::Reopen,
                    _ => After::Nothing,
                };
            }
            if step % 15 == 14 {
                case.dump();
            }
        }
        case.statements.push(Statement::write(text("COMMIT")));
        case.dump();
        case
    }

    /// Tables with rows, indexes and views.
    #[must_use]
    pub fn schema(seed: u64, random: &mut Random) -> Case {
        Case::start(seed, random, More::default())
    }

    fn start(seed: u64, random: &mut Random, more: More) -> Case {
        let mut case = Case { seed, statements: Vec::new(), tables: Vec::new(), more };
        if more.keys {
            case.statements.push(Statement::write(text("PRAGMA foreign_keys = ON")));
        }
        for number in 0..random.between(1, 3) {
            let parents = if more.keys { case.tables.clone() } else { Vec::new() };
            let (table, made) = table(random, &format!("r{number}"), &parents);
            case.statements.push(Statement::write(made));
            case.tables.push(table);
        }
        let mut indexes = 0;
        let early = random.chance(50);
        if early {
            case.add_indexes(random, &mut indexes);
        }
        for table in case.tables.clone() {
            for _ in 0..random.between(1, 2) {
                let rows = random.between(0, 8);
                if rows > 0 {
                    let made = Generator::new(random, &case.tables).fill(&table, rows);
                    case.statements.push(Statement::write(made));
                }
            }
        }
        if !early {
            case.add_indexes(random, &mut indexes);
        }
        for number in 0..random.between(0, 2) {
            let (view, made) = view(&mut Generator::new(random, &case.tables), &format!("v{number}"));
            case.statements.push(Statement::write(made));
            case.tables.push(view);
        }
        case
    }

    fn add_triggers(&mut self, random: &mut Random) {
        self.statements.push(Statement::write(text(LOG)));
        let tables: Vec<Table> = self.tables.iter().filter(|table| !table.view).cloned().collect();
        for number in 0..random.between(1, 4) {
            if let Some(table) = random.choose(&tables).cloned() {
                let made = Generator::new(random, &tables).trigger(&format!("g{number}"), &table);
                self.statements.push(Statement::write(made));
            }
        }
    }

    fn add_indexes(&mut self, random: &mut Random, number: &mut usize) {
        for _ in 0..random.between(0, 4) {
            *number += 1;
            if let Some(table) = random.choose(&self.tables) {
                let made = index(random, &format!("i{number}"), table);
                self.statements.push(Statement::write(made));
            }
        }
    }

    /// Statements that read all tables, and whatever else there is.
    fn dump(&mut self) {
        let mut read = |sql: &str| self.statements.push(Statement::query(text(sql), Rows::Any));
        if self.more.triggers {
            read(READ_LOG);
        }
        if self.more.keys {
            read("PRAGMA foreign_key_check");
        }
        if self.more.changes {
            read("SELECT type, name, tbl_name, sql FROM sqlite_schema");
        }
        for table in self.tables.iter().filter(|table| !table.view) {
            self.statements.push(Statement::query(text(table.dump()), Rows::Any));
        }
    }
}

/// At most so many runs make a failing case smaller.
const SHRINKING_RUNS: usize = 4000;

/// Makes statements of which the last shows something fewer and smaller, as long as `fails` says that they still show it.
pub fn shrink(statements: &[Statement], fails: &mut dyn FnMut(&[Statement]) -> bool) -> Vec<Statement> {
    let Some((last, before)) = statements.split_last() else { return Vec::new() };
    let mut runs = 0;
    let mut attempt = |candidate: &[Statement]| {
        runs += 1;
        (runs <= SHRINKING_RUNS).then(|| fails(candidate))
    };
    let with_last = |before: &[Statement]| [before, std::slice::from_ref(last)].concat();
    let mut smallest = with_last(&fewer(before, &mut |before| attempt(&with_last(before))));
    loop {
        let mut progress = false;
        for at in (0..smallest.len()).rev() {
            loop {
                let found = smallest[at].sql.smaller().into_iter().find_map(|sql| {
                    let mut candidate = smallest.clone();
                    candidate[at].sql = sql;
                    match attempt(&candidate) {
                        Some(true) => Some(Some(candidate)),
                        Some(false) => None,
                        None => Some(None),
                    }
                });
                match found {
                    Some(Some(candidate)) => (smallest, progress) = (candidate, true),
                    Some(None) => return smallest,
                    None => break,
                }
            }
        }
        if !progress {
            return smallest;
        }
    }
}
