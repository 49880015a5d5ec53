use super::*;

#[test]
fn figures_pass_through_json() {
    let mut figures = Figures::default();
    let mut notes = Notes::new(&mut figures, "engine", "table");
    notes.cost("put, us", 1.5);
    notes.rate("reads a second", 2e6);
    notes.digest("rows", u64::MAX);
    assert_eq!(Figures::from_json(&figures.to_json()).unwrap(), figures);
    assert!(Figures::from_json(&json!({ "figures": 3 })).is_err());
}
