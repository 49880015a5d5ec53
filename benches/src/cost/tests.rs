use super::*;

#[test]
fn figures_are_kept_as_text_and_only_growth_past_the_tolerance_is_worse() {
    let costs = Costs::from([("a put: flushes".into(), 1000), ("a get: reads".into(), 0)]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("costs");
    std::fs::write(&file, to_text(&costs)).unwrap();
    assert_eq!(from_text(&to_text(&costs)), costs);
    let now = Costs::from([("a put: flushes".into(), 1020), ("a get: reads".into(), 0)]);
    assert!(worse_than(&now, &file).unwrap().is_empty());
    let now = Costs::from([("a put: flushes".into(), 1021), ("a scan: reads".into(), 0)]);
    assert_eq!(worse_than(&now, &file).unwrap().len(), 2);
}
