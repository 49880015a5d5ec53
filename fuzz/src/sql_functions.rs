//! Random calls of every function, with arguments at the edges, so that results can be compared to the last digit.
//!
//! Functions that tell of the present, of chance, of the connection or of the build are left out, and so are sizes that take
//! gigabytes.

use crate::random::Random;
use crate::sql_tree::{Sql, all, seq, text, value};
use crate::sql_values::{self as values, Choose};

/// What an argument is mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    Number,
    /// A small integer.
    Small,
    /// A small integer, and nothing else.
    Width,
    Text,
    /// Hexadecimal digits.
    Hex,
    Pattern,
    Escape,
    Format,
    /// A format that takes widths from arguments.
    Starred,
    Moment,
    Modifier,
    /// A format of `strftime`.
    Strftime,
    /// A number from 0 to 1, as a constant.
    Share,
    /// A text with escapes of Unicode.
    Escaped,
}

use Kind::{
    Any, Escape, Escaped, Format, Hex, Modifier, Moment, Number, Pattern, Share, Small, Starred, Strftime,
    Text, Width,
};

/// Functions from values to a value, with what they take.
const SCALARS: &[(&str, &[Kind])] = &[
    ("abs", &[Number]),
    ("acos", &[Number]),
    ("acosh", &[Number]),
    ("asin", &[Number]),
    ("asinh", &[Number]),
    ("atan", &[Number]),
    ("atan2", &[Number, Number]),
    ("atanh", &[Number]),
    ("ceil", &[Number]),
    ("ceiling", &[Number]),
    ("char", &[Small, Number]),
    ("coalesce", &[Any, Any]),
    ("coalesce", &[Any, Any, Any]),
    ("concat", &[Any]),
    ("concat", &[Any, Any, Any]),
    ("concat_ws", &[Text, Any, Any]),
    ("cos", &[Number]),
    ("cosh", &[Number]),
    ("date", &[Moment]),
    ("date", &[Moment, Modifier]),
    ("date", &[Moment, Modifier, Modifier]),
    ("datetime", &[Moment]),
    ("datetime", &[Moment, Modifier]),
    ("datetime", &[Moment, Modifier, Modifier, Modifier]),
    ("degrees", &[Number]),
    ("exp", &[Number]),
    ("floor", &[Number]),
    ("format", &[Format, Any]),
    ("format", &[Format, Number, Any]),
    ("glob", &[Pattern, Text]),
    ("hex", &[Any]),
    ("if", &[Any, Any]),
    ("ifnull", &[Any, Any]),
    ("iif", &[Any, Any, Any]),
    ("iif", &[Any, Any, Any, Any]),
    ("instr", &[Text, Text]),
    ("instr", &[Any, Any]),
    ("julianday", &[Moment]),
    ("julianday", &[Moment, Modifier]),
    ("julianday", &[Moment, Modifier, Modifier]),
    ("length", &[Any]),
    ("like", &[Pattern, Text]),
    ("like", &[Pattern, Text, Escape]),
    ("likelihood", &[Any, Share]),
    ("likely", &[Any]),
    ("ln", &[Number]),
    ("log", &[Number]),
    ("log", &[Number, Number]),
    ("log10", &[Number]),
    ("log2", &[Number]),
    ("lower", &[Text]),
    ("ltrim", &[Text]),
    ("ltrim", &[Text, Text]),
    ("max", &[Any, Any]),
    ("min", &[Any, Any, Any]),
    ("mod", &[Number, Number]),
    ("nullif", &[Any, Any]),
    ("octet_length", &[Any]),
    ("pi", &[]),
    ("pow", &[Number, Number]),
    ("power", &[Number, Number]),
    ("printf", &[Format]),
    ("printf", &[Format, Any]),
    ("printf", &[Format, Number]),
    ("printf", &[Format, Number, Any]),
    ("printf", &[Starred, Width, Width, Width, Width, Number]),
    ("quote", &[Any]),
    ("quote", &[Number]),
    ("radians", &[Number]),
    ("replace", &[Text, Text, Text]),
    ("round", &[Number]),
    ("round", &[Number, Small]),
    ("rtrim", &[Text]),
    ("rtrim", &[Text, Text]),
    ("sign", &[Any]),
    ("sin", &[Number]),
    ("sinh", &[Number]),
    ("soundex", &[Text]),
    ("sqrt", &[Number]),
    ("strftime", &[Strftime, Moment]),
    ("strftime", &[Strftime, Moment, Modifier]),
    ("strftime", &[Strftime, Moment, Modifier, Modifier]),
    ("substr", &[Text, Small]),
    ("substr", &[Text, Small, Small]),
    ("substr", &[Any, Number, Number]),
    ("substring", &[Any, Small, Small]),
    ("tan", &[Number]),
    ("tanh", &[Number]),
    ("time", &[Moment]),
    ("time", &[Moment, Modifier]),
    ("timediff", &[Moment, Moment]),
    ("trim", &[Text]),
    ("trim", &[Any, Text]),
    ("trunc", &[Number]),
    ("typeof", &[Any]),
    ("unhex", &[Hex]),
    ("unhex", &[Hex, Text]),
    ("unicode", &[Text]),
    ("unistr", &[Escaped]),
    ("unistr_quote", &[Any]),
    ("unixepoch", &[Moment]),
    ("unixepoch", &[Moment, Modifier]),
    ("unixepoch", &[Moment, Modifier, Modifier]),
    ("unlikely", &[Any]),
    ("upper", &[Text]),
    ("zeroblob", &[Small]),
];

