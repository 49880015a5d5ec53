//! Every frame there is, against frames taken literally: for each row all others are asked whether they are in.

use crate::connection::Connection;

/// One end of a frame.
#[derive(Clone, Copy, Debug)]
enum End {
    Unbounded,
    Preceding(i64),
    Current,
    Following(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Rows,
    Range,
    Groups,
}

#[derive(Clone, Copy, Debug)]
enum Exclude {
    Nothing,
    Current,
    Group,
    Ties,
}

/// A row: its partition, what it is ordered by, its value.
type Row = (i64, i64, Option<i64>);

const ROWS: &[Row] = &[
    (1, 1, Some(5)),
    (1, 2, Some(3)),
    (1, 2, None),
    (1, 2, Some(8)),
    (1, 4, Some(1)),
    (1, 7, Some(9)),
    (1, 7, Some(2)),
    (2, 3, None),
    (3, 1, Some(4)),
    (3, 1, Some(4)),
    (3, 2, Some(6)),
];

const STARTS: &[End] =
    &[End::Unbounded, End::Preceding(2), End::Preceding(0), End::Current, End::Following(1)];
const ENDS: &[End] = &[End::Preceding(1), End::Current, End::Following(0), End::Following(2), End::Unbounded];
const UNITS: &[Unit] = &[Unit::Rows, Unit::Range, Unit::Groups];
const EXCLUDES: &[Exclude] = &[Exclude::Nothing, Exclude::Current, Exclude::Group, Exclude::Ties];

fn text_of(end: End, unbounded: &str) -> String {
    match end {
        End::Unbounded => format!("UNBOUNDED {unbounded}"),
        End::Preceding(by) => format!("{by} PRECEDING"),
        End::Current => "CURRENT ROW".into(),
        End::Following(by) => format!("{by} FOLLOWING"),
    }
}

/// Whether a frame that begins and ends so is one that SQL knows.
fn is_frame(start: End, end: End) -> bool {
    !matches!(
        (start, end),
        (End::Following(_), End::Preceding(_) | End::Current) | (End::Current, End::Preceding(_))
    )
}

/// Where a row is, as its unit counts: its number, what it is ordered by, or the number of its group.
fn place(partition: &[Row], at: usize, unit: Unit) -> i64 {
    let count = match unit {
        Unit::Rows => at,
        Unit::Range => return partition[at].1,
        Unit::Groups => partition[..=at].windows(2).filter(|pair| pair[0].1 != pair[1].1).count(),
    };
    i64::try_from(count).expect("a few rows")
}

/// The values of the rows in the frame of a row.
fn frame(partition: &[Row], at: usize, unit: Unit, ends: (End, End), exclude: Exclude) -> Vec<Option<i64>> {
    let here = place(partition, at, unit);
    let bound = |end: End| match end {
        End::Unbounded => None,
        End::Preceding(by) => Some(here - by),
        End::Current => Some(here),
        End::Following(by) => Some(here + by),
    };
    let is_in = |other: &usize| {
        let there = place(partition, *other, unit);
        let is_peer = partition[*other].1 == partition[at].1;
        let is_excluded = match exclude {
            Exclude::Nothing => false,
            Exclude::Current => *other == at,
            Exclude::Group => is_peer,
            Exclude::Ties => is_peer && *other != at,
        };
        bound(ends.0).is_none_or(|low| low <= there)
            && bound(ends.1).is_none_or(|high| there <= high)
            && !is_excluded
    };
    (0..partition.len()).filter(is_in).map(|other| partition[other].2).collect()
}

/// What the functions of the query make of a frame.
fn answer(frame: &[Option<i64>]) -> String {
    let values: Vec<i64> = frame.iter().copied().flatten().collect();
    let texts: Vec<String> = values.iter().map(i64::to_string).collect();
    let shown = |value: Option<i64>| value.map_or("-".to_string(), |value| value.to_string());
    let sum = (!values.is_empty()).then(|| values.iter().sum());
    let concat = if texts.is_empty() { "-".into() } else { texts.join(".") };
    [
        frame.len().to_string(),
        values.len().to_string(),
        shown(sum),
        shown(values.iter().min().copied()),
        shown(values.iter().max().copied()),
        concat,
        shown(frame.first().copied().flatten()),
        shown(frame.last().copied().flatten()),
        shown(frame.get(1).copied().flatten()),
    ]
    .join("|")
}

#[test]
fn every_frame_holds_the_rows_it_says() {
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection.execute_batch("CREATE TABLE t(p, o, v)").expect("it is well formed");
    for row in ROWS {
        connection.execute("INSERT INTO t VALUES (?1, ?2, ?3)", *row).expect("it is well formed");
    }
    let ends = STARTS.iter().flat_map(|start| ENDS.iter().map(move |end| (*start, *end)));
    for (start, end) in ends.filter(|(start, end)| is_frame(*start, *end)) {
        for (unit, exclude) in
            UNITS.iter().flat_map(|unit| EXCLUDES.iter().map(move |exclude| (*unit, *exclude)))
        {
            let excluded = match exclude {
                Exclude::Nothing => "NO OTHERS",
                Exclude::Current => "CURRENT ROW",
                Exclude::Group => "GROUP",
                Exclude::Ties => "TIES",
            };
            let window = format!(
                "{unit:?} BETWEEN {} AND {} EXCLUDE {excluded}",
                text_of(start, "PRECEDING"),
                text_of(end, "FOLLOWING")
            );
            let sql = format!(
                "SELECT concat_ws('|', count(*) OVER w, count(v) OVER w, coalesce(sum(v) OVER w, '-'),
                        coalesce(min(v) OVER w, '-'), coalesce(max(v) OVER w, '-'),
                        coalesce(group_concat(v, '.') OVER w, '-'), coalesce(first_value(v) OVER w, '-'),
                        coalesce(last_value(v) OVER w, '-'), coalesce(nth_value(v, 2) OVER w, '-'))
                 FROM t WINDOW w AS (PARTITION BY p ORDER BY o {window}) ORDER BY rowid"
            );
            let mut statement = connection.prepare(&sql).expect("it is well formed");
            let found = statement.query_map((), |row| row.get::<_, String>(0)).expect("it runs");
            let found: Vec<String> = found.collect::<Result<_, _>>().expect("it runs");
            let expected: Vec<String> = ROWS
                .chunk_by(|a, b| a.0 == b.0)
                .flat_map(|partition| {
                    (0..partition.len())
                        .map(move |at| answer(&frame(partition, at, unit, (start, end), exclude)))
                })
                .collect();
            assert_eq!(found, expected, "{window}");
        }
    }
}

#[test]
fn ranks_count_rows_and_peers() {
    let connection = Connection::open_in_memory().expect("memory suffices");
    connection
        .execute_batch("CREATE TABLE t(o); INSERT INTO t VALUES (10), (20), (20), (30)")
        .expect("it is well formed");
    let sql = "SELECT concat_ws(' ', row_number() OVER w, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w,
                      cume_dist() OVER w, ntile(3) OVER w, lag(o, 1, 0) OVER w, lead(o, 2, 0) OVER w)
               FROM t WINDOW w AS (ORDER BY o)";
    let mut statement = connection.prepare(sql).expect("it is well formed");
    let found = statement.query_map((), |row| row.get::<_, String>(0)).expect("it runs");
    let found: Vec<String> = found.collect::<Result<_, _>>().expect("it runs");
    let third = "0.33333333333333332";
    let expected = [
        "1 1 1 0.0 0.25 1 0 20".to_string(),
        format!("2 2 2 {third} 0.75 1 10 30"),
        format!("3 2 2 {third} 0.75 2 20 0"),
        "4 4 3 1.0 1.0 3 20 0".to_string(),
    ];
    assert_eq!(found, expected);
}
