//! Parts of expressions that are the same in every run become the value they have: calls of functions and arithmetic over
//! constants.
//!
//! So a range that ends at `date('1995-09-01', '+1 month')` is known when a plan is made, and no row computes it again.
//! What fails stays as it is and fails when it runs, if it ever does. So do calls that ask for the present or for local
//! time, those of functions that a program defines, and long results, which a plan is not to carry around.

use std::sync::Arc;

use super::compile::{Compiler, Location, Names};
use super::env::{Env, ErrorSlot, NoSubqueries, Scope, Shared, SubqueryNumber};
use super::scalar::Constants;
use crate::bound::{Expr, FunctionCall, Slot, Subquery, any, rewrite};
use crate::error::{Error, Result};
use crate::func::{Body, Context, Place, Volatility};
use crate::limits::Limits;
use crate::value::{Affinity, ArenaBuffer, Collation, Value};

/// Folds what is constant in an expression.
pub fn fold(expr: &mut Expr) {
    rewrite(expr, &mut fold_part);
}

/// Folds a part of an expression, if all of it is constant; whether its own parts are still to be looked at.
pub fn fold_part(part: &mut Expr) -> bool {
    match part {
        Expr::Function(_) | Expr::Arithmetic(..) if !any(part, &mut |part| !is_constant(part)) => {
            if let Ok(value) = evaluated(part.clone()) {
                *part = Expr::Literal(value);
            }
            false
        }
        _ => true,
    }
}

/// Whether a part of an expression gives the same value each time if its own parts do. What has an affinity or a
/// collation is left as it is where these would still be asked for: around it stands a call or arithmetic.
fn is_constant(part: &Expr) -> bool {
    match part {
        Expr::Literal(_) | Expr::Negate(_) | Expr::Plus(_) | Expr::Arithmetic(..) | Expr::Cast(..) => true,
        Expr::Function(call) => is_pure(call),
        _ => false,
    }
}

fn is_pure(call: &FunctionCall) -> bool {
    matches!(call.function.volatility, Volatility::Pure | Volatility::PureUnlessNow)
        && matches!(call.function.body, Body::Scalar(_) | Body::Lazy(..))
}

/// The value of an expression without names.
fn evaluated(mut expr: Expr) -> Result<Value> {
    // Where an index is defined, calls refuse to look at the clock.
    rewrite(&mut expr, &mut |part| {
        if let Expr::Function(call) = part {
            call.place = Place::Index;
        }
        true
    });
    let mut names = NoNames::default();
    let scalar = Compiler::new(&mut names).scalar(&expr)?;
    let (error, mut buffer) = (ErrorSlot::default(), ArenaBuffer::new());
    let arena = buffer.arena();
    let shared = Shared {
        parameters: &[],
        constants: &names.0,
        context: &NoContext,
        subqueries: &NoSubqueries,
        error: &error,
    };
    let env = Env { scope: Scope { rows: &[], outer: None }, arena: &arena, shared: &shared };
    let value = scalar.eval(&env).to_value();
    error.check()?;
    Ok(value)
}

/// Where expressions name nothing.
#[derive(Default)]
struct NoNames(Constants);

impl Names for NoNames {
    fn locate(&mut self, _: Slot) -> Result<Location> {
        Err(Error::statement("a constant names a column"))
    }

    fn subquery(&mut self, _: &Arc<Subquery>, _: &[(Affinity, Collation)]) -> Result<SubqueryNumber> {
        Err(Error::statement("a constant has a query inside"))
    }

    fn constants(&mut self) -> &mut Constants {
        &mut self.0
    }
}

/// What functions learn while a plan is made: nothing that may be otherwise when it runs.
struct NoContext;

/// Long values stay unknown, and so does what `LIKE` and `GLOB` find, which settings decide.
const LIMITS: Limits = Limits { length_bytes: 1_000, like_pattern_bytes: 0, ..Limits::SQLITE };

impl Context for NoContext {
    fn now_ms(&self) -> i64 {
        0
    }

    fn local_offset_seconds(&self, _: i64) -> Option<i64> {
        None
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(0);
    }

    fn changes(&self) -> i64 {
        0
    }

    fn total_changes(&self) -> i64 {
        0
    }

    fn last_insert_rowid(&self) -> i64 {
        0
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}

#[cfg(test)]
mod tests;
