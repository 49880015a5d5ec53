use serde_json::json;

use super::*;
use crate::vectors::run::run;

/// A case of the area `metering` with one query, of which so many rows read are expected.
fn case(rows_read: u64) -> Case {
    let expected = json!({"columns": ["a"], "rows": [[1]], "rowsRead": rows_read, "rowsWritten": 0});
    let ops = json!([{"op": "sql", "q": "SELECT 1 AS a"}]);
    let line = json!({"id": "m", "area": "metering", "ops": ops, "expect": [expected]});
    Case::read(&line.to_string()).expect("a case")
}

#[test]
fn a_count_that_is_not_listed_decides() {
    let (wrong, right) = (case(9), case(0));
    let line = "m: rowsRead 9, here 0.0: SELECT 1 AS a # another plan";
    for (list, totals) in [("", (1, 1)), (line, (2, 0)), ("m: rowsRead 9, here 1.0: SELECT 1 AS a", (1, 1))] {
        let mut report = Report::new(list);
        report.add(&wrong, &run(&wrong));
        report.add(&right, &run(&right));
        assert_eq!(report.totals(), totals, "{list:?}: {report}");
    }
}
