//! Plans: the steps of a statement with their expressions compiled.
//!
//! A plan is fixed once made and can be run any number of times, at the same time too. Rows are in frames: the
//! statement has one, and every query inside an expression has its own. A step names rows and cursors by their places
//! in its frame.

use std::sync::Arc;

use duramen_engine::TreeId;

use crate::ast::{CompoundOp, FrameExclude, FrameUnit};
use crate::bound::{ResultColumn, TableFunction};
use crate::codec::Direction;
use crate::expr::{Constants, Scalar, SubqueryNumber, Test};
use crate::func::{Function, Place};
use crate::schema::Store;
use crate::value::{Affinity, Collation};

/// The plan of a query that is a statement.
pub struct SelectPlan {
    /// The query.
    pub query: QueryPlan,
    /// What is in its frame.
    pub frame: FrameSize,
    /// What it shares with what is inside of it.
    pub parts: Parts,
    /// The columns of its rows.
    pub columns: Vec<ResultColumn>,
}

impl SelectPlan {
    /// Whether its operators may be kept for the next run: none of them keeps rows.
    #[must_use]
    pub fn is_light(&self) -> bool {
        fn keeps_no_rows(node: &Node) -> bool {
            match node {
                Node::One | Node::Empty | Node::Scan(_) | Node::Values(_) | Node::Count(_) => true,
                Node::Filter(input, _) | Node::Limit(input, _) => keeps_no_rows(input),
                Node::Nested(outer, inner) | Node::Left(outer, inner, _) => {
                    keeps_no_rows(outer) && keeps_no_rows(inner)
                }
                _ => false,
            }
        }
        self.parts.subqueries.is_empty() && keeps_no_rows(&self.query.root)
    }
}

/// What all queries of a statement share.
#[derive(Default)]
pub struct Parts {
    /// The queries inside expressions.
    pub subqueries: Vec<SubqueryPlan>,
    /// The constants.
    pub constants: Constants,
    /// The tables that are read.
    pub tables: Vec<(Store, TreeId)>,
}

/// How many rows and cursors a frame has.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameSize {
    /// Rows.
    pub rows: usize,
    /// Cursors.
    pub cursors: usize,
}

/// The plan of a query.
pub struct QueryPlan {
    /// The steps.
    pub root: Node,
    /// The values of a row, once the steps have moved to it.
    pub output: Arc<Vec<Scalar>>,
}

/// The plan of a query inside an expression.
pub struct SubqueryPlan {
    /// The query.
    pub query: QueryPlan,
    /// What is in its frame.
    pub frame: FrameSize,
    /// Whether it sees rows of the queries around it; else it is run once.
    pub correlated: bool,
    /// Whether its operators can run again for other rows around it.
    pub reuse: Reuse,
    /// For the right side of `IN`: how each column compares.
    pub rules: Vec<(Affinity, Collation)>,
}

/// Whether operators that ran can run again for other rows around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Something that they keep depends on those rows.
    Never,
    /// With the frame they ran in, where the rows are that they keep.
    WithFrame,
    /// They keep nothing.
    Always,
}

/// A step of a plan.
pub enum Node {
    /// One row of nothing.
    One,
    /// No rows.
    Empty,
    /// Rows of a table.
    Scan(Arc<Scan>),
    /// Rows of a table that some of several scans find, each once.
    Any(Arc<AnyOf>),
    /// Rows that pass tests.
    Filter(Box<Node>, Arc<Vec<Test>>),
    /// For each row of the first, the rows of the second.
    Nested(Box<Node>, Box<Node>),
    /// The same; a row without any comes once, with the rows of the second side empty.
    Left(Box<Node>, Box<Node>, Arc<Vec<usize>>),
    /// A join by hashing the second side.
    Hash(Box<Node>, Box<Node>, Arc<HashJoin>),
    /// A join that also gives rows of the right side that nothing fits to.
    Outer(Box<Node>, Box<Node>, Arc<OuterJoin>),
    /// Groups.
    Aggregate(Box<Node>, Arc<Aggregation>),
    /// Window functions.
    Window(Box<Node>, Arc<Window>),
    /// Sorted rows.
    Sort(Box<Node>, Arc<Sort>),
    /// Rows whose values did not come before.
    Distinct(Box<Node>, Arc<Distinct>),
    /// Some of the rows.
    Limit(Box<Node>, Arc<Limit>),
    /// The rows of a query, kept.
    Rows(Arc<Rows>),
    /// Given rows.
    Values(Arc<Values>),
    /// Two queries combined.
    Compound(Arc<Compound>),
    /// A recursive common table.
    Recursive(Arc<Recursive>),
    /// The row that the recursive part gets: a copy of the row of the recursive common table.
    Recursion {
        /// Where it goes.
        row: usize,
        /// The row it is a copy of.
        of: usize,
    },
    /// The rows of a function.
    Function(Arc<FunctionRows>),
    /// The different values of a list, in order.
    Each(Arc<Each>),
    /// How many rows a table has.
    Count(Arc<Count>),
}

