//! Operations that are transactions: a program of operations inside, which may throw.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use duramen::storage::Transaction;
use serde_json::{Value as Json, json};

use super::arguments::Call;
use super::async_ops;
use super::object::{Object, Outcome};
use super::scope::{end_of, inner, returned};
use super::show;
use super::stop::Stop;
use super::target::Target;

/// `transactionSync`: nothing in it can wait.
///
/// # Errors
/// What ends the session, and what is thrown and not to be caught.
pub fn sync(object: &Object<'_>, op: &Json) -> Outcome {
    let mut results = Vec::new();
    let ended = object.storage().transaction_sync(|_| {
        let program = pin!(object.run(inner(op), &mut results));
        match program.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => ended.and_then(|()| end_of(op)),
            Poll::Pending => Err(Stop::Unknown("how to wait in a synchronous transaction".into())),
        }
    });
    concluded(object, op, results, ended)
}

/// `transaction`
///
/// # Errors
/// As [`sync`].
pub async fn asynchronous(object: &Object<'_>, op: &Json) -> Outcome {
    let mut results = Vec::new();
    object.turns().enter_section();
    let ended = object
        .storage()
        .transaction(async |transaction: Transaction| -> Result<(), Stop> {
            object.enter_transaction(transaction);
            let ended = object.run(inner(op), &mut results).await;
            object.leave_transaction();
            ended.and_then(|()| end_of(op))
        })
        .await;
    object.turns().leave_section();
    concluded(object, op, results, ended)
}

/// What a transaction gives to a program that catches what it throws.
fn concluded(object: &Object<'_>, op: &Json, results: Vec<Json>, ended: Result<(), Stop>) -> Outcome {
    match ended {
        Ok(()) => Ok(json!({ "results": results, "value": returned(op, object.turns().now_ms())? })),
        Err(Stop::Thrown(thrown)) if op["uncaught"] != true => {
            Ok(json!({ "results": results, "error": thrown.to_json() }))
        }
        Err(stop) => Err(stop),
    }
}

/// A method of a transaction object.
///
/// # Errors
/// Those of the call.
pub async fn method(object: &Object<'_>, transaction: Option<Transaction>, call: &Call<'_>) -> Outcome {
    let Some(transaction) = transaction else { return Err("a transaction to call".to_string().into()) };
    if call.method == "rollback" {
        transaction.rollback()?;
        return Ok(json!({ "value": show::undefined() }));
    }
    let target = Target::Transaction(transaction);
    let call = Call { class: target.class(), ..*call };
    async_ops::op(&target, &call, object.class()).await
}