/// Functions from rows to a value; the second column is a constant.
const AGGREGATES: &[&str] = &[
    "avg(column1)",
    "avg(DISTINCT column1)",
    "count(*)",
    "count(column1)",
    "count(DISTINCT column1)",
    "group_concat(column1)",
    "group_concat(column1, column2)",
    "group_concat(DISTINCT column1)",
    "group_concat(column1, '-' ORDER BY column2, quote(column1))",
    "max(column1)",
    "median(column1)",
    "min(column1)",
    "percentile(column1, 50)",
    "percentile(column1, 12.5)",
    "percentile_cont(column1, 0.25)",
    "percentile_disc(column1, 0.75)",
    "string_agg(column1, '+')",
    "sum(column1)",
    "sum(DISTINCT column1)",
    "sum(column1) FILTER (WHERE column2 > 1)",
    "total(column1)",
];

/// A query for a random call.
pub fn query(random: &mut Random) -> Sql {
    match random.below(20) {
        0..=2 => aggregate(random),
        3 => {
            // How a number is read and printed.
            let number = values::any_number(random);
            let used = random.one(&[
                "CAST({} AS TEXT)",
                "{}",
                "quote({})",
                "'{}' + 0",
                "{} || ''",
                "CAST('{}' AS REAL)",
                "CAST('{}' AS INTEGER)",
                "-{}",
                "CAST('{}' AS NUMERIC)",
            ]);
            text(format!("SELECT {}", used.replace("{}", &number.replace("--", ""))).replace("--", "- -"))
        }
        _ => {
            let (name, kinds) = random.choose(SCALARS).copied().unwrap_or(("pi", &[]));
            let arguments = kinds.iter().map(|kind| argument(random, *kind)).collect();
            seq([text(format!("SELECT {name}(")), all(arguments), text(")")])
        }
    }
}

fn aggregate(random: &mut Random) -> Sql {
    let kind = random.below(3);
    let rows = (0..random.between(1, 7)).map(|_| {
        let number = match kind {
            0 => text(values::any_number(random)),
            1 => text(values::any_literal(random)),
            _ => text(random.one(&[
                "0.1",
                "0.2",
                "0.3",
                "1e16",
                "1",
                "-1e16",
                "1e308",
                "NULL",
                "3",
                "1e-5",
                "9007199254740993",
            ])),
        };
        seq([text("("), value(number), text(format!(", {})", random.below(4)))])
    });
    let rows: Vec<Sql> = rows.collect();
    let call = random.one(AGGREGATES);
    seq([
        text(format!("SELECT {call} FROM (VALUES")),
        Sql::List { items: rows, separator: ", ", least: 1 },
        text(")"),
    ])
}

fn argument(random: &mut Random, kind: Kind) -> Sql {
    let odd = random.chance(8) && !matches!(kind, Share | Width);
    let made = match kind {
        _ if odd => values::any_literal(random).into(),
        Any => match random.below(3) {
            0 => values::any_number(random),
            _ => values::any_literal(random).into(),
        },
        Number => match random.below(4) {
            0 => {
                random.one(&["0", "1", "-1", "0.5", "-0.5", "2", "10", "100", "0.1", "1e-10", "720.5"]).into()
            }
            1 => format!("'{}'", values::any_number(random)),
            _ => values::any_number(random),
        },
        Small | Width => random
            .one(&["0", "1", "2", "3", "-1", "-2", "5", "10", "-3", "15", "20", "65", "NULL", "2.5", "'2'"])
            .into(),
        Text => values::any_text(random).into(),
        Hex => random
            .one(&["''", "'6162'", "'61 62'", "'6'", "'zz'", "'ABcd'", "'61-62'", "x'3631'", "6162"])
            .into(),
        Pattern => random
            .one(&[
                "'%'", "'a%'", "'_b%'", "'A_'", "'*'", "'a*'", "'[a-c]*'", "'[^a]'", "'?b*'", "'%a%'",
                "'[]a]*'", "'[a-'", "'!%%'", "'ä'", "'Ä%'", "'\\%'",
            ])
            .into(),
        Escape => random.one(&["'!'", "'\\'", "'%'", "'a'", "'ab'", "''", "NULL"]).into(),
        Format => format(random, ["", ""]),
        Starred => format(random, ["*", ".*"]),
        Moment => moment(random),
        Modifier => modifier(random),
        Strftime => strftime(random),
        Share => random.one(&["0.5", "0.0", "1.0", "0.25"]).into(),
        Escaped => random
            .one(&[
                "'a'",
                "'\\0041'",
                "'\\u00e4'",
                "'\\U0001F600'",
                "'\\\\'",
                "'\\+01F600'",
                "'\\zz'",
                "'x\\0061y'",
            ])
            .into(),
    };
    value(text(made))
}