/// Reads rows of a table.
pub struct Scan {
    /// Where its row goes.
    pub row: usize,
    /// Its cursor; one over an index is at the next place.
    pub cursor: usize,
    /// Where the table is kept.
    pub store: Store,
    /// The tree of the table.
    pub tree: TreeId,
    /// Whether the rows have rowids.
    pub has_rowid: bool,
    /// Which rows, and in which order.
    pub access: Access,
    /// Whether there is at most one of them.
    pub is_single: bool,
    /// Whether from the last to the first.
    pub reverse: bool,
    /// The directions of those columns of a key by which rows are told apart: of rows that are the same in them one is
    /// enough. With none all rows are given.
    pub apart: Vec<Direction>,
    /// What rows must pass.
    pub tests: Vec<Test>,
    /// How it reads, for people.
    pub label: String,
}

impl Scan {
    /// Whether all entries that it reads have the same values in the columns that it looks for.
    pub(crate) fn is_exact(&self) -> bool {
        match &self.access {
            Access::Keys(range) => {
                !range.equal.is_empty()
                    && range.low.is_none()
                    && range.high.is_none()
                    && self.apart.is_empty()
            }
            _ => false,
        }
    }

    /// The tree of the index that it reads, if it reads one.
    pub(super) fn index(&self) -> Option<TreeId> {
        match &self.access {
            Access::Keys(range) if range.tree != self.tree => Some(range.tree),
            _ => None,
        }
    }
}

/// How rows of a table are found.
pub enum Access {
    /// All of them.
    All,
    /// By rowid, and what names it.
    Rowid(Scalar, Option<NamedBy>),
    /// By a range of rowids.
    RowidRange(Option<(Scalar, Included)>, Option<(Scalar, Included)>),
    /// By a tree whose keys are values.
    Keys(KeyRange),
}

/// Another scan of the frame, whose rows name the rows that are looked up.
#[derive(Clone, Copy, Debug)]
pub struct NamedBy {
    /// Its cursor.
    pub cursor: usize,
    /// The place of the column that is the rowid; without one it is the rowid of the row itself.
    pub place: Option<usize>,
}

/// Whether an end belongs to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Included {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// A range of a tree whose keys are values.
pub struct KeyRange {
    /// The tree.
    pub tree: TreeId,
    /// What the first columns are equal to.
    pub equal: Vec<KeyPart>,
    /// The next column is at least this.
    pub low: Option<(KeyPart, Included)>,
    /// The next column is at most this.
    pub high: Option<(KeyPart, Included)>,
    /// How the next column is sorted, if it has a bound.
    pub direction: Direction,
    /// How the row follows from an entry.
    pub fetch: Fetch,
}

/// A value of a key.
pub struct KeyPart {
    /// The value.
    pub value: Scalar,
    /// What is applied to it first.
    pub affinity: Affinity,
    /// How it is encoded.
    pub collation: Collation,
    /// How it is encoded.
    pub direction: Direction,
    /// Whether NULL is looked up too; else nothing is equal to it.
    pub null_fits: bool,
}

/// How a row follows from an entry of a tree.
pub enum Fetch {
    /// The value of the entry is the row.
    Own,
    /// By the rowid at the end of the key.
    ByRowid,
    /// By a key made of these columns of the entry's key: their places among all of it.
    ByKey {
        /// The directions of all columns of the entry's key.
        directions: Vec<Direction>,
        /// Which of them make the table's key, with its collations and directions.
        parts: Vec<(usize, Collation, Direction)>,
    },
    /// The entry holds all that is needed: its columns become the row, up to the last one that is asked for.
    Covering {
        /// The directions of these columns.
        directions: Vec<Direction>,
        /// In which of them integers are to become reals again.
        reals: Vec<bool>,
        /// Whether there is a rowid at the end of the key.
        rowid: bool,
    },
}

/// Rows that some of several scans of a table find.
pub struct AnyOf {
    /// The scans, all into the same row.
    pub scans: Vec<Node>,
    /// The row.
    pub row: usize,
    /// What tells rows of a table without rowid apart.
    pub key: Vec<Scalar>,
    /// What rows must pass.
    pub tests: Vec<Test>,
}

/// A join by hashing.
pub struct HashJoin {
    /// The values of the second side that are hashed.
    pub build: Vec<Scalar>,
    /// The values of the first side that are looked up.
    pub probe: Vec<Scalar>,
    /// How they compare.
    pub rules: Vec<(Affinity, Collation)>,
    /// The rows of the second side.
    pub rows: Vec<usize>,
    /// What pairs must pass.
    pub tests: Vec<Test>,
    /// Whether rows of the first side without any fit come with an empty second side.
    pub left: bool,
}

/// A join that gives rows of the right side that nothing fits to.
pub struct OuterJoin {
    /// What pairs must pass.
    pub tests: Vec<Test>,
    /// The rows of the left side.
    pub left_rows: Vec<usize>,
    /// The rows of the right side.
    pub right_rows: Vec<usize>,
    /// Whether rows of the left side that nothing fits to are given too.
    pub full: bool,
}

