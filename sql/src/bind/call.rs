//! Calls of functions.

use std::sync::Arc;

use super::binder::Binder;
use crate::ast::{self, Arguments};
use crate::authorizer::Permission;
use crate::bound::{AggregateCall, Expr, FunctionCall};
use crate::error::{Error, Result};
use crate::expr::collation_of;
use crate::func::{Body, Function, Lookup, Place, Volatility};
use crate::value::{Collation, Value};

impl Binder<'_> {
    #[inline(never)]
    pub(super) fn call(&mut self, call: &ast::FunctionCall) -> Result<Expr> {
        let Some(function) = self.called(call)? else { return self.unknown_call(call) };
        let at = call.name.span.offset();
        if self.permission_to_call(&function.name, &call.name.text, Some(at))? == Permission::Ignored {
            return Ok(Expr::Literal(Value::Null));
        }
        if function.is_window() && call.over.is_some() {
            return self.window_call(function, call);
        }
        if function.is_aggregate() {
            return self.aggregate_call(function, call);
        }
        let arguments = self.exprs(scalar_arguments(&function, call)?)?;
        check_arguments(&call.name, &arguments)?;
        self.scalar_call(function, arguments)
    }

    /// The function that is called; `None` if there is none, in a statement that is not going to be run.
    #[inline(never)]
    fn called(&self, call: &ast::FunctionCall) -> Result<Option<Arc<Function>>> {
        let name = &*call.name.text;
        let at = call.name.span.offset();
        let count = match &call.arguments {
            Arguments::Star => 0,
            Arguments::List { values, .. } => values.len(),
        };
        if count > self.catalog.limits.function_arguments {
            return Err(Error::statement_at(format!("too many arguments on function {name}"), at));
        }
        match self.function(name, count, at) {
            Err(_) if self.only_looks => Ok(None),
            found => found.map(Some),
        }
    }

    /// A call of a function that is not there, in a statement that is not going to be run.
    #[inline(never)]
    fn unknown_call(&mut self, call: &ast::FunctionCall) -> Result<Expr> {
        if let Arguments::List { values, .. } = &call.arguments {
            self.exprs(values)?;
        }
        if let Some(filter) = &call.filter {
            self.expr(filter)?;
        }
        Ok(Expr::Literal(Value::Null))
    }

    /// The function for so many arguments.
    pub(super) fn function(&self, name: &str, arguments: usize, at: usize) -> Result<Arc<Function>> {
        match self.catalog.functions.find(name, arguments) {
            Lookup::Found(function) => Ok(function),
            Lookup::WrongCount => {
                Err(Error::statement_at(format!("wrong number of arguments to function {name}()"), at))
            }
            Lookup::Unknown => Err(Error::statement_at(format!("no such function: {name}"), at)),
        }
    }

    /// A call that an operator or keyword stands for, and where that is, if it is known.
    pub(super) fn builtin(&mut self, name: &str, arguments: Vec<Expr>, at: Option<usize>) -> Result<Expr> {
        let function = match self.catalog.functions.find(name, arguments.len()) {
            Lookup::Found(function) => function,
            _ if name == "match" => {
                return Err(Error::statement("unable to use function MATCH in the requested context"));
            }
            _ => {
                let message = format!("no such function: {}", name.to_ascii_uppercase());
                return Err(Error::Statement { message, offset: at });
            }
        };
        if self.permission_to_call(&function.name, name, at)? == Permission::Ignored {
            return Ok(Expr::Literal(Value::Null));
        }
        self.scalar_call(function, arguments)
    }

    #[inline(never)]
    fn scalar_call(&mut self, function: Arc<Function>, arguments: Vec<Expr>) -> Result<Expr> {
        let deterministic = matches!(function.volatility, Volatility::Pure | Volatility::PureUnlessNow);
        if self.place != Place::Statement && !deterministic {
            let place = self.place_name;
            return Err(Error::statement(format!("non-deterministic functions prohibited in {place}")));
        }
        let collation = first_collation(&arguments);
        Ok(Expr::Function(Box::new(FunctionCall { function, arguments, collation, place: self.place })))
    }

    /// An aggregate: it belongs to the innermost query of which it names a table, or to the one it stands in.
    #[inline(never)]
    fn aggregate_call(&mut self, function: Arc<Function>, call: &ast::FunctionCall) -> Result<Expr> {
        let name = &*call.name.text;
        let at = call.name.span.offset();
        if call.over.is_some() {
            return Err(no_window_function(call));
        }
        if !self.scopes.last().is_some_and(|scope| scope.aggregates) {
            return Err(Error::statement_at(format!("misuse of aggregate function {name}()"), at));
        }
        let call = self.aggregate_parts(function, call)?;
        Ok(Expr::Aggregate(Box::new(call)))
    }

    /// The arguments of an aggregate or window function. Inside of them there are no aggregates.
    pub(super) fn aggregate_parts(
        &mut self,
        function: Arc<Function>,
        call: &ast::FunctionCall,
    ) -> Result<AggregateCall> {
        let innermost = self.scopes.len() - 1;
        let before = std::mem::replace(&mut self.scopes[innermost].aggregates, call.over.is_some());
        let windows = std::mem::replace(&mut self.scopes[innermost].windows, false);
        let result = self.aggregate_parts_inside(function, call);
        self.scopes[innermost].aggregates = before;
        self.scopes[innermost].windows = windows;
        result
    }

    fn aggregate_parts_inside(
        &mut self,
        function: Arc<Function>,
        call: &ast::FunctionCall,
    ) -> Result<AggregateCall> {
        let name = &*call.name.text;
        let (arguments, distinct, order_by) = match &call.arguments {
            Arguments::Star if name.eq_ignore_ascii_case("count") => (Vec::new(), false, Vec::new()),
            Arguments::Star => {
                return Err(Error::statement_at(
                    format!("wrong number of arguments to function {name}()"),
                    call.name.span.offset(),
                ));
            }
            Arguments::List { distinct, values, order_by } => {
                (self.exprs(values)?, *distinct, self.order_terms(order_by)?)
            }
        };
        if distinct && arguments.len() != 1 {
            return Err(Error::statement("DISTINCT aggregates must have exactly one argument"));
        }
        let filter = self.optional(call.filter.as_ref())?;
        let collation = first_collation(&arguments);
        let mut call = AggregateCall {
            function,
            arguments,
            distinct,
            filter,
            order_by,
            collation,
            owner: self.scopes[self.scopes.len() - 1].query,
        };
        call.owner = self.owner_of(&call);
        Ok(call)
    }

    /// Terms of an `ORDER BY` in which numbers and aliases mean nothing special.
    pub(super) fn order_terms(&mut self, terms: &[ast::OrderTerm]) -> Result<Vec<crate::bound::OrderTerm>> {
        terms.iter().map(|term| Ok(order_term(self.expr(&term.expr)?, term))).collect()
    }
}

