use super::super::figures::Notes;
use super::*;

#[test]
fn lines_are_grouped_and_factors_are_against_the_best_durable_peer() {
    let mut figures = Figures::default();
    for (engine, cost, rate) in [("duramen", 1.0, 4.0), ("floor: zeroed", 0.5, 9.0)] {
        let mut notes = Notes::new(&mut figures, engine, "one");
        notes.cost("cost", cost);
        notes.table("two");
        notes.rate("rate", rate);
    }
    let lines = lines(&figures);
    assert_eq!(lines.iter().map(|line| line.name).collect::<Vec<_>>(), ["cost", "rate"]);
    // The floor is no peer, and there is no other.
    assert_eq!((lines[0].best(|_| true), lines[0].factor()), (Some(1.0), None));
}

#[test]
fn what_engines_read_differently_is_named() {
    let mut figures = Figures::default();
    Notes::new(&mut figures, "a", "").digest("rows", 1);
    Notes::new(&mut figures, "b", "").digest("rows", 1);
    assert_eq!(disagreements(&figures), None);
    Notes::new(&mut figures, "c", "").digest("rows", 2);
    assert_eq!(disagreements(&figures).unwrap(), "ENGINES DISAGREE: c and a differ in rows");
}
