use super::*;

#[test]
fn a_version_has_one_number() {
    assert_eq!(FormatVersion::V1.number(), 1);
    assert_eq!(FormatVersion::from_number(1), None, "no release wrote it");
    assert_eq!(FormatVersion::from_number(2), Some(FormatVersion::V2));
    assert_eq!(FormatVersion::from_number(0), None);
    assert_eq!(FormatVersion::from_number(FormatVersion::CURRENT.number() + 1), None);
}
