//! A panic of the engine is a finding like any other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::compare::{Checked, Divergence};

/// Does some work; a panic in it is a difference.
///
/// # Errors
/// What the work answers, or what the panic said.
pub fn without_panic<T>(work: impl FnOnce() -> Checked<T>) -> Checked<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Divergence::new(format!("panic: {text}")))
    })
}
