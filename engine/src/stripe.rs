//! Threads in a few **stripes**, so that what they note beside each other need not lie in one place.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// As many threads can each be alone in a stripe.
pub(crate) const STRIPES: usize = 16;

/// The stripe of this thread: given out in turn.
#[inline]
pub(crate) fn stripe_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    STRIPE.with(|stripe| match stripe.get() {
        Some(number) => number,
        None => {
            let number = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
            stripe.set(Some(number));
            number
        }
    })
}
