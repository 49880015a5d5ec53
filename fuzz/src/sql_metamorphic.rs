//! Relations between the answers of this project alone, which need nothing to compare with: the rows where a condition is
//! true, false and unknown are all rows; a condition in `WHERE` picks what it is true for in the list of results; indexes,
//! cached plans, checkpoints and restarts change no answer.

use std::fmt;

use duramen_sql::Value;

use crate::random::Random;
use crate::sql_answer::{PANIC, difference, same_in_any_order, show_value};
use crate::sql_case::{Case, Kind, Statement, shrink};
use crate::sql_expr::Generator;
use crate::sql_query::Rows;
use crate::sql_subject::Subject;
use crate::sql_tree::{Sql, all};
use crate::sql_values::Choose;

/// A relation between answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The rows where the condition is true, false and unknown are all rows.
    Partition,
    /// The same of groups, with the condition in `HAVING`.
    PartitionOfGroups,
    /// The same of distinct rows.
    PartitionOfDistinct,
    /// The same of aggregates over the rows.
    PartitionOfAggregates,
    /// As many rows are found as the condition is true for.
    Count,
    /// Without indexes the answer is the same.
    Indexes,
    /// A plan used again gives what a new one gives, also after a checkpoint and a restart.
    Again,
}

/// All relations.
const RELATIONS: &[Relation] = &[
    Relation::Partition,
    Relation::PartitionOfGroups,
    Relation::PartitionOfDistinct,
    Relation::PartitionOfAggregates,
    Relation::Count,
    Relation::Indexes,
    Relation::Again,
];

/// A relation that does not hold, as small as it could be made.
#[derive(Debug)]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// The relation.
    pub relation: Relation,
    /// Statements that make the tables.
    pub statements: Vec<String>,
    /// The answers that do not fit.
    pub text: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-- {:?}", self.relation)?;
        self.statements.iter().try_for_each(|sql| writeln!(f, "{sql};"))?;
        writeln!(f, "{}", self.text)?;
        write!(
            f,
            "replay: cargo run --release -p duramen-fuzz --bin metamorphic -- --cases 1 --seed {}",
            self.seed
        )
    }
}

/// So many relations are looked at over the tables of one seed.
const CHECKS: usize = 24;

/// Looks at relations over the tables of a seed; gives how many.
///
/// # Errors
/// The first that does not hold.
pub fn run_seed(seed: u64) -> Result<usize, Box<Broken>> {
    let mut random = Random::for_purpose(seed, 4);
    let case = Case::schema(seed, &mut random);
    for _ in 0..CHECKS {
        let relation = random.choose(RELATIONS).copied().unwrap_or(Relation::Count);
        let pieces = pieces(relation, &mut Generator::new(&mut random, &case.tables));
        let mut statements = case.statements.clone();
        statements.push(Statement::query(pieces, Rows::Any));
        if holds(seed, relation, &statements).is_err() {
            let smallest = shrink(&statements, &mut |candidate| holds(seed, relation, candidate).is_err());
            let text = holds(seed, relation, &smallest).err().unwrap_or_default();
            let tables = smallest.len().saturating_sub(1);
            let statements = smallest[..tables].iter().map(|made| made.sql.to_string()).collect();
            return Err(Box::new(Broken { seed, relation, statements, text }));
        }
    }
    Ok(CHECKS)
}

/// What the queries of a relation are made of: a source, a condition and items, or a whole query.
fn pieces(relation: Relation, generator: &mut Generator<'_>) -> Sql {
    if matches!(relation, Relation::Indexes | Relation::Again) {
        let query = generator.query();
        return Sql::Seq(vec![query.sql, crate::sql_tree::text(format!("{:?}", query.rows))]);
    }
    generator.nesting = 1;
    let (from, scope) = generator.from();
    generator.scopes.push(scope);
    let condition = match relation {
        Relation::PartitionOfGroups => {
            let aggregate = generator.aggregate();
            crate::sql_tree::value(crate::sql_tree::seq([aggregate, crate::sql_tree::text("> 1")]))
        }
        _ => generator.predicate(3),
    };
    let count = generator.random.between(1, 3);
    let items = match relation {
        Relation::Partition => (0..count).map(|_| generator.item().sql).collect(),
        Relation::PartitionOfAggregates => vec![generator.summand(), generator.key()],
        _ => (0..count).map(|_| generator.key()).collect(),
    };
    Sql::Seq(vec![from, condition, all(items)])
}

