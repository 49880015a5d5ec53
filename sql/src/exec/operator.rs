//! The operator trait.

use super::frame::{Ctx, Frame};
use crate::error::Result;
use crate::expr::{Env, Scope, Test};
use crate::value::ArenaBuffer;

/// A step that runs.
///
/// An operator borrows nothing: where it is in a tree is in the frame, what it keeps it owns. So it may wait between
/// two rows for as long as its frame is kept or made anew.
pub trait Operator {
    /// Goes before the first row. Called before the first row is asked for, and again to start over.
    ///
    /// # Errors
    /// Those of the engine, and of expressions that are needed to start.
    fn open<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<()>;

    /// Moves to the next row; false if there is none. Then it is not called again before [`Operator::open`].
    ///
    /// # Errors
    /// Those of the engine and of expressions.
    fn next<'v>(&mut self, frame: &mut Frame<'v>, ctx: &Ctx<'_, 'v>) -> Result<bool>;
}

/// An operator that is chosen when it runs.
pub(super) type BoxOperator = Box<dyn Operator + Send>;

/// Runs something with an environment over the current rows of a frame, and looks whether it failed.
#[inline]
pub(super) fn with_env<'v, T>(
    buffer: &mut ArenaBuffer,
    frame: &Frame<'v>,
    ctx: &Ctx<'_, 'v>,
    run: impl for<'e> FnOnce(&Env<'e>) -> Result<T>,
) -> Result<T> {
    let arena = buffer.arena();
    let env = Env { scope: Scope { rows: &frame.rows, outer: ctx.outer }, arena: &arena, shared: ctx.shared };
    let result = run(&env)?;
    ctx.shared.error.check()?;
    Ok(result)
}

/// Whether the current rows pass all tests.
#[inline]
pub(super) fn passes<'v>(
    tests: &[Test],
    buffer: &mut ArenaBuffer,
    frame: &Frame<'v>,
    ctx: &Ctx<'_, 'v>,
) -> Result<bool> {
    if tests.is_empty() {
        return Ok(true);
    }
    with_env(buffer, frame, ctx, |env| Ok(tests.iter().all(|test| test(env))))
}