/// The arguments of a scalar function, of which nothing is asked that only others do.
#[inline(never)]
fn scalar_arguments<'a>(function: &Function, call: &'a ast::FunctionCall) -> Result<&'a [ast::Expr]> {
    let name = &*call.name.text;
    let wrong = |message| Err(Error::statement_at(message, call.name.span.offset()));
    if matches!(function.body, Body::Window(_)) {
        return wrong(format!("misuse of window function {name}()"));
    }
    if call.over.is_some() {
        return Err(no_window_function(call));
    }
    if call.filter.is_some() {
        return wrong(format!("FILTER may not be used with non-aggregate {name}()"));
    }
    let Arguments::List { values, order_by, distinct } = &call.arguments else {
        return wrong(format!("wrong number of arguments to function {name}()"));
    };
    if *distinct && values.len() != 1 {
        return Err(Error::statement("DISTINCT aggregates must have exactly one argument"));
    }
    if !order_by.is_empty() {
        return wrong(format!("ORDER BY may not be used with non-aggregate {name}()"));
    }
    Ok(values)
}

fn no_window_function(call: &ast::FunctionCall) -> Error {
    let message = format!("{}() may not be used as a window function", call.name.text);
    Error::statement_at(message, call.name.span.offset())
}

/// What two functions ask of their arguments.
#[inline(never)]
fn check_arguments(name: &ast::Name, arguments: &[Expr]) -> Result<()> {
    if name.is("likelihood")
        && !matches!(arguments.get(1), Some(Expr::Literal(Value::Real(chance))) if (0.0..=1.0).contains(chance))
    {
        let message = format!("second argument to {}() must be a constant between 0.0 and 1.0", name.text);
        return Err(Error::statement_at(message, name.span.offset()));
    }
    if name.is("match") {
        return Err(Error::statement("unable to use function MATCH in the requested context"));
    }
    Ok(())
}

/// How a term of `ORDER BY` sorts.
pub(super) fn order_term(expr: Expr, term: &ast::OrderTerm) -> crate::bound::OrderTerm {
    let descending = term.direction == Some(ast::Direction::Descending);
    let nulls_first = match term.nulls {
        Some(nulls) => nulls == ast::NullsOrder::First,
        None => !descending,
    };
    let collation = collation_of(&expr).map_or(Collation::Binary, |(collation, _)| collation);
    crate::bound::OrderTerm { expr, descending, nulls_first, collation }
}

fn first_collation(arguments: &[Expr]) -> Collation {
    arguments.iter().find_map(collation_of).map_or(Collation::Binary, |(collation, _)| collation)
}
