//! The arguments of calls, checked and converted as the interfaces of the runtime declare them.

use duramen::kv::{ListOptions, OwnedListOptions};
use duramen::storage::CallOptions;
use serde_json::Value as Json;

use super::convert::{to_number, to_text, to_utf8};
use super::js::Js;
use super::stop::Stop;
use super::thrown::Thrown;

/// An operation that is a call: whose method it is, and its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Call<'o> {
    /// The operation.
    pub op: &'o Json,
    /// The name of the method.
    pub method: &'o str,
    /// The class that has the method.
    pub class: &'static str,
    /// The present moment.
    pub now_ms: f64,
}

impl Call<'_> {
    /// An argument; `undefined` if it is not given.
    ///
    /// # Errors
    /// If it is no value.
    pub fn argument(&self, name: &str) -> Result<Js, Stop> {
        match self.op.get(name) {
            Some(value) => Ok(Js::read(value, self.now_ms)?),
            None => Ok(Js::Undefined),
        }
    }

    /// The argument `k` as a key.
    ///
    /// # Errors
    /// If it cannot become text.
    pub fn key(&self) -> Result<String, Stop> {
        Ok(key_of(&self.argument("k")?)?)
    }

    /// An argument has another type than the method declares.
    #[must_use]
    pub fn not_of_type(&self, place: usize, wanted: &str) -> Thrown {
        let Call { method, class, .. } = self;
        Thrown::type_error(format!(
            "Failed to execute '{method}' on '{class}': parameter {place} is not of type '{wanted}'."
        ))
    }

    /// The argument `o`, an object of options; `undefined` if it is not given.
    ///
    /// # Errors
    /// If it is something else.
    pub fn options(&self, place: usize, wanted: &str) -> Result<Js, Stop> {
        match self.argument("o")? {
            options if options.is_nullish() => Ok(Js::Undefined),
            options if options.is_object() => Ok(options),
            _ => Err(self.not_of_type(place, wanted).into()),
        }
    }

    /// As [`Call::options`], for the options of asynchronous calls.
    ///
    /// # Errors
    /// As [`Call::options`].
    pub fn call_options(&self, place: usize, wanted: &str) -> Result<CallOptions, Stop> {
        let options = self.options(place, wanted)?;
        let is_set = |name: &str| options.property(name).is_truthy();
        Ok(CallOptions {
            allow_concurrency: is_set("allowConcurrency"),
            allow_unconfirmed: is_set("allowUnconfirmed"),
            no_cache: is_set("noCache"),
        })
    }

    /// The options of a list.
    ///
    /// # Errors
    /// If they are no object; if one of them cannot be converted.
    pub fn list(&self) -> Result<OwnedListOptions, Stop> {
        let options = self.options(1, "ListOptions")?;
        let text = |name: &str| match options.property(name) {
            Js::Undefined => Ok(None),
            value => key_of(&value).map(Some),
        };
        let limit = match options.property("limit") {
            Js::Undefined => None,
            value => {
                let limit = ListOptions::limit_from_number(to_number(&value)?);
                Some(limit.map_err(duramen::storage::Error::from)?)
            }
        };
        Ok(OwnedListOptions {
            start: text("start")?,
            start_after: text("startAfter")?,
            end: text("end")?,
            prefix: text("prefix")?,
            reverse: options.property("reverse").is_truthy(),
            limit,
        })
    }

    /// The argument of this name as a time, in milliseconds.
    ///
    /// # Errors
    /// If it is none.
    pub fn time_ms(&self, name: &str) -> Result<i64, Stop> {
        /// Behind this the nanoseconds do not fit 64 bits.
        const LATEST_MS: f64 = 9_223_372_036_854.0;
        let ms = match self.argument(name)? {
            Js::Date(date) => date.time_value(),
            Js::Number(number) => number,
            _ => return Err(self.not_of_type(1, "date").into()),
        };
        if !ms.is_finite() {
            let message = "The value cannot be converted because it is not a valid Date.";
            return Err(Thrown::type_error(message).into());
        }
        if ms.trunc() > LATEST_MS {
            return Err(Thrown::type_error("This API doesn't support dates after 2189.").into());
        }
        #[expect(clippy::cast_possible_truncation, reason = "what is far too early stays so")]
        let ms = ms.max(-LATEST_MS) as i64;
        Ok(ms)
    }
}

/// A value as a key.
///
/// # Errors
/// If it cannot become text.
pub fn key_of(value: &Js) -> Result<String, Thrown> {
    Ok(to_utf8(&to_text(value)?))
}
