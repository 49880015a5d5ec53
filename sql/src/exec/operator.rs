//! The operator trait.

use super::frame::{Ctx, Frame};
use crate::error::Result;
use crate::expr::{Env, Scalar, Scope, Test};
use crate::value::{ArenaBuffer, ValueRef};

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

/// Hands the values of several expressions to something, and looks first whether one failed. No memory is asked for
/// where they are few.
#[inline]
pub(super) fn with_values<'e, T>(
    scalars: &[Scalar],
    env: &Env<'e>,
    run: impl FnOnce(&[ValueRef<'e>]) -> Result<T>,
) -> Result<T> {
    with_room(scalars.len(), |room| {
        for (value, scalar) in room.iter_mut().zip(scalars) {
            scalar.eval_into(env, value);
        }
        env.shared.error.check()?;
        run(room)
    })
}

/// Hands room for so many values to something. No memory is asked for where they are few.
#[inline]
pub(super) fn with_room<'e, T>(count: usize, run: impl FnOnce(&mut [ValueRef<'e>]) -> T) -> T {
    const FEW: usize = 4;
    const MORE: usize = 16;
    if count <= FEW {
        return run(&mut [ValueRef::Null; FEW][..count]);
    }
    if count <= MORE {
        return run(&mut [ValueRef::Null; MORE][..count]);
    }
    run(&mut vec![ValueRef::Null; count])
}

/// Makes the values of expressions a row of the frame. They are values of other rows.
#[inline]
pub(super) fn make_row<'v>(
    scalars: &[Scalar],
    row: usize,
    buffer: &mut ArenaBuffer,
    frame: &mut Frame<'v>,
    ctx: &Ctx<'_, 'v>,
) -> Result<()> {
    let mut made = std::mem::take(&mut frame.rows[row]);
    with_env(buffer, frame, ctx, |env| with_values(scalars, env, |values| made.keep(values, 0)))?;
    frame.rows[row] = made;
    Ok(())
}
