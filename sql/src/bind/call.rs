//! Calls of functions.

use std::sync::Arc;

use super::binder::Binder;
use crate::ast::{self, Arguments};
use crate::bound::{AggregateCall, Expr, FunctionCall};
use crate::error::{Error, Result};
use crate::expr::collation_of;
use crate::func::{Function, Lookup, Place, Volatility};
use crate::value::{Collation, Value};

impl Binder<'_> {
    pub(super) fn call(&mut self, call: &ast::FunctionCall) -> Result<Expr> {
        let name = &*call.name.text;
        let at = call.name.span.offset();
        let (count, distinct) = match &call.arguments {
            Arguments::Star => (0, false),
            Arguments::List { values, distinct, .. } => (values.len(), *distinct),
        };
        if count > self.catalog.limits.function_arguments {
            return Err(Error::statement_at(format!("too many arguments on function {name}"), at));
        }
        let function = match self.function(name, count, at) {
            Ok(function) => function,
            Err(_) if self.only_looks => return self.unknown_call(call),
            Err(error) => return Err(error),
        };
        if function.is_window() && call.over.is_some() {
            return self.window_call(function, call);
        }
        if function.is_aggregate() {
            if let Some(first) = &call.over {
                let _ = first;
                return Err(Error::statement_at(
                    format!("{name}() may not be used as a window function"),
                    at,
                ));
            }
            return self.aggregate_call(function, call);
        }
        if matches!(function.body, crate::func::Body::Window(_)) {
            return Err(Error::statement_at(format!("misuse of window function {name}()"), at));
        }
        if call.over.is_some() {
            return Err(Error::statement_at(format!("{name}() may not be used as a window function"), at));
        }
        if call.filter.is_some() {
            return Err(Error::statement_at(
                format!("FILTER may not be used with non-aggregate {name}()"),
                at,
            ));
        }
        let Arguments::List { values, order_by, .. } = &call.arguments else {
            return Err(Error::statement_at(format!("wrong number of arguments to function {name}()"), at));
        };
        if distinct && values.len() != 1 {
            return Err(Error::statement("DISTINCT aggregates must have exactly one argument"));
        }
        if !order_by.is_empty() {
            return Err(Error::statement_at(
                format!("ORDER BY may not be used with non-aggregate {name}()"),
                at,
            ));
        }
        let arguments = self.exprs(values)?;
        if name.eq_ignore_ascii_case("likelihood")
            && !matches!(arguments.get(1), Some(Expr::Literal(Value::Real(chance))) if (0.0..=1.0).contains(chance))
        {
            return Err(Error::statement(
                "second argument to likelihood() must be a constant between 0.0 and 1.0",
            ));
        }
        if name.eq_ignore_ascii_case("match") {
            return Err(Error::statement("unable to use function MATCH in the requested context"));
        }
        self.scalar_call(function, arguments)
    }

    /// A call of a function that is not there, in a statement that is not going to be run.
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

    /// A call that an operator or keyword stands for.
    pub(super) fn builtin(&mut self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let function = match self.catalog.functions.find(name, arguments.len()) {
            Lookup::Found(function) => function,
            _ if name == "match" => {
                return Err(Error::statement("unable to use function MATCH in the requested context"));
            }
            _ => {
                let shown = name.to_ascii_uppercase();
                return Err(Error::statement(format!("no such function: {shown}")));
            }
        };
        self.scalar_call(function, arguments)
    }

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
    fn aggregate_call(&mut self, function: Arc<Function>, call: &ast::FunctionCall) -> Result<Expr> {
        let name = &*call.name.text;
        let at = call.name.span.offset();
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
        let filter = call.filter.as_ref().map(|filter| self.expr(filter)).transpose()?;
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
