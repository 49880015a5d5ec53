//! Tables and queries after TPC-H, a benchmark of decision support.
//!
//! The schema, the sizes (scale factor 0.01), the ranges of the values and the queries follow the specification
//! (<https://www.tpc.org/tpch/>, revision 3.0.1) with its validation parameters; names and comments are made of shorter
//! lists of words. So figures compare engines with each other here and nothing else: these are no TPC results.

use super::data::{below, cents, pick};
use super::engine::{Engine, Failure, Look, Param};
use super::lines::{Line, query};
use crate::keys::Random;

/// How many rows the tables have that do not follow from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpch {
    /// Suppliers.
    pub suppliers: i64,
    /// Parts, of each four supplies.
    pub parts: i64,
    /// Customers, with ten orders each on average and four lines an order.
    pub customers: i64,
}

impl Tpch {
    /// Scale factor 0.01: 86,000 rows.
    pub const FULL: Tpch = Tpch { suppliers: 100, parts: 2_000, customers: 1_500 };
    /// A tenth of it; more of the suppliers, so that each nation has some.
    pub const QUICK: Tpch = Tpch { suppliers: 40, parts: 200, customers: 150 };
}

const TABLES: &[&str] = &[
    "CREATE TABLE region(r_regionkey INTEGER PRIMARY KEY, r_name TEXT)",
    "CREATE TABLE nation(n_nationkey INTEGER PRIMARY KEY, n_name TEXT, n_regionkey INTEGER)",
    "CREATE TABLE supplier(s_suppkey INTEGER PRIMARY KEY, s_name TEXT, s_nationkey INTEGER, s_acctbal REAL)",
    "CREATE TABLE part(p_partkey INTEGER PRIMARY KEY, p_name TEXT, p_brand TEXT, p_type TEXT, p_size INTEGER,
        p_container TEXT, p_retailprice REAL)",
    "CREATE TABLE partsupp(ps_partkey INTEGER, ps_suppkey INTEGER, ps_availqty INTEGER, ps_supplycost REAL,
        PRIMARY KEY(ps_partkey, ps_suppkey))",
    "CREATE TABLE customer(c_custkey INTEGER PRIMARY KEY, c_name TEXT, c_address TEXT, c_nationkey INTEGER,
        c_phone TEXT, c_acctbal REAL, c_mktsegment TEXT, c_comment TEXT)",
    "CREATE TABLE purchase(o_orderkey INTEGER PRIMARY KEY, o_custkey INTEGER, o_orderstatus TEXT, o_totalprice REAL,
        o_orderdate TEXT, o_orderpriority TEXT, o_shippriority INTEGER, o_comment TEXT)",
    "CREATE TABLE lineitem(l_orderkey INTEGER, l_partkey INTEGER, l_suppkey INTEGER, l_linenumber INTEGER,
        l_quantity INTEGER, l_extendedprice REAL, l_discount REAL, l_tax REAL, l_returnflag TEXT,
        l_linestatus TEXT, l_shipdate TEXT, l_commitdate TEXT, l_receiptdate TEXT, l_shipinstruct TEXT,
        l_shipmode TEXT, PRIMARY KEY(l_orderkey, l_linenumber))",
    "CREATE INDEX nation_region ON nation(n_regionkey)",
    "CREATE INDEX supplier_nation ON supplier(s_nationkey)",
    "CREATE INDEX partsupp_supplier ON partsupp(ps_suppkey)",
    "CREATE INDEX customer_nation ON customer(c_nationkey)",
    "CREATE INDEX purchase_customer ON purchase(o_custkey)",
    "CREATE INDEX purchase_date ON purchase(o_orderdate)",
    "CREATE INDEX lineitem_part ON lineitem(l_partkey, l_suppkey)",
    "CREATE INDEX lineitem_shipdate ON lineitem(l_shipdate)",
];

