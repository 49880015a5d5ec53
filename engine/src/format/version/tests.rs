use super::*;

#[test]
fn a_version_has_one_number() {
    assert_eq!(FormatVersion::V1.number(), 1);
    assert_eq!(FormatVersion::from_number(1), None, "no release wrote it");
    assert_eq!(FormatVersion::from_number(2), None, "nor this");
    assert_eq!(FormatVersion::from_number(3), Some(FormatVersion::V3));
    assert_eq!(FormatVersion::from_number(0), None);
    assert_eq!(FormatVersion::from_number(FormatVersion::CURRENT.number() + 1), None);
}
