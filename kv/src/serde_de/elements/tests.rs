use super::half;

#[test]
fn half_precision() {
    let cases = [
        (0x0000, 0.0),
        (0x8000, -0.0),
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65504.0),
        (0x0001, 5.960_464_5e-8),
        (0x0400, 6.103_515_6e-5),
        (0x7c00, f32::INFINITY),
        (0xfc00, f32::NEG_INFINITY),
    ];
    for (bits, number) in cases {
        assert_eq!(half(bits).to_bits(), f32::to_bits(number), "{bits:#06x}");
    }
    assert!(half(0x7e00).is_nan());
}
