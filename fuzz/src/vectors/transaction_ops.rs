//! The methods of a transaction object.

use duramen::storage::Transaction;
use serde_json::json;

use super::arguments::Call;
use super::async_ops;
use super::object::Object;
use super::show;
use super::stop::Outcome;
use super::target::Target;

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
