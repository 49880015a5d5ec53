//! `LIKE` and `GLOB` with a pattern that is known when the statement is planned: compiled once.

use super::compile::{Callee, Compiler};
use super::env::Env;
use super::pattern::{Pattern, Style};
use super::scalar::Scalar;
use crate::bound::{Expr, FunctionCall};
use crate::error::{Error, Result};
use crate::func::Body;
use crate::value::{Value, ValueRef};

/// Whether a text matches; unknown for NULL.
pub(super) type Matching = Box<dyn for<'e> Fn(&Env<'e>) -> Option<bool> + Send + Sync>;

impl Compiler<'_> {
    /// The call of a built-in `like` or `glob` with two arguments, the pattern a literal; `None` for all others.
    pub(super) fn matching(&mut self, call: &FunctionCall) -> Result<Option<Matching>> {
        match (call.arguments.as_slice(), &call.function.body) {
            ([pattern @ Expr::Literal(Value::Text(text)), operand], Body::Scalar(_)) => {
                let styles = match &*call.function.name {
                    "like" => (Style::Like, Style::LikeCaseSensitive),
                    "glob" => (Style::Glob, Style::Glob),
                    _ => return Ok(None),
                };
                let usual = Pattern::compile(text, styles.0, None);
                let case_sensitive = Pattern::compile(text, styles.1, None);
                let pattern = Known { usual, case_sensitive, text: self.scalar(pattern)?, len: text.len() };
                self.matches(pattern, Callee::of(call), operand).map(Some)
            }
            _ => Ok(None),
        }
    }

    #[inline(never)]
    fn matches(&mut self, pattern: Known, any_other: Callee, operand: &Expr) -> Result<Matching> {
        let operand = self.scalar(operand)?;
        Ok(Box::new(move |env| {
            let context = env.shared.context;
            match operand.eval(env) {
                ValueRef::Text(text) if pattern.len <= context.limits().like_pattern_bytes => {
                    let pattern = pattern.in_style(context.is_like_case_sensitive());
                    let found = pattern.matches_unless(text, &|| context.is_interrupted());
                    if found.is_none() {
                        env.shared.error.put(Error::Interrupted);
                    }
                    found
                }
                value => any_other.call(&[pattern.text.eval(env), value], env).to_bool(),
            }
        }))
    }
}

/// A pattern that is known.
struct Known {
    usual: Pattern,
    case_sensitive: Pattern,
    /// The pattern as the functions take it.
    text: Scalar,
    len: usize,
}

impl Known {
    fn in_style(&self, case_sensitive: bool) -> &Pattern {
        if case_sensitive { &self.case_sensitive } else { &self.usual }
    }
}
