//! What statements may do in a Durable Object: the lists, and [`answer`], which reads them.

use std::collections::HashSet;
use std::sync::LazyLock;

use duramen_sql::{AuthAction, AuthContext, Authorization};

/// Functions that may be called. `soundex` and `load_extension` are on the list, but the first does not exist and the
/// second always fails.
const FUNCTIONS: [&str; 7] = [
    // Values.
    "abs changes char coalesce concat concat_ws format glob hex ifnull iif instr last_insert_rowid length like \
     likelihood likely load_extension lower ltrim max min nullif octet_length printf quote random randomblob replace \
     round rtrim sign soundex substr substring total_changes trim typeof unhex unicode unlikely upper zeroblob",
    // Dates and times.
    "date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp",
    // Aggregates.
    "avg count group_concat max min string_agg sum total",
    // Windows.
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value",
    // Mathematics.
    "acos acosh asin asinh atan atan2 atanh ceil cos cosh degrees exp floor ln log log2 mod pi pow radians sin sinh \
     sqrt tan tanh trunc",
    // JSON.
    "json jsonb json_array jsonb_array json_array_length json_extract jsonb_extract -> ->> json_insert jsonb_insert \
     json_object jsonb_object json_patch jsonb_patch json_remove jsonb_remove json_replace jsonb_replace json_set \
     jsonb_set json_type json_valid json_quote json_group_array jsonb_group_array json_group_object \
     jsonb_group_object json_each json_tree",
    // Of virtual tables.
    "match highlight bm25 snippet rtreecheck",
];

/// Functions that exist and may not be called. Any that is on neither list does not exist.
const REFUSED_FUNCTIONS: &str = "ceiling fts5 fts5_source_id if json_array_insert json_error_position json_pretty \
     log10 power sqlite_compileoption_get sqlite_compileoption_used sqlite_fail sqlite_source_id sqlite_version \
     subtype unistr unistr_quote";

/// What may stand behind a pragma.
#[derive(Clone, Copy)]
enum Argument {
    /// Nothing.
    None,
    /// Nothing, or a word that begins like a boolean.
    OptionalBoolean,
    /// A name that is not reserved.
    Name,
    /// Nothing, or such a name; a number is one too.
    OptionalName,
    /// Nothing, or an integer.
    OptionalInteger,
    /// Anything.
    Any,
}

/// Pragmas that may be used, as statements and as table functions.
const PRAGMAS: [(&str, Argument); 19] = [
    ("case_sensitive_like", Argument::OptionalBoolean),
    ("data_version", Argument::None),
    ("defer_foreign_keys", Argument::OptionalBoolean),
    ("foreign_key_check", Argument::OptionalName),
    ("foreign_key_list", Argument::Name),
    ("foreign_keys", Argument::OptionalBoolean),
    ("ignore_check_constraints", Argument::OptionalBoolean),
    ("index_info", Argument::Name),
    ("index_list", Argument::Name),
    ("index_xinfo", Argument::Name),
    ("legacy_alter_table", Argument::OptionalBoolean),
    ("optimize", Argument::OptionalInteger),
    ("page_size", Argument::None),
    ("quick_check", Argument::OptionalName),
    ("recursive_triggers", Argument::OptionalBoolean),
    ("reverse_unordered_selects", Argument::OptionalBoolean),
    ("table_info", Argument::Name),
    ("table_list", Argument::Any),
    ("table_xinfo", Argument::Name),
];

/// How a boolean behind a pragma begins.
const BOOLEANS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "1", "0"];

/// What `CREATE VIRTUAL TABLE` may make.
const MODULES: [&str; 4] = ["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// How the names begin that belong to the storage itself.
const RESERVED: &str = "_cf_";

/// The answer to `BEGIN`, `SAVEPOINT` and their kin.
const USE_TRANSACTIONS: &str = "To execute a transaction, please use the state.storage.transaction() or \
    state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript \
    API is safer because it will automatically roll back on exceptions, and because it interacts correctly with \
    Durable Objects' automatic atomic write coalescing.";

/// The names of [`FUNCTIONS`].
static ALLOWED: LazyLock<HashSet<&str>> =
    LazyLock::new(|| FUNCTIONS.iter().flat_map(|group| group.split_whitespace()).collect());

/// The functions that exist and may not be called.
pub(crate) fn refused_functions() -> impl Iterator<Item = &'static str> {
    REFUSED_FUNCTIONS.split_whitespace()
}

/// Whether a function exists, be it allowed or refused.
pub(crate) fn is_known_function(name: &str) -> bool {
    (ALLOWED.contains(name) && name != "soundex") || refused_functions().any(|refused| refused == name)
}

/// Whether a statement may do something.
pub(crate) fn answer(context: AuthContext<'_>) -> Authorization {
    use AuthAction as Action;
    match context.action {
        Action::Transaction { .. } | Action::Savepoint { .. } => {
            Authorization::Refuse(USE_TRANSACTIONS.into())
        }
        Action::Select | Action::Recursive | Action::Analyze { .. } => Authorization::Allow,
        Action::Function { function_name } => allow_if(ALLOWED.contains(function_name)),
        Action::Pragma { pragma_name, pragma_value } => allow_if(may_use(pragma_name, pragma_value)),
        Action::CreateTable { table_name }
        | Action::DropTable { table_name }
        | Action::AlterTable { table_name, .. }
        | Action::Insert { table_name }
        | Action::Delete { table_name }
        | Action::Update { table_name, .. }
        | Action::Read { table_name, .. } => allow_if(is_free(table_name)),
        Action::CreateView { view_name } | Action::DropView { view_name } => allow_if(is_free(view_name)),
        Action::CreateIndex { index_name, table_name } | Action::DropIndex { index_name, table_name } => {
            allow_if(is_free(index_name) && is_free(table_name))
        }
        Action::CreateTrigger { trigger_name, table_name }
        | Action::DropTrigger { trigger_name, table_name } => {
            allow_if(is_free(trigger_name) && is_free(table_name))
        }
        Action::Reindex { index_name } => allow_if(is_free(index_name)),
        Action::CreateVtable { table_name, module_name } => allow_if(
            is_free(table_name) && MODULES.iter().any(|known| known.eq_ignore_ascii_case(module_name)),
        ),
        // Databases that are attached, temporary objects.
        _ => Authorization::Deny,
    }
}

fn allow_if(may: bool) -> Authorization {
    if may { Authorization::Allow } else { Authorization::Deny }
}

/// Whether a name does not belong to the storage itself.
fn is_free(name: &str) -> bool {
    !begins_with(name, RESERVED)
}

fn begins_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// Whether a pragma may be used with this value.
fn may_use(pragma: &str, value: Option<&str>) -> bool {
    let Some((_, argument)) = PRAGMAS.iter().find(|(known, _)| known.eq_ignore_ascii_case(pragma)) else {
        return false;
    };
    match (argument, value) {
        (Argument::Any, _) => true,
        (Argument::Name, None) => false,
        (_, None) => true,
        (Argument::None, Some(_)) => false,
        (Argument::Name | Argument::OptionalName, Some(name)) => is_free(name),
        (Argument::OptionalBoolean, Some(word)) => BOOLEANS.iter().any(|start| begins_with(word, start)),
        (Argument::OptionalInteger, Some(number)) => is_integer(number),
    }
}

/// Whether a text is a decimal integer, with or without a minus, or a hexadecimal one.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

#[cfg(test)]
mod tests;
