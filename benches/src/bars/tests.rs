use super::*;

#[test]
fn a_bar_for_each_line_in_its_colour() {
    let svg = times_better("two lines", &[("quick_line", 4.0), ("slow_line", 0.25)]).unwrap();
    for expected in ["two lines", "quick_line", "slow_line", "#2E7D5A", "#B24F3F"] {
        assert!(svg.contains(expected), "{expected} is not in the picture");
    }
    assert!(svg.trim_end().ends_with("</svg>"));
}
