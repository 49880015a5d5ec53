//! `LIKE` and `GLOB` with a pattern that is known when the statement is planned: compiled once.

use super::compile::Compiler;
use super::env::Env;
use super::pattern::{Pattern, Style};
use crate::bound::{Expr, FunctionCall};
use crate::error::Result;
use crate::func::Body;
use crate::value::{Value, ValueRef};

/// Whether a text matches; unknown for NULL.
pub(super) type Matching = Box<dyn for<'e> Fn(&Env<'e>) -> Option<bool> + Send + Sync>;

impl Compiler<'_> {
    /// The call of a built-in `like` or `glob` with two arguments, the pattern a literal; `None` for all others.
    pub(super) fn matching(&mut self, call: &FunctionCall) -> Result<Option<Matching>> {
        let ([Expr::Literal(Value::Text(text)), operand], Body::Scalar(_)) =
            (call.arguments.as_slice(), &call.function.body)
        else {
            return Ok(None);
        };
        let (usual, case_sensitive) = match &*call.function.name {
            "like" => (Style::Like, Style::LikeCaseSensitive),
            "glob" => (Style::Glob, Style::Glob),
            _ => return Ok(None),
        };
        let usual = Pattern::compile(text, usual, None);
        let case_sensitive = Pattern::compile(text, case_sensitive, None);
        let len = text.len();
        let any_other = self.eager(call)?;
        let operand = self.scalar(operand)?;
        Ok(Some(Box::new(move |env| {
            let context = env.shared.context;
            match operand.eval(env) {
                ValueRef::Text(text) if len <= context.limits().like_pattern_bytes => {
                    let pattern = if context.is_like_case_sensitive() { &case_sensitive } else { &usual };
                    Some(pattern.matches(text))
                }
                _ => any_other.eval(env).to_bool(),
            }
        })))
    }
}
