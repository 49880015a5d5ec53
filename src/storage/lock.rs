//! [`Exclusive`]: a lock that tells its holder from others, so that a call from inside of another one is refused and does
//! not wait for itself.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::storage::error::{Error, Result};

/// What one thread at a time uses.
pub(crate) struct Exclusive<T> {
    content: Mutex<T>,
    /// Which thread holds the lock; 0 if none does.
    holder: AtomicUsize,
}

/// The content while it is locked.
pub(crate) struct Held<'s, T> {
    content: MutexGuard<'s, T>,
    holder: &'s AtomicUsize,
}

/// A number for the present thread, other than 0.
pub(crate) fn this_thread() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

impl<T> Exclusive<T> {
    pub(crate) fn new(content: T) -> Exclusive<T> {
        Exclusive { content: Mutex::new(content), holder: AtomicUsize::new(0) }
    }

    /// Waits for the content. If the last holder panicked, `after_panic` sees to it.
    ///
    /// # Errors
    /// [`Error::Reentrant`] if this thread holds it.
    pub(crate) fn lock(&self, after_panic: impl FnOnce(&mut T)) -> Result<Held<'_, T>> {
        let waited = match self.content.try_lock() {
            Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == this_thread() => {
                return Err(Error::Reentrant);
            }
            Err(TryLockError::WouldBlock) => self.content.lock(),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Ok(content) => Ok(content),
        };
        let content = waited.unwrap_or_else(|poisoned| {
            let mut content = poisoned.into_inner();
            after_panic(&mut content);
            self.content.clear_poison();
            content
        });
        self.holder.store(this_thread(), Ordering::Relaxed);
        Ok(Held { content, holder: &self.holder })
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.content
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.content
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.holder.store(0, Ordering::Relaxed);
    }
}
