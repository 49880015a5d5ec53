use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn does_what_a_vector_does(start in 0u64..30, ops in vec((0u8..4, any::<u16>()), 0..60)) {
        let mut expected: Vec<u64> = (0..start).collect();
        let mut children = Children::new(expected.iter().copied());
        let mut kept = Vec::new();
        for (n, (kind, at)) in (1000..).zip(ops) {
            let at = usize::from(at);
            match kind {
                0 | 1 if expected.len() < MAX_FANOUT => {
                    let at = at % (expected.len() + 1);
                    expected.insert(at, n);
                    children.insert(at, n);
                }
                2 if !expected.is_empty() => {
                    let at = at % expected.len();
                    expected.remove(at);
                    children.remove(at);
                }
                3 if !expected.is_empty() => {
                    let at = at % expected.len();
                    expected[at] = n;
                    *children.get_mut(at) = n;
                }
                _ => {}
            }
            kept.push((children.clone(), expected.clone()));
        }
        for (children, expected) in kept {
            prop_assert_eq!(children.len(), expected.len());
            prop_assert!(children.iter().copied().eq(expected.iter().copied()));
            prop_assert!((0..children.len()).all(|i| children[i] == expected[i]));
        }
    }
}
