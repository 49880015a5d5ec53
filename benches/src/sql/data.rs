//! The data of the workloads: a small shop, 381,000 rows at full size, with five indexes.

use super::engine::{Engine, Failure, Look, Param};
use crate::keys::Random;

/// How many rows the tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shop {
    /// Customers.
    pub customers: i64,
    /// Products.
    pub products: i64,
    /// Orders: ten for each customer on average.
    pub orders: i64,
    /// Lines of orders.
    pub lines: i64,
    /// Documents.
    pub documents: i64,
}

impl Shop {
    /// 381,000 rows.
    pub const FULL: Shop =
        Shop { customers: 10_000, products: 1_000, orders: 100_000, lines: 250_000, documents: 20_000 };
    /// A tenth of it.
    pub const QUICK: Shop =
        Shop { customers: 1_000, products: 100, orders: 10_000, lines: 25_000, documents: 2_000 };

    /// How many orders there are for each at full size: by which figures in the names of lines are to be divided.
    #[must_use]
    pub fn shrunk_by(&self) -> i64 {
        Shop::FULL.orders / self.orders
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, email TEXT, city TEXT, favourite TEXT)",
    "CREATE TABLE products(id INTEGER PRIMARY KEY, code TEXT, category TEXT, price REAL)",
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, status TEXT, amount REAL, note TEXT,
        created INTEGER, bucket INTEGER)",
    "CREATE TABLE lines(id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER,
        price REAL)",
    "CREATE TABLE documents(id INTEGER PRIMARY KEY, body TEXT)",
    "CREATE TABLE counters(k INTEGER PRIMARY KEY, v INTEGER, t TEXT)",
    "CREATE TABLE journal(id INTEGER PRIMARY KEY, what TEXT, amount REAL, k INTEGER)",
    "CREATE INDEX customers_email ON customers(email)",
    "CREATE INDEX orders_customer ON orders(customer_id)",
    "CREATE INDEX orders_created ON orders(created)",
    "CREATE INDEX lines_order ON lines(order_id)",
    "CREATE INDEX lines_product ON lines(product_id)",
    "CREATE INDEX journal_k ON journal(k)",
];

const INSERTS: &[&str] = &[
    "INSERT INTO customers VALUES(?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO products VALUES(?1, ?2, ?3, ?4)",
    "INSERT INTO orders VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO lines VALUES(?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO documents VALUES(?1, ?2)",
    "INSERT INTO counters VALUES(?1, ?2, ?3)",
    "BEGIN",
    "COMMIT",
];

const STATUS: [&str; 5] = ["open", "paid", "shipped", "returned", "cancelled"];
const FIRST: [&str; 16] = [
    "Ada", "Brian", "Chen", "Dora", "Emil", "Farah", "Goran", "Hanna", "Ivo", "Jana", "Kofi", "Lena", "Milo",
    "Nora", "Omar", "Petra",
];
const LAST: [&str; 12] = [
    "Anderson", "Baker", "Costa", "Dubois", "Eriksson", "Fischer", "Garcia", "Hughes", "Ivanov", "Jansson",
    "Kowalski", "Lopez",
];

/// A real with two digits behind the point, so that both engines print and sum the same numbers.
#[must_use]
pub fn cents(random: &mut Random, below: u64) -> f64 {
    f64::from(u32::try_from(random.below(below)).unwrap_or(0)) / 100.0
}

/// One of several texts.
#[must_use]
pub fn pick<'t>(random: &mut Random, of: &[&'t str]) -> &'t str {
    let number = random.below(u64::try_from(of.len()).unwrap_or(1));
    of[usize::try_from(number).unwrap_or(0)]
}

/// A random number from 0 up to a limit.
#[must_use]
pub fn below(random: &mut Random, limit: i64) -> i64 {
    random.below(limit.unsigned_abs().max(1)).cast_signed()
}

/// Makes the tables and fills them.
///
/// # Errors
/// What the engine answers.
pub fn load(engine: &mut dyn Engine, shop: Shop) -> Result<(), Failure> {
    engine.with_session(TABLES, &mut |_| Ok(()))?;
    engine.with_session(INSERTS, &mut |session| {
        let mut random = Random::new(42);
        let mut put =
            |statement: usize, params: &[Param<'_>]| session.run(statement, params, Look::Read).map(|_| ());
        put(6, &[])?;
        for id in 1..=shop.customers {
            let name = format!("{} {}", pick(&mut random, &FIRST), pick(&mut random, &LAST));
            let email = format!("user{}@example.org", id * 7919 % shop.customers);
            let city = format!("City {}", below(&mut random, 50));
            let favourite = format!("P-{:05}", below(&mut random, shop.products) + 1);
            let text = [&name, &email, &city, &favourite].map(|text| Param::Text(text));
            put(0, &[Param::Int(id), text[0], text[1], text[2], text[3]])?;
        }
        for id in 1..=shop.products {
            let (code, category) = (format!("P-{id:05}"), format!("Category {}", id % 20));
            let price = Param::Real(cents(&mut random, 50_000));
            put(1, &[Param::Int(id), Param::Text(&code), Param::Text(&category), price])?;
        }
        for id in 1..=shop.orders {
            let note = format!("note {} of order {id}", below(&mut random, 1000));
            let customer = Param::Int(below(&mut random, shop.customers) + 1);
            let status = Param::Text(pick(&mut random, &STATUS));
            let amount = Param::Real(cents(&mut random, 1_000_000));
            let created = Param::Int(1_700_000_000 + below(&mut random, shop.orders * 60));
            let bucket = Param::Int(below(&mut random, shop.customers));
            put(2, &[Param::Int(id), customer, status, amount, Param::Text(&note), created, bucket])?;
        }
        for id in 1..=shop.lines {
            let order = Param::Int(below(&mut random, shop.orders) + 1);
            let product = Param::Int(below(&mut random, shop.products) + 1);
            let quantity = Param::Int(below(&mut random, 9) + 1);
            let price = Param::Real(cents(&mut random, 50_000));
            put(3, &[Param::Int(id), order, product, quantity, price])?;
        }
        for id in 1..=shop.documents {
            let (number, tag) = (below(&mut random, 1000), below(&mut random, 20));
            let body = format!(r#"{{"id":{id},"kind":"k{tag}","user":{{"n":{number},"tags":["a","b"]}}}}"#);
            put(4, &[Param::Int(id), Param::Text(&body)])?;
        }
        for k in 1..=shop.customers {
            put(5, &[Param::Int(k), Param::Int(0), Param::Text("counter")])?;
        }
        put(7, &[])
    })?;
    engine.settle()
}