const INSERTS: &[&str] = &[
    "INSERT INTO region VALUES(?1, ?2)",
    "INSERT INTO nation VALUES(?1, ?2, ?3)",
    "INSERT INTO supplier VALUES(?1, ?2, ?3, ?4)",
    "INSERT INTO part VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO partsupp VALUES(?1, ?2, ?3, ?4)",
    "INSERT INTO customer VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    "INSERT INTO purchase VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    "INSERT INTO lineitem VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    "BEGIN",
    "COMMIT",
];

const REGIONS: [&str; 5] = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
/// The nations with their regions.
const NATIONS: [(&str, i64); 25] = [
    ("ALGERIA", 0),
    ("ARGENTINA", 1),
    ("BRAZIL", 1),
    ("CANADA", 1),
    ("EGYPT", 4),
    ("ETHIOPIA", 0),
    ("FRANCE", 3),
    ("GERMANY", 3),
    ("INDIA", 2),
    ("INDONESIA", 2),
    ("IRAN", 4),
    ("IRAQ", 4),
    ("JAPAN", 2),
    ("JORDAN", 4),
    ("KENYA", 0),
    ("MOROCCO", 0),
    ("MOZAMBIQUE", 0),
    ("PERU", 1),
    ("CHINA", 2),
    ("ROMANIA", 3),
    ("SAUDI ARABIA", 4),
    ("VIETNAM", 2),
    ("RUSSIA", 3),
    ("UNITED KINGDOM", 3),
    ("UNITED STATES", 1),
];
const COLOURS: [&str; 16] = [
    "almond", "azure", "beige", "blue", "coral", "forest", "green", "ivory", "khaki", "lemon", "maroon",
    "navy", "olive", "plum", "red", "tan",
];
const TYPES: [[&str; 6]; 3] = [
    ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"],
    ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED", "PLATED"],
    ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER", "TIN"],
];
const SIZES: [&str; 5] = ["SM", "LG", "MED", "JUMBO", "WRAP"];
const CONTAINERS: [&str; 8] = ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"];
const SEGMENTS: [&str; 5] = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"];
const PRIORITIES: [&str; 5] = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"];
const INSTRUCTIONS: [&str; 4] = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"];
const MODES: [&str; 7] = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];
const WORDS: [&str; 12] = [
    "special",
    "requests",
    "packages",
    "deposits",
    "accounts",
    "furiously",
    "carefully",
    "final",
    "pending",
    "ironic",
    "express",
    "regular",
];

/// The last day on which an order may be placed, counted from 1992-01-01.
const LAST_ORDER_DAY: i64 = 2405;
/// 1995-06-17, counted in the same way: what shipped later is open.
const TODAY: i64 = 1263;

fn number(random: &mut Random, low: i64, high: i64) -> i64 {
    low + below(random, high - low + 1)
}

fn words(random: &mut Random, count: usize, of: &[&str]) -> String {
    let picked: Vec<&str> = (0..count).map(|_| pick(random, of)).collect();
    picked.join(" ")
}

