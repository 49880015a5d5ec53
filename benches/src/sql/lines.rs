//! The lines of the report: what each of them does in one call.

use super::data::{Shop, below, cents};
use super::engine::{Digest, Failure, Look, Param, Session};
use crate::keys::Random;

/// What is counted of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// CPU time of the thread that calls.
    Thread,
    /// CPU time of all threads: what is written may be put in order by others.
    Process,
    /// Time that passes: waiting for the disk is part of it.
    Wall,
}

/// One call: runs statements with parameters from the random numbers.
pub type Call = fn(&mut dyn Session, &mut Random, Shop, Look) -> Result<Digest, Failure>;

/// A line of the report.
pub struct Line {
    /// Its name; the figures in it are those of the full size.
    pub name: &'static str,
    /// Its statements.
    pub statements: &'static [&'static str],
    /// What is counted.
    pub clock: Clock,
    /// One call.
    pub call: Call,
    /// What shows that calls that write left the same behind.
    pub check: Option<&'static str>,
}

fn line(name: &'static str, statements: &'static [&'static str], call: Call) -> Line {
    Line { name, statements, clock: Clock::Thread, call, check: None }
}

fn write(name: &'static str, check: &'static str, statements: &'static [&'static str], call: Call) -> Line {
    Line { name, statements, clock: Clock::Process, call, check: Some(check) }
}

