//! [`fewer`]: a list that shows something made as short as can be found, whatever its items are.

/// Leaves items out, in ever smaller pieces, as long as `fails` says that the rest still shows it; `None` of it ends the
/// search.
pub fn fewer<T: Clone>(items: &[T], fails: &mut dyn FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut smallest = items.to_vec();
    let mut piece = smallest.len();
    while piece > 0 {
        let mut at = 0;
        while at < smallest.len() {
            let end = (at + piece).min(smallest.len());
            let mut candidate = smallest.clone();
            candidate.drain(at..end);
            match fails(&candidate) {
                Some(true) => smallest = candidate,
                Some(false) => at = end,
                None => return smallest,
            }
        }
        piece /= 2;
    }
    smallest
}

#[cfg(test)]
mod tests;
