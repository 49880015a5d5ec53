//! [`PastViews`]: views of one commit after the other.

use crate::error::Result;
use crate::history::{Ascent, History, PastView};
use crate::ids::Lsn;

/// Views of ascending commits, each reached from the one before unless a kept root is nearer. So together they cost one
/// replay of the log between the first and the last, at most, where each by itself costs one from the root before it.
#[derive(Debug)]
pub struct PastViews {
    history: History,
    /// What the last view was reached by.
    ascent: Option<Ascent>,
}

impl PastViews {
    /// Views of a history.
    #[must_use]
    pub fn of(history: History) -> PastViews {
        PastViews { history, ascent: None }
    }

    /// The version right after the commit `lsn`, as [`History::read_at`] gives it.
    ///
    /// # Errors
    /// As [`History::read_at`].
    pub fn at(&mut self, lsn: Lsn) -> Result<PastView> {
        let start = self.history.start_for(lsn)?;
        let leads_there =
            |ascent: &Ascent| *ascent.ahead().start() >= start.lsn() && ascent.ahead().contains(&lsn);
        let mut ascent = match self.ascent.take().filter(leads_there) {
            Some(ascent) => ascent,
            None => self.history.ascent_from(start, self.history.newest()?)?,
        };
        let view = self.history.ascend(&mut ascent, lsn)?;
        self.ascent = Some(ascent);
        Ok(view)
    }
}