/// A line that runs one statement without parameters.
#[must_use]
pub fn query(name: &'static str, statements: &'static [&'static str]) -> Line {
    line(name, statements, |session, _, _, look| session.run(0, &[], look))
}

/// Runs a statement several times between `BEGIN` and `COMMIT`, which are statements 0 and 1.
fn in_transaction(
    session: &mut dyn Session,
    times: i64,
    mut each: impl FnMut(&mut dyn Session) -> Result<Digest, Failure>,
) -> Result<Digest, Failure> {
    let mut digest = session.run(0, &[], Look::Read)?;
    for _ in 0..times {
        digest.add(each(session)?);
    }
    session.run(1, &[], Look::Read)?;
    Ok(digest)
}

/// All lines over the shop, those that only read first.
#[must_use]
pub fn lines() -> Vec<Line> {
    let mut lines = lookups();
    lines.extend(scans());
    lines.extend(joins());
    lines.extend(writes());
    lines
}

fn lookups() -> Vec<Line> {
    vec![
        query("select_1", &["SELECT 1"]),
        line(
            "point_lookup_rowid",
            &["SELECT id, customer_id, status, amount FROM orders WHERE id = ?1"],
            |session, random, shop, look| session.run(0, &[Param::Int(below(random, shop.orders) + 1)], look),
        ),
        line(
            "point_lookup_rowid_1000_in_one_txn",
            &["BEGIN", "COMMIT", "SELECT id, customer_id, status, amount FROM orders WHERE id = ?1"],
            |session, random, shop, look| {
                in_transaction(session, 1000, |session| {
                    session.run(2, &[Param::Int(below(random, shop.orders) + 1)], look)
                })
            },
        ),
        line(
            "point_lookup_text_index",
            &["SELECT id, name, city FROM customers WHERE email = ?1"],
            |session, random, shop, look| {
                let email = format!("user{}@example.org", below(random, shop.customers));
                session.run(0, &[Param::Text(&email)], look)
            },
        ),
        line(
            "index_lookup_10_rows",
            &["SELECT id, status, amount FROM orders WHERE customer_id = ?1"],
            |session, random, shop, look| {
                session.run(0, &[Param::Int(below(random, shop.customers) + 1)], look)
            },
        ),
        line(
            "range_1000_agg",
            &["SELECT count(*), sum(amount), max(created) FROM orders WHERE id BETWEEN ?1 AND ?2"],
            |session, random, shop, look| {
                let from = below(random, shop.orders - 1000) + 1;
                session.run(0, &[Param::Int(from), Param::Int(from + 999)], look)
            },
        ),
        line("prepare_fresh_join", &[], |session, random, _, _| {
            let sql = format!(
                "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
                     WHERE o.id = ?1 AND {0} = {0}",
                random.next_u64() >> 1
            );
            session.run_fresh(&sql, &[Param::Int(1)])
        }),
    ]
}

fn scans() -> Vec<Line> {
    vec![
        query(
            "full_scan_agg_100k",
            &["SELECT count(*), sum(amount), avg(amount), max(created) FROM orders WHERE amount > 2500.0"],
        ),
        query("full_scan_like_10k", &["SELECT count(*) FROM customers WHERE name LIKE '%son%'"]),
        query(
            "group_by_low_card_100k",
            &["SELECT status, count(*), sum(amount) FROM orders GROUP BY status"],
        ),
        query(
            "group_by_high_card_100k",
            &["SELECT bucket, count(*), sum(amount) FROM orders GROUP BY bucket"],
        ),
        query(
            "order_by_limit_10_of_100k",
            &["SELECT id, amount, note FROM orders ORDER BY amount DESC, id LIMIT 10"],
        ),
        query("order_by_full_100k", &["SELECT id, amount FROM orders ORDER BY amount"]),
        query("distinct_100k", &["SELECT count(*) FROM (SELECT DISTINCT customer_id FROM orders)"]),
        query("distinct_unindexed_100k", &["SELECT DISTINCT status, bucket FROM orders WHERE bucket < 100"]),
        query(
            "recursive_cte_100k",
            &["WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
               SELECT count(*), sum(i) FROM n"],
        ),
        query(
            "window_row_number_100k",
            &["SELECT id, row_number() OVER (PARTITION BY bucket ORDER BY amount, id) FROM orders"],
        ),
        query("window_running_sum_100k", &["SELECT id, sum(bucket) OVER (ORDER BY id) FROM orders"]),
    ]
}

fn joins() -> Vec<Line> {
    vec![
        line(
            "join2_indexed",
            &["SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
               WHERE o.created BETWEEN ?1 AND ?2"],
            |session, random, shop, look| {
                let from = 1_700_000_000 + below(random, (shop.orders - 400) * 60);
                session.run(0, &[Param::Int(from), Param::Int(from + 300 * 60)], look)
            },
        ),
        line(
            "join4_group",
            &["SELECT p.category, count(*), sum(l.quantity * l.price)
               FROM customers c JOIN orders o ON o.customer_id = c.id
               JOIN lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id
               WHERE c.city = ?1 GROUP BY p.category"],
            |session, random, _, look| {
                let city = format!("City {}", below(random, 50));
                session.run(0, &[Param::Text(&city)], look)
            },
        ),
        query(
            "join_no_index_hash",
            &["SELECT count(*), sum(p.price) FROM customers c JOIN products p ON p.code = c.favourite"],
        ),
        query(
            "subquery_correlated_1k",
            &["SELECT id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) FROM customers c
               WHERE c.id <= 1000"],
        ),
        line(
            "in_subquery",
            &["SELECT count(*) FROM orders
               WHERE customer_id IN (SELECT id FROM customers WHERE city = ?1)"],
            |session, random, _, look| {
                let city = format!("City {}", below(random, 50));
                session.run(0, &[Param::Text(&city)], look)
            },
        ),
    ]
}

fn writes() -> Vec<Line> {
    vec![
        Line {
            name: "insert_1_per_txn_durable",
            statements: &["INSERT INTO journal(what, amount, k) VALUES(?1, ?2, ?3)"],
            clock: Clock::Wall,
            check: Some("SELECT * FROM journal"),
            call: |session, random, _, look| {
                let (amount, k) = (cents(random, 10_000), below(random, 1 << 40));
                session.run(0, &[Param::Text("one"), Param::Real(amount), Param::Int(k)], look)
            },
        },
        write(
            "insert_1000_per_txn",
            "SELECT * FROM journal",
            &["BEGIN", "COMMIT", "INSERT INTO journal(what, amount, k) VALUES(?1, ?2, ?3)"],
            |session, random, _, look| {
                in_transaction(session, 1000, |session| {
                    let (amount, k) = (cents(random, 10_000), below(random, 1 << 40));
                    session.run(2, &[Param::Text("many"), Param::Real(amount), Param::Int(k)], look)
                })
            },
        ),
        write(
            "upsert_1000_per_txn",
            "SELECT * FROM counters",
            &[
                "BEGIN",
                "COMMIT",
                "INSERT INTO counters(k, v, t) VALUES(?1, 1, 'new') ON CONFLICT(k) DO UPDATE SET v = v + 1",
            ],
            |session, random, shop, look| {
                in_transaction(session, 1000, |session| {
                    session.run(2, &[Param::Int(below(random, shop.customers * 2))], look)
                })
            },
        ),
        write(
            "update_by_index_1000_per_txn",
            "SELECT * FROM customers",
            &["BEGIN", "COMMIT", "UPDATE customers SET city = ?2 WHERE email = ?1"],
            |session, random, shop, look| {
                in_transaction(session, 1000, |session| {
                    let email = format!("user{}@example.org", below(random, shop.customers));
                    let city = format!("City {}", below(random, 50));
                    session.run(2, &[Param::Text(&email), Param::Text(&city)], look)
                })
            },
        ),
        write(
            "delete_insert_500_per_txn",
            "SELECT * FROM lines WHERE order_id > 0",
            &[
                "BEGIN",
                "COMMIT",
                "DELETE FROM lines WHERE id = ?1",
                "INSERT OR REPLACE INTO lines VALUES(?1, ?2, ?3, ?4, ?5)",
            ],
            |session, random, shop, look| {
                in_transaction(session, 500, |session| {
                    let id = Param::Int(below(random, shop.lines) + 1);
                    session.run(2, &[id], look)?;
                    let order = Param::Int(below(random, shop.orders) + 1);
                    let product = Param::Int(below(random, shop.products) + 1);
                    session.run(3, &[id, order, product, Param::Int(3), Param::Real(1.5)], look)
                })
            },
        ),
        write(
            "update_scan_10k",
            "SELECT * FROM customers",
            &["UPDATE customers SET favourite = 'P-00001' WHERE id % 4 = 1"],
            |s, _, _, l| s.run(0, &[], l),
        ),
    ]
}