/// Whether a relation holds; the last statement has its pieces. An error in any of its queries says nothing.
fn holds(seed: u64, relation: Relation, statements: &[Statement]) -> Result<(), String> {
    let Some((Statement { sql: Sql::Seq(pieces), .. }, tables)) = statements.split_last() else {
        return Ok(());
    };
    let mut subject = Subject::new(seed)?;
    for made in tables {
        stop_at_panic(&subject.run(&made.sql.to_string()))?;
    }
    let part = |at: usize| pieces.get(at).map(ToString::to_string).unwrap_or_default();
    let (from, condition, items) = (part(0), part(1), part(2));
    match relation {
        Relation::Partition => {
            let whole = format!("SELECT {items} {from}");
            let parts = thirds(&condition).map(|third| format!("SELECT {items} {from} WHERE {third}"));
            compare(&mut subject, &[whole], &parts)
        }
        Relation::PartitionOfGroups => {
            let whole = format!("SELECT {items} {from} GROUP BY {items}");
            let parts = thirds(&condition)
                .map(|third| format!("SELECT {items} {from} GROUP BY {items} HAVING {third}"));
            compare(&mut subject, &[whole], &parts)
        }
        Relation::PartitionOfDistinct => {
            let whole = format!("SELECT DISTINCT {items} {from}");
            let parts =
                thirds(&condition).map(|third| format!("SELECT DISTINCT {items} {from} WHERE {third}"));
            compare(&mut subject, &[whole], &[parts.join(" UNION ")])
        }
        Relation::PartitionOfAggregates => {
            let Some(Sql::List { items, .. }) = pieces.get(2) else { return Ok(()) };
            let [summand, key] = items.as_slice() else { return Ok(()) };
            let select =
                format!("SELECT count(*) AS n, sum({summand}) AS s, min({key}) AS l, max({key}) AS g {from}");
            let parts = thirds(&condition).map(|third| format!("{select} WHERE {third}"));
            let sum = format!("SELECT sum(n), sum(s), min(l), max(g) FROM ({})", parts.join(" UNION ALL "));
            compare(&mut subject, &[select], &[sum])
        }
        Relation::Count => {
            let found = format!("SELECT count(*) {from} WHERE {condition}");
            let true_for = format!("SELECT coalesce(sum(({condition}) IS TRUE), 0) {from}");
            compare(&mut subject, &[found], &[true_for])
        }
        Relation::Indexes => {
            let indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
            let names = subject.run(indexes).map(|answer| answer.rows).unwrap_or_default();
            let steps = names.iter().flatten().filter_map(|name| match name {
                Value::Text(name) => Some(format!("DROP INDEX {}", String::from_utf8_lossy(name))),
                _ => None,
            });
            let steps = steps.map(Step::Run).collect::<Vec<_>>();
            unchanged(&mut subject, &from, kind_of(&condition), &steps)
        }
        Relation::Again => unchanged(
            &mut subject,
            &from,
            kind_of(&condition),
            &[Step::Nothing, Step::Checkpoint, Step::Reopen],
        ),
    }
}

/// The conditions that part rows in three.
fn thirds(condition: &str) -> [String; 3] {
    [format!("({condition})"), format!("NOT ({condition})"), format!("({condition}) IS NULL")]
}

fn kind_of(rows: &str) -> Kind {
    Kind::Query(match rows {
        "Sorted" => Rows::Sorted,
        "Loose" => Rows::Loose,
        _ => Rows::Any,
    })
}

/// What happens between two runs of a query.
enum Step {
    Nothing,
    Run(String),
    Checkpoint,
    Reopen,
}

/// Whether a query answers the same after each step, with the plan it has and with a new one.
fn unchanged(subject: &mut Subject, sql: &str, kind: Kind, steps: &[Step]) -> Result<(), String> {
    let first = subject.run(sql);
    stop_at_panic(&first)?;
    for step in steps {
        match step {
            Step::Nothing => {}
            Step::Run(sql) => drop(subject.run(sql)),
            Step::Checkpoint => subject.checkpoint()?,
            Step::Reopen => subject.reopen()?,
        }
        for text in [sql.to_string(), format!("{sql} /* planned anew */")] {
            if let Some(found) = difference(kind, &subject.run(&text), &first) {
                return Err(format!("{sql}\nnow    {}", found.text.replace("SQLite", "before")));
            }
        }
    }
    Ok(())
}

/// Whether two lists of queries give the same rows together.
fn compare(subject: &mut Subject, left: &[String], right: &[String]) -> Result<(), String> {
    let mut rows = |queries: &[String]| -> Result<Option<Vec<Vec<Value>>>, String> {
        let mut rows = Vec::new();
        for query in queries {
            let answer = subject.run(query);
            stop_at_panic(&answer)?;
            match answer {
                Ok(answer) => rows.extend(answer.rows),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(rows))
    };
    let (Some(one), Some(other)) = (rows(left)?, rows(right)?) else { return Ok(()) };
    if same_in_any_order(one.clone(), other.clone()) {
        return Ok(());
    }
    Err(format!("{}\n{}\n{}\n{}", left.join(";\n"), shown(&one), right.join(";\n"), shown(&other)))
}

fn shown(rows: &[Vec<Value>]) -> String {
    let lines = rows.iter().take(12).map(|row| {
        let values: Vec<String> = row.iter().map(show_value).collect();
        format!("       {}", values.join(" | "))
    });
    format!("    {} rows\n{}", rows.len(), lines.collect::<Vec<_>>().join("\n"))
}

fn stop_at_panic(outcome: &crate::sql_answer::Outcome) -> Result<(), String> {
    match outcome {
        Err(text) if text.starts_with(PANIC) => Err(text.clone()),
        _ => Ok(()),
    }
}
