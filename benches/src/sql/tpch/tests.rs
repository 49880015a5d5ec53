use super::*;

#[test]
fn dates_are_those_of_the_calendar() {
    for (days, text) in [
        (0, "1992-01-01"),
        (59, "1992-02-29"),
        (365, "1992-12-31"),
        (366, "1993-01-01"),
        (366 + 58, "1993-02-28"),
        (366 + 59, "1993-03-01"),
        (TODAY, "1995-06-17"),
        (1460, "1995-12-31"),
        (1461, "1996-01-01"),
        (LAST_ORDER_DAY, "1998-08-02"),
    ] {
        assert_eq!(date(days), text);
    }
}

#[test]
fn the_four_suppliers_of_a_part_differ() {
    for size in [Tpch::FULL, Tpch::QUICK] {
        for part in 1..=size.parts {
            let mut suppliers = [0, 1, 2, 3].map(|which| supplier_of(part, which, size.suppliers));
            suppliers.sort_unstable();
            assert!(suppliers.windows(2).all(|pair| pair[0] < pair[1]), "part {part}: {suppliers:?}");
            assert!((1..=size.suppliers).contains(&suppliers[0]) && suppliers[3] <= size.suppliers);
        }
    }
}