/// Groups rows.
pub struct Aggregation {
    /// Where the row of a group goes.
    pub row: usize,
    /// What is grouped by.
    pub keys: Vec<(Scalar, Collation)>,
    /// Whether there are groups only where there are rows.
    pub grouped: bool,
    /// The aggregates.
    pub calls: Vec<AggregateCall>,
    /// Values of one row of the group.
    pub bare: Vec<Scalar>,
}

/// A call of an aggregate.
pub struct AggregateCall {
    /// The function.
    pub function: Arc<Function>,
    /// Its arguments.
    pub arguments: Vec<Scalar>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// Which rows count.
    pub filter: Option<Test>,
    /// In which order it takes its rows.
    pub order_by: Vec<SortKey>,
    /// The collation of its arguments.
    pub collation: Collation,
    /// Where it stands.
    pub place: Place,
}

/// Window functions over one window.
pub struct Window {
    /// Where its row goes.
    pub row: usize,
    /// What separates partitions.
    pub partition_by: Vec<SortKey>,
    /// The order in a partition.
    pub order_by: Vec<SortKey>,
    /// The values passed on.
    pub passed: Vec<Scalar>,
    /// The functions.
    pub calls: Vec<WindowCall>,
}

/// A window function with its frame.
pub struct WindowCall {
    /// The function.
    pub call: AggregateCall,
    /// What the frame counts.
    pub unit: FrameUnit,
    /// Where it starts.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// What is left out.
    pub exclude: FrameExclude,
}

/// One end of a frame.
pub enum FrameBound {
    /// The start or end of the partition.
    Unbounded,
    /// That far before.
    Preceding(Scalar),
    /// The row.
    CurrentRow,
    /// That far behind.
    Following(Scalar),
}

/// A value to sort by.
pub struct SortKey {
    /// The value.
    pub value: Scalar,
    /// How text sorts.
    pub collation: Collation,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Whether NULL comes first.
    pub nulls_first: bool,
}

/// Sorts rows.
pub struct Sort {
    /// Where the sorted row goes.
    pub row: usize,
    /// What is sorted by.
    pub keys: Vec<SortKey>,
    /// The values of the sorted row.
    pub values: Arc<Vec<Scalar>>,
    /// How many rows are wanted at most, if that is known.
    pub limit: Option<Arc<Limit>>,
}

/// Leaves out rows whose values came before.
pub struct Distinct {
    /// The values.
    pub values: Arc<Vec<Scalar>>,
    /// How they compare.
    pub collations: Vec<Collation>,
    /// Whether rows with the same values come one behind the other.
    pub together: bool,
}

/// Leaves out rows.
pub struct Limit {
    /// How many rows to give.
    pub count: Option<Scalar>,
    /// How many rows to leave out first.
    pub offset: Option<Scalar>,
}

/// Rows of a query in `FROM`.
pub struct Rows {
    /// Where the row goes.
    pub row: usize,
    /// The query.
    pub query: QueryPlan,
    /// Whether its rows are kept, to be read again.
    pub kept: bool,
    /// What rows must pass.
    pub tests: Vec<Test>,
}

/// Given rows.
pub struct Values {
    /// Where the row goes.
    pub row: usize,
    /// The rows.
    pub rows: Vec<Vec<Scalar>>,
}

/// Two queries combined.
pub struct Compound {
    /// How.
    pub op: CompoundOp,
    /// Where the row goes.
    pub row: usize,
    /// The first query.
    pub left: QueryPlan,
    /// The second query.
    pub right: QueryPlan,
    /// How the columns compare.
    pub collations: Vec<Collation>,
}

/// A recursive common table.
pub struct Recursive {
    /// Where the row goes. The recursive part reads it there.
    pub row: usize,
    /// The rows to start with.
    pub initial: QueryPlan,
    /// What is made of each row, and where that row goes.
    pub steps: Vec<QueryPlan>,
    /// Whether rows that were there before are left out.
    pub distinct: Option<Vec<Collation>>,
    /// In which order rows are taken, over `row`.
    pub order_by: Vec<SortKey>,
    /// How many rows are given.
    pub limit: Limit,
}

/// The rows of a table function.
pub struct FunctionRows {
    /// Where the row goes.
    pub row: usize,
    /// The function.
    pub function: TableFunction,
    /// Its arguments.
    pub arguments: Vec<Scalar>,
    /// What rows must pass.
    pub tests: Vec<Test>,
}

/// The different values of a list, in order.
pub struct Each {
    /// Where the value goes, as a row of one column.
    pub row: usize,
    /// The values.
    pub source: EachSource,
    /// What is applied to them.
    pub affinity: Affinity,
    /// How they compare.
    pub collation: Collation,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// Where the values of a list come from.
pub enum EachSource {
    /// These.
    List(Vec<Scalar>),
    /// The first column of a query inside the expression.
    Subquery(SubqueryNumber),
}

/// Counts the rows of a table, or those in a range of a tree, without looking at them.
pub struct Count {
    /// Where the row of the result goes.
    pub row: usize,
    /// Where the table is kept.
    pub store: Store,
    /// Its tree.
    pub tree: TreeId,
    /// The range; its tests are none.
    pub range: Option<Arc<Scan>>,
}
