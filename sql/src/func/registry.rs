//! The functions that are known, by name and number of arguments.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::error::Result;
use crate::func::aggregate::{Aggregate, AggregateKind, HostAggregate, Percentile};
use crate::func::context::Call;
use crate::func::{datetime, general, math, string};
use crate::value::ValueRef;

/// A built-in function from values to a value. Whoever calls it has checked the number of arguments.
pub type ScalarFn = for<'a> fn(&Call<'_, 'a>, &[ValueRef<'a>]) -> Result<ValueRef<'a>>;

/// A function from values to a value that a program defines.
pub trait HostScalar: Send + Sync {
    /// The result for some arguments.
    fn call<'a>(&self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>>;
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arity {
    /// This many.
    Exactly(usize),
    /// This many or more.
    AtLeast(usize),
}

impl Arity {
    /// Whether so many arguments may be given.
    #[must_use]
    pub fn accepts(self, count: usize) -> bool {
        match self {
            Arity::Exactly(exactly) => count == exactly,
            Arity::AtLeast(least) => count >= least,
        }
    }
}

/// How long the result for given arguments stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Volatility {
    /// For ever. Only these may stand in indexes, `CHECK` constraints and generated columns.
    Pure,
    /// For ever, unless the arguments ask for the present or for local time. May stand in the same places; it raises
    /// an error itself when it is asked so there ([`Place`](super::Place)).
    PureUnlessNow,
    /// Throughout a statement.
    Stable,
    /// Not at all: each call is made.
    Volatile,
}

/// Functions that do not evaluate all their arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lazy {
    /// `coalesce`, `ifnull`: up to the first that is not NULL.
    Coalesce,
    /// `iif`, `if`: conditions in turn, then the value behind the first that is true, or the last argument if their
    /// number is odd.
    Iif,
    /// `likely`, `unlikely`, `likelihood`: the first alone.
    First,
}

/// The functions that are window functions only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowKind {
    /// `row_number()`
    RowNumber,
    /// `rank()`
    Rank,
    /// `dense_rank()`
    DenseRank,
    /// `percent_rank()`
    PercentRank,
    /// `cume_dist()`
    CumeDist,
    /// `ntile(n)`
    Ntile,
    /// `lag(x, offset, default)`
    Lag,
    /// `lead(x, offset, default)`
    Lead,
    /// `first_value(x)`
    FirstValue,
    /// `last_value(x)`
    LastValue,
    /// `nth_value(x, n)`
    NthValue,
}

/// What a function does.
#[derive(Clone)]
pub enum Body {
    /// Values to a value.
    Scalar(ScalarFn),
    /// The same, with arguments evaluated as they are needed; the function is for callers that have them all.
    Lazy(Lazy, ScalarFn),
    /// Rows to a value, also over the frame of a window.
    Aggregate(AggregateKind),
    /// Only over a window.
    Window(WindowKind),
    /// Values to a value, defined by the program.
    HostScalar(Arc<dyn HostScalar>),
    /// Rows to a value, defined by the program.
    HostAggregate {
        /// Makes the state before any row.
        start: Arc<dyn Fn() -> Box<dyn HostAggregate> + Send + Sync>,
        /// Whether it may be used over a window.
        is_window: bool,
    },
}

/// A function.
#[derive(Clone)]
pub struct Function {
    /// The name, for messages; it is looked up in any case.
    pub name: Cow<'static, str>,
    /// How many arguments it takes.
    pub arity: Arity,
    /// How long its results last.
    pub volatility: Volatility,
    /// Whether the collation of its arguments matters.
    pub uses_collation: bool,
    /// What it does.
    pub body: Body,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.arity)
    }
}

impl Function {
    /// The state before any row, if this is an aggregate.
    #[must_use]
    pub fn start(&self) -> Option<Aggregate> {
        match &self.body {
            Body::Aggregate(kind) => Some(kind.start()),
            Body::HostAggregate { start, .. } => Some(Aggregate::Host(start())),
            _ => None,
        }
    }