/// The day with a number of days between it and 1992-01-01, as text. All years of the benchmark are between 1901 and
/// 2099: every fourth of them is a leap year.
fn date(days: i64) -> String {
    const FOUR_YEARS: i64 = 1461;
    let (fours, in_four) = (days / FOUR_YEARS, days % FOUR_YEARS);
    // 1992 is a leap year, so the first year of four has the 366th day.
    let (year, mut day) =
        if in_four < 366 { (0, in_four) } else { ((in_four - 1) / 365, (in_four - 1) % 365) };
    let february = if year == 0 { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{:04}-{month:02}-{:02}", 1992 + fours * 4 + year, day + 1)
}

/// The price of a part.
fn retail_price(part: i64) -> f64 {
    let cents = 90_000 + (part / 10) % 20_001 + 100 * (part % 1_000);
    f64::from(i32::try_from(cents).unwrap_or(0)) / 100.0
}

/// One of the four suppliers of a part.
fn supplier_of(part: i64, which: i64, suppliers: i64) -> i64 {
    (part + which * (suppliers / 4 + (part - 1) / suppliers)) % suppliers + 1
}

/// Makes the tables and fills them.
///
/// # Errors
/// What the engine answers.
pub fn load(engine: &mut dyn Engine, size: Tpch) -> Result<(), Failure> {
    engine.with_session(TABLES, &mut |_| Ok(()))?;
    engine.with_session(INSERTS, &mut |session| {
        let mut random = Random::new(19);
        let mut put =
            |statement: usize, params: &[Param<'_>]| session.run(statement, params, Look::Read).map(|_| ());
        put(8, &[])?;
        for (key, name) in (0..).zip(REGIONS) {
            put(0, &[Param::Int(key), Param::Text(name)])?;
        }
        for (key, (name, region)) in (0..).zip(NATIONS) {
            put(1, &[Param::Int(key), Param::Text(name), Param::Int(region)])?;
        }
        parties(&mut put, &mut random, size)?;
        parts(&mut put, &mut random, size)?;
        purchases(&mut put, &mut random, size)?;
        put(9, &[])
    })?;
    engine.settle()
}

type Put<'p> = &'p mut dyn FnMut(usize, &[Param<'_>]) -> Result<(), Failure>;

fn balance(random: &mut Random) -> Param<'static> {
    Param::Real(cents(random, 1_100_000) - 1_000.0)
}

/// Suppliers and customers.
fn parties(put: Put<'_>, random: &mut Random, size: Tpch) -> Result<(), Failure> {
    for key in 1..=size.suppliers {
        let name = format!("Supplier#{key:09}");
        put(2, &[Param::Int(key), Param::Text(&name), Param::Int(number(random, 0, 24)), balance(random)])?;
    }
    for key in 1..=size.customers {
        let (name, address) = (format!("Customer#{key:09}"), words(random, 3, &WORDS));
        let nation = number(random, 0, 24);
        let phone = format!("{}-{}-{}", nation + 10, number(random, 100, 999), number(random, 1000, 9999));
        let (balance, comment) = (balance(random), words(random, 8, &WORDS));
        let (name, address) = (Param::Text(&name), Param::Text(&address));
        let (nation, phone, comment) = (Param::Int(nation), Param::Text(&phone), Param::Text(&comment));
        let segment = Param::Text(pick(random, &SEGMENTS));
        put(5, &[Param::Int(key), name, address, nation, phone, balance, segment, comment])?;
    }
    Ok(())
}

/// Parts and who supplies them.
fn parts(put: Put<'_>, random: &mut Random, size: Tpch) -> Result<(), Failure> {
    for key in 1..=size.parts {
        let name = words(random, 5, &COLOURS);
        let brand = format!("Brand#{}{}", number(random, 1, 5), number(random, 1, 5));
        let kind = TYPES.map(|syllables| pick(random, &syllables)).join(" ");
        let container = format!("{} {}", pick(random, &SIZES), pick(random, &CONTAINERS));
        let [name, brand, kind, container] = [&name, &brand, &kind, &container].map(|text| Param::Text(text));
        let (size_of_it, price) = (Param::Int(number(random, 1, 50)), Param::Real(retail_price(key)));
        put(3, &[Param::Int(key), name, brand, kind, size_of_it, container, price])?;
        for which in 0..4 {
            let supplier = Param::Int(supplier_of(key, which, size.suppliers));
            let (quantity, cost) =
                (Param::Int(number(random, 1, 9_999)), Param::Real(cents(random, 100_000)));
            put(4, &[Param::Int(key), supplier, quantity, cost])?;
        }
    }
    Ok(())
}

/// Orders and their lines. A third of the customers has none.
fn purchases(put: Put<'_>, random: &mut Random, size: Tpch) -> Result<(), Failure> {
    for number_of_it in 0..size.customers * 10 {
        // Of 32 keys the first eight are used.
        let key = number_of_it / 8 * 32 + number_of_it % 8 + 1;
        let customer = loop {
            let customer = number(random, 1, size.customers);
            if customer % 3 != 0 {
                break customer;
            }
        };
        let day = number(random, 0, LAST_ORDER_DAY);
        let (mut total, mut open, lines) = (0.0, 0, number(random, 1, 7));
        for line in 1..=lines {
            let item = Item::new(random, size, day);
            total += item.price * (1.0 + item.tax) * (1.0 - item.discount);
            open += i64::from(item.shipped > TODAY);
            item.put(put, random, key, line)?;
        }
        let status = if open == 0 {
            "F"
        } else if open == lines {
            "O"
        } else {
            "P"
        };
        let (ordered, comment) = (date(day), words(random, 6, &WORDS));
        let priority = Param::Text(pick(random, &PRIORITIES));
        let (ordered, comment) = (Param::Text(&ordered), Param::Text(&comment));
        let (customer, status) = (Param::Int(customer), Param::Text(status));
        let total = Param::Real((total * 100.0).round() / 100.0);
        put(6, &[Param::Int(key), customer, status, total, ordered, priority, Param::Int(0), comment])?;
    }
    Ok(())
}

/// A line of an order.
struct Item {
    part: i64,
    supplier: i64,
    quantity: i64,
    price: f64,
    discount: f64,
    tax: f64,
    shipped: i64,
    committed: i64,
    received: i64,
}

impl Item {
    fn new(random: &mut Random, size: Tpch, ordered: i64) -> Item {
        let (part, which) = (number(random, 1, size.parts), number(random, 0, 3));
        let quantity = number(random, 1, 50);
        let price = retail_price(part) * f64::from(i32::try_from(quantity).unwrap_or(0));
        let (discount, tax) = (cents(random, 11), cents(random, 9));
        let shipped = ordered + number(random, 1, 121);
        let (committed, received) = (ordered + number(random, 30, 90), shipped + number(random, 1, 30));
        let supplier = supplier_of(part, which, size.suppliers);
        Item { part, supplier, quantity, price, discount, tax, shipped, committed, received }
    }

    fn put(&self, put: Put<'_>, random: &mut Random, order: i64, line: i64) -> Result<(), Failure> {
        let returned = if self.received > TODAY { "N" } else { pick(random, &["R", "A"]) };
        let status = if self.shipped > TODAY { "O" } else { "F" };
        let [shipped, committed, received] = [self.shipped, self.committed, self.received].map(date);
        let (instruction, mode) = (pick(random, &INSTRUCTIONS), pick(random, &MODES));
        let keys = [order, self.part, self.supplier, line, self.quantity].map(Param::Int);
        let amounts = [self.price, self.discount, self.tax].map(Param::Real);
        let texts = [returned, status, &shipped, &committed, &received, instruction, mode].map(Param::Text);
        put(7, &[keys.as_slice(), &amounts, &texts].concat())
    }
}

/// The queries.
#[must_use]
pub fn lines() -> Vec<Line> {
    vec![
        query("tpch_q01", &[Q01]),
        query("tpch_q03", &[Q03]),
        query("tpch_q04", &[Q04]),
        query("tpch_q05", &[Q05]),
        query("tpch_q06", &[Q06]),
        query("tpch_q09", &[Q09]),
        query("tpch_q10", &[Q10]),
        query("tpch_q12", &[Q12]),
        query("tpch_q13", &[Q13]),
        query("tpch_q14", &[Q14]),
        query("tpch_q18", &[Q18]),
        query("tpch_q19", &[Q19]),
    ]
}

const Q01: &str = "SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
    sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
    avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
    FROM lineitem WHERE l_shipdate <= date('1998-12-01', '-90 days')
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus";

const Q03: &str =
    "SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
    FROM customer, purchase, lineitem
    WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
      AND o_orderdate < '1995-03-15' AND l_shipdate > '1995-03-15'
    GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10";

const Q04: &str = "SELECT o_orderpriority, count(*) FROM purchase
    WHERE o_orderdate >= '1993-07-01' AND o_orderdate < date('1993-07-01', '+3 months')
      AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
    GROUP BY o_orderpriority ORDER BY o_orderpriority";

const Q05: &str = "SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
    FROM customer, purchase, lineitem, supplier, nation, region
    WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey
      AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey
      AND r_name = 'ASIA' AND o_orderdate >= '1994-01-01' AND o_orderdate < date('1994-01-01', '+1 year')
    GROUP BY n_name ORDER BY revenue DESC";

const Q06: &str = "SELECT sum(l_extendedprice * l_discount) FROM lineitem
    WHERE l_shipdate >= '1994-01-01' AND l_shipdate < date('1994-01-01', '+1 year')
      AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24";

const Q09: &str = "SELECT nation, o_year, sum(amount) FROM (
      SELECT n_name AS nation, substr(o_orderdate, 1, 4) AS o_year,
        l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
      FROM part, supplier, lineitem, partsupp, purchase, nation
      WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey
        AND p_partkey = l_partkey AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey
        AND p_name LIKE '%green%')
    GROUP BY nation, o_year ORDER BY nation, o_year DESC";

const Q10: &str =
    "SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name,
      c_address, c_phone, c_comment
    FROM customer, purchase, lineitem, nation
    WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= '1993-10-01'
      AND o_orderdate < date('1993-10-01', '+3 months') AND l_returnflag = 'R' AND c_nationkey = n_nationkey
    GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment
    ORDER BY revenue DESC LIMIT 20";

const Q12: &str = "SELECT l_shipmode,
      sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END),
      sum(CASE WHEN o_orderpriority NOT IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END)
    FROM purchase, lineitem
    WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate
      AND l_shipdate < l_commitdate AND l_receiptdate >= '1994-01-01'
      AND l_receiptdate < date('1994-01-01', '+1 year')
    GROUP BY l_shipmode ORDER BY l_shipmode";

const Q13: &str = "SELECT c_count, count(*) AS custdist FROM (
      SELECT c_custkey, count(o_orderkey) AS c_count
      FROM customer LEFT JOIN purchase ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%'
      GROUP BY c_custkey)
    GROUP BY c_count ORDER BY custdist DESC, c_count DESC";