/// A format of `printf`, with these for a width and a precision from an argument.
fn format(random: &mut Random, [width, precision]: [&str; 2]) -> String {
    let mut format = String::from("'");
    for _ in 0..random.between(1, 2) {
        format.push_str(random.one(&["", "", "a", "[", "% %", "%%"]));
        format.push('%');
        for _ in 0..random.between(0, 2) {
            format.push_str(random.one(&["", "-", "+", " ", "0", "#", ",", "!"]));
        }
        format.push_str(random.one(&["", "", "5", "10", "20", "1", width]));
        format.push_str(random.one(&["", "", ".0", ".1", ".3", ".10", ".17", ".20", ".", precision, ".30"]));
        format.push_str(random.one(&["", "", "", "l", "ll"]));
        format.push_str(random.one(&[
            "d", "i", "u", "f", "e", "E", "g", "G", "x", "X", "o", "c", "s", "z", "q", "Q", "w", "p", "n",
            "y", "f", "g", "d",
        ]));
    }
    format.push_str(random.one(&["", "]", "b", "%"]));
    format.push('\'');
    format
}

/// A moment in one of the forms that the functions of date and time read.
fn moment(random: &mut Random) -> String {
    if random.chance(20) {
        return match random.below(4) {
            0 => values::any_number(random),
            1 => format!("{}.{}", 2_400_000 + random.below(100_000), random.below(100_000)),
            2 => random.below(4_000_000_000).to_string(),
            _ => format!("'{}'", random.below(3_000_000)),
        };
    }
    let year = match random.below(5) {
        0 => random.below(10_000),
        1 => random.between(1, 13) as u64,
        _ => 1950 + random.below(100),
    };
    let (month, day) = (random.between(1, 12), random.between(1, 31));
    let date = format!("{year:04}-{month:02}-{day:02}");
    let time = match random.below(6) {
        0 => String::new(),
        1 => format!("{:02}:{:02}", random.below(25), random.below(61)),
        2 => format!("{:02}:{:02}:{:02}", random.below(24), random.below(60), random.below(61)),
        _ => format!(
            "{:02}:{:02}:{:02}.{}",
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(100_000)
        ),
    };
    let zone = random.one(&["", "", "", "", "Z", "+01:30", " -05:00", "+14:00", "+15:00", " z"]);
    match random.below(8) {
        0 if !time.is_empty() => format!("'{time}{zone}'"),
        _ if time.is_empty() => format!("'{date}'"),
        1 => format!("'{date}T{time}{zone}'"),
        _ => format!("'{date} {time}{zone}'"),
    }
}

fn modifier(random: &mut Random) -> String {
    let number = match random.below(4) {
        0 => format!("{}{}", random.one(&["+", "-", ""]), random.below(100_000)),
        1 => format!("{}{}.{}", random.one(&["+", "-", ""]), random.below(50), random.below(1000)),
        _ => format!("{}{}", random.one(&["+", "-", ""]), random.below(40)),
    };
    let unit = random.one(&[
        "day", "days", "hour", "minutes", "second", "seconds", "month", "months", "year", "years", "Days",
        "weeks",
    ]);
    match random.below(10) {
        0..=3 => format!("'{number} {unit}'"),
        4 => format!("'{}{:02}:{:02}'", random.one(&["+", "-", ""]), random.below(30), random.below(60)),
        5 => format!(
            "'{}{:04}-{:02}-{:02}'",
            random.one(&["+", "-"]),
            random.below(20),
            random.below(13),
            random.below(32)
        ),
        6 => format!(
            "'{}{:04}-{:02}-{:02} {:02}:{:02}'",
            random.one(&["+", "-"]),
            random.below(20),
            random.below(12),
            random.below(31),
            random.below(24),
            random.below(60)
        ),
        _ => format!(
            "'{}'",
            random.one(&[
                "start of month",
                "start of year",
                "start of day",
                "weekday 0",
                "weekday 3",
                "weekday 7",
                "unixepoch",
                "julianday",
                "auto",
                "subsec",
                "subsecond",
                "ceiling",
                "floor",
                "START OF MONTH",
                "nonsense",
                "utc "
            ])
        ),
    }
}

fn strftime(random: &mut Random) -> String {
    let mut format = String::from("'");
    for _ in 0..random.between(1, 3) {
        format.push_str(random.one(&[
            "%d", "%e", "%f", "%F", "%g", "%G", "%H", "%I", "%j", "%J", "%k", "%l", "%m", "%M", "%p", "%P",
            "%R", "%s", "%S", "%T", "%u", "%U", "%V", "%w", "%W", "%Y", "%%", "-", "x", "%q",
        ]));
    }
    format.push('\'');
    format
}