    /// Calls it with all arguments evaluated; `None` if it is no function from values to a value.
    pub fn call<'a>(&self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Option<Result<ValueRef<'a>>> {
        match &self.body {
            Body::Scalar(scalar) | Body::Lazy(_, scalar) => Some(scalar(call, args)),
            Body::HostScalar(host) => Some(host.call(call, args)),
            _ => None,
        }
    }

    /// Whether it takes rows.
    #[must_use]
    pub fn is_aggregate(&self) -> bool {
        matches!(self.body, Body::Aggregate(_) | Body::HostAggregate { .. })
    }

    /// Whether `OVER` may follow it.
    #[must_use]
    pub fn is_window(&self) -> bool {
        matches!(
            self.body,
            Body::Aggregate(_) | Body::Window(_) | Body::HostAggregate { is_window: true, .. }
        )
    }
}

/// What a look-up found.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// A function.
    Found(Arc<Function>),
    /// Functions of this name, but none that takes so many arguments.
    WrongCount,
    /// No function of this name.
    Unknown,
}

type Functions = HashMap<String, Vec<Arc<Function>>>;

/// The functions of a connection: the built-in ones and its own, which come first.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    own: Functions,
    /// Names under which no built-in function is found.
    hidden: HashSet<String>,
}

impl Registry {
    /// The built-in functions.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a function; one of the same name and [`Arity`] is replaced.
    pub fn add(&mut self, function: Function) {
        insert(&mut self.own, function);
    }

    /// Removes a function that was added; a built-in one of the same name is found again.
    pub fn remove(&mut self, name: &str, arity: Arity) {
        if let Some(same_name) = self.own.get_mut(&name.to_ascii_lowercase()) {
            same_name.retain(|function| function.arity != arity);
        }
    }

    /// Takes the built-in functions of a name away, also those that give rows, as if there had never been any.
    pub fn hide(&mut self, name: &str) {
        self.hidden.insert(name.to_ascii_lowercase());
    }

    /// Looks a function up. One that takes exactly this many arguments is preferred to one that takes any number.
    #[must_use]
    pub fn find(&self, name: &str, arguments: usize) -> Lookup {
        let name = name.to_ascii_lowercase();
        let built_in = BUILT_IN.get(&name).filter(|_| !self.is_hidden(&name));
        let sets = [self.own.get(&name), built_in].map(|set| set.map_or(&[][..], Vec::as_slice));
        let best = sets.iter().find_map(|set| {
            set.iter()
                .filter(|function| function.arity.accepts(arguments))
                .max_by_key(|function| function.arity == Arity::Exactly(arguments))
        });
        match best {
            Some(function) => Lookup::Found(function.clone()),
            None if sets.iter().all(|set| set.is_empty()) => Lookup::Unknown,
            None => Lookup::WrongCount,
        }
    }

    /// All functions, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Function>> {
        let built_in = BUILT_IN.iter().filter(|(name, _)| !self.is_hidden(name));
        self.own.values().chain(built_in.map(|(_, functions)| functions)).flatten()
    }

    /// Whether the built-in functions of a name, in lower case, were taken away.
    pub(crate) fn is_hidden(&self, name: &str) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(name)
    }
}

fn insert(functions: &mut Functions, function: Function) {
    let same_name = functions.entry(function.name.to_ascii_lowercase()).or_default();
    same_name.retain(|other| other.arity != function.arity);
    same_name.push(Arc::new(function));
}

