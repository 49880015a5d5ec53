//! How near words are to each other, for those who mistype one.

/// How many letters a word may differ from the one that was meant; of a short one, half.
const NEAR: usize = 2;

/// The nearest of some words, if one is near.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let near = |name: &&str| distance(word, name) <= NEAR.min(name.len() / 2);
    names.into_iter().filter(near).min_by_key(|name| distance(word, name))
}

/// How many letters must be put in, left out or exchanged to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