const Q14: &str = "SELECT 100.0 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
      / sum(l_extendedprice * (1 - l_discount))
    FROM lineitem, part
    WHERE l_partkey = p_partkey AND l_shipdate >= '1995-09-01' AND l_shipdate < date('1995-09-01', '+1 month')";

const Q18: &str = "SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity)
    FROM customer, purchase, lineitem
    WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 250)
      AND c_custkey = o_custkey AND o_orderkey = l_orderkey
    GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
    ORDER BY o_totalprice DESC, o_orderdate LIMIT 100";

const Q19: &str = "SELECT sum(l_extendedprice * (1 - l_discount)) FROM lineitem, part
    WHERE (p_partkey = l_partkey AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
        AND l_quantity BETWEEN 1 AND 11 AND p_size BETWEEN 1 AND 5 AND l_shipmode IN ('AIR', 'REG AIR')
        AND l_shipinstruct = 'DELIVER IN PERSON')
      OR (p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
        AND l_quantity BETWEEN 10 AND 20 AND p_size BETWEEN 1 AND 10 AND l_shipmode IN ('AIR', 'REG AIR')
        AND l_shipinstruct = 'DELIVER IN PERSON')
      OR (p_partkey = l_partkey AND p_brand = 'Brand#34' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
        AND l_quantity BETWEEN 20 AND 30 AND p_size BETWEEN 1 AND 15 AND l_shipmode IN ('AIR', 'REG AIR')
        AND l_shipinstruct = 'DELIVER IN PERSON')";

#[cfg(test)]
mod tests;