static BUILT_IN: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = Functions::new();
    let mut add = |name: &'static str, arity, volatility, uses_collation, body| {
        let name = Cow::Borrowed(name);
        insert(&mut functions, Function { name, arity, volatility, uses_collation, body });
    };
    for &(name, arity, function) in PURE {
        add(name, arity, Volatility::Pure, false, Body::Scalar(function));
    }
    for &(name, arity, function) in COLLATED {
        add(name, arity, Volatility::Pure, true, Body::Scalar(function));
    }
    for &(name, arity, function) in DATES {
        add(name, arity, Volatility::PureUnlessNow, false, Body::Scalar(function));
    }
    for &(name, arity, function) in STABLE {
        add(name, arity, Volatility::Stable, false, Body::Scalar(function));
    }
    for &(name, arity, function) in VOLATILE {
        add(name, arity, Volatility::Volatile, false, Body::Scalar(function));
    }
    for &(name, arity, lazy, function) in LAZY {
        add(name, arity, Volatility::Pure, false, Body::Lazy(lazy, function));
    }
    for &(name, arity, kind) in AGGREGATES {
        let uses_collation = matches!(kind, AggregateKind::Min | AggregateKind::Max);
        add(name, arity, Volatility::Pure, uses_collation, Body::Aggregate(kind));
    }
    for &(name, arity, kind) in WINDOWS {
        add(name, arity, Volatility::Pure, false, Body::Window(kind));
    }
    functions
});

const NONE: Arity = Arity::Exactly(0);
const ONE: Arity = Arity::Exactly(1);
const TWO: Arity = Arity::Exactly(2);
const THREE: Arity = Arity::Exactly(3);
const ANY: Arity = Arity::AtLeast(0);

type Scalars = &'static [(&'static str, Arity, ScalarFn)];

const PURE: Scalars = &[
    ("abs", ONE, math::abs),
    ("acos", ONE, math::acos),
    ("acosh", ONE, math::acosh),
    ("asin", ONE, math::asin),
    ("asinh", ONE, math::asinh),
    ("atan", ONE, math::atan),
    ("atan2", TWO, math::atan2),
    ("atanh", ONE, math::atanh),
    ("ceil", ONE, math::ceil),
    ("ceiling", ONE, math::ceil),
    ("char", ANY, string::char),
    ("concat", Arity::AtLeast(1), string::concat),
    ("concat_ws", Arity::AtLeast(2), string::concat_ws),
    ("cos", ONE, math::cos),
    ("cosh", ONE, math::cosh),
    ("degrees", ONE, math::degrees),
    ("exp", ONE, math::exp),
    ("floor", ONE, math::floor),
    ("format", ANY, string::printf),
    ("glob", TWO, string::glob),
    ("hex", ONE, string::hex),
    ("instr", TWO, string::instr),
    ("length", ONE, string::length),
    ("like", TWO, string::like),
    ("like", THREE, string::like),
    ("ln", ONE, math::ln),
    ("log", ONE, math::log),
    ("log", TWO, math::log),
    ("log10", ONE, math::log),
    ("log2", ONE, math::log2),
    ("lower", ONE, string::lower),
    ("ltrim", ONE, string::ltrim),
    ("ltrim", TWO, string::ltrim),
    ("mod", TWO, math::modulo),
    ("octet_length", ONE, string::octet_length),
    ("pi", NONE, math::pi),
    ("pow", TWO, math::pow),
    ("power", TWO, math::pow),
    ("printf", ANY, string::printf),
    ("quote", ONE, string::quote),
    ("radians", ONE, math::radians),
    ("replace", THREE, string::replace),
    ("round", ONE, math::round),
    ("round", TWO, math::round),
    ("rtrim", ONE, string::rtrim),
    ("rtrim", TWO, string::rtrim),
    ("sign", ONE, math::sign),
    ("sin", ONE, math::sin),
    ("sinh", ONE, math::sinh),
    ("soundex", ONE, string::soundex),
    ("sqrt", ONE, math::sqrt),
    ("substr", TWO, string::substr),
    ("substr", THREE, string::substr),
    ("substring", TWO, string::substr),
    ("substring", THREE, string::substr),
    ("tan", ONE, math::tan),
    ("tanh", ONE, math::tanh),
    ("trim", ONE, string::trim),
    ("trim", TWO, string::trim),
    ("trunc", ONE, math::trunc),
    ("typeof", ONE, general::type_of),
    ("unhex", ONE, string::unhex),
    ("unhex", TWO, string::unhex),
    ("unicode", ONE, string::unicode),
    ("unistr", ONE, string::unistr),
    ("unistr_quote", ONE, string::unistr_quote),
    ("upper", ONE, string::upper),
    ("zeroblob", ONE, string::zeroblob),
];

