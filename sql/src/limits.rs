//! The bounds that keep a statement from using up the machine, as SQLite has them.

/// Upper bounds on the size of statements and values. The default is SQLite's.
///
/// A limit may be lowered for statements from an untrusted source. Raising one above [`Limits::default`] is not
/// supported where the field says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, blob or row, in bytes.
    pub length_bytes: usize,
    /// Longest text of SQL in one call, in bytes. At most 1,000,000,000.
    pub sql_length_bytes: usize,
    /// Most columns of a table, index, view, result, `ORDER BY`, `GROUP BY` or `VALUES` row.
    pub columns: usize,
    /// Greatest height of an expression tree, subqueries in it included. At most 1,000: whatever walks a tree by
    /// recursion counts on it.
    pub expression_depth: u32,
    /// Most operators and brackets of an expression that wait to be finished.
    pub parser_depth: usize,
    /// Deepest nesting of one `SELECT` in another, in `FROM` or in expressions. At most 64, for the same reason.
    pub select_depth: u32,
    /// Most `SELECT`s joined by `UNION`, `INTERSECT` and `EXCEPT` in one query; `VALUES` rows do not count.
    pub compound_selects: usize,
    /// Most arguments of a function.
    pub function_arguments: usize,
    /// Most tables in one join. At most 64, as many as the planner can put in order.
    pub joined_tables: usize,
    /// Most attached databases.
    pub attached: usize,
    /// Longest pattern of `LIKE` and `GLOB`, in bytes.
    pub like_pattern_bytes: usize,
    /// Greatest width and precision of a conversion of `printf`; a greater one counts as this. `u64::MAX` if any.
    pub format_width: u64,
    /// Largest number of a parameter: `?32766` is the last one.
    pub parameters: u32,
    /// Deepest recursion of triggers.
    pub trigger_depth: u32,
    /// Most steps of one statement: rows that some part of it looks at or makes. `u64::MAX` if it may go on forever.
    pub steps: u64,
    /// Most bytes of all values that the rows of one statement hold together, a number being 8. `u64::MAX` if any.
    pub result_bytes: u64,
    /// How much one sort, grouping, `DISTINCT` or compound keeps in memory before it puts rows into scratch files,
    /// in bytes. Small values make them slow; results do not depend on it.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::SQLITE
    }
}

impl Limits {
    /// Those of SQLite.
    pub const SQLITE: Limits = Limits {
        length_bytes: 1_000_000_000,
        sql_length_bytes: 1_000_000_000,
        columns: 2_000,
        expression_depth: 1_000,
        parser_depth: 2_500,
        select_depth: 64,
        compound_selects: 500,
        function_arguments: 1_000,
        joined_tables: 64,
        attached: 10,
        like_pattern_bytes: 50_000,
        format_width: u64::MAX,
        parameters: 32_766,
        trigger_depth: 1_000,
        steps: u64::MAX,
        result_bytes: u64::MAX,
        memory_bytes: 64 << 20,
    };

    /// The same, with those that must not be greater than they are in SQLite no greater than that.
    pub(crate) fn bounded(self) -> Limits {
        Limits {
            expression_depth: self.expression_depth.min(Limits::SQLITE.expression_depth),
            select_depth: self.select_depth.min(Limits::SQLITE.select_depth),
            joined_tables: self.joined_tables.min(Limits::SQLITE.joined_tables),
            ..self
        }
    }
}