const COLLATED: Scalars = &[
    ("max", Arity::AtLeast(2), general::max),
    ("min", Arity::AtLeast(2), general::min),
    ("nullif", TWO, general::nullif),
];

const DATES: Scalars = &[
    ("date", ANY, datetime::date),
    ("datetime", ANY, datetime::datetime),
    ("julianday", ANY, datetime::julianday),
    ("strftime", ANY, datetime::strftime),
    ("time", ANY, datetime::time),
    ("timediff", TWO, datetime::timediff),
    ("unixepoch", ANY, datetime::unixepoch),
];

const STABLE: Scalars = &[
    ("current_date", NONE, datetime::current_date),
    ("current_time", NONE, datetime::current_time),
    ("current_timestamp", NONE, datetime::current_timestamp),
    ("sqlite_compileoption_get", ONE, general::sqlite_compileoption_get),
    ("sqlite_compileoption_used", ONE, general::sqlite_compileoption_used),
    ("sqlite_source_id", NONE, general::sqlite_source_id),
    ("sqlite_version", NONE, general::sqlite_version),
];

const VOLATILE: Scalars = &[
    ("changes", NONE, general::changes),
    ("last_insert_rowid", NONE, general::last_insert_rowid),
    ("random", NONE, math::random),
    ("randomblob", ONE, string::randomblob),
    ("total_changes", NONE, general::total_changes),
];

const LAZY: &[(&str, Arity, Lazy, ScalarFn)] = &[
    ("coalesce", Arity::AtLeast(2), Lazy::Coalesce, general::coalesce),
    ("if", Arity::AtLeast(2), Lazy::Iif, general::iif),
    ("ifnull", TWO, Lazy::Coalesce, general::coalesce),
    ("iif", Arity::AtLeast(2), Lazy::Iif, general::iif),
    ("likelihood", TWO, Lazy::First, general::first),
    ("likely", ONE, Lazy::First, general::first),
    ("unlikely", ONE, Lazy::First, general::first),
];

const AGGREGATES: &[(&str, Arity, AggregateKind)] = &[
    ("avg", ONE, AggregateKind::Average),
    ("count", NONE, AggregateKind::Count),
    ("count", ONE, AggregateKind::Count),
    ("group_concat", ONE, AggregateKind::Concat),
    ("group_concat", TWO, AggregateKind::Concat),
    ("max", ONE, AggregateKind::Max),
    ("median", ONE, AggregateKind::Percentile(Percentile::Median)),
    ("min", ONE, AggregateKind::Min),
    ("percentile", TWO, AggregateKind::Percentile(Percentile::Percent)),
    ("percentile_cont", TWO, AggregateKind::Percentile(Percentile::Continuous)),
    ("percentile_disc", TWO, AggregateKind::Percentile(Percentile::Discrete)),
    ("string_agg", TWO, AggregateKind::Concat),
    ("sum", ONE, AggregateKind::Sum),
    ("total", ONE, AggregateKind::Total),
];

const WINDOWS: &[(&str, Arity, WindowKind)] = &[
    ("cume_dist", NONE, WindowKind::CumeDist),
    ("dense_rank", NONE, WindowKind::DenseRank),
    ("first_value", ONE, WindowKind::FirstValue),
    ("lag", ONE, WindowKind::Lag),
    ("lag", TWO, WindowKind::Lag),
    ("lag", THREE, WindowKind::Lag),
    ("last_value", ONE, WindowKind::LastValue),
    ("lead", ONE, WindowKind::Lead),
    ("lead", TWO, WindowKind::Lead),
    ("lead", THREE, WindowKind::Lead),
    ("nth_value", TWO, WindowKind::NthValue),
    ("ntile", ONE, WindowKind::Ntile),
    ("percent_rank", NONE, WindowKind::PercentRank),
    ("rank", NONE, WindowKind::Rank),
    ("row_number", NONE, WindowKind::RowNumber),
];

#[cfg(test)]
mod tests;
