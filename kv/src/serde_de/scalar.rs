//! How values that hold no others are shown to a type: by what the type would like to see.

use serde::de::Visitor;

use crate::error::{Error, Result};
use crate::json::visit_as_json;
use crate::value::{BigInt, Date, exact_i64};

/// What the type would like to see, where a value can be seen in more than one way.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    Anything,
    Integer,
    Float,
    Text,
    Sequence,
}

pub(super) fn lone_surrogate() -> Error {
    Error::Convert("a string holds a lone surrogate, which text cannot; read it as a JsString".to_owned())
}

pub(super) fn visit_whole<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

pub(super) fn visit_number<'de, V: Visitor<'de>>(
    number: f64,
    visitor: V,
    wanted: Wanted,
) -> Result<V::Value> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let minus_zero = number == 0.0 && number.is_sign_negative();
    let whole = number.trunc() == number;
    match wanted {
        Wanted::Integer if whole && (-TWO_TO_63..TWO_TO_63).contains(&number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in the range of i64")]
            visit_whole(number as i64, visitor)
        }
        Wanted::Integer if whole && (TWO_TO_63..2.0 * TWO_TO_63).contains(&number) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in the range of u64"
            )]
            visitor.visit_u64(number as u64)
        }
        Wanted::Float => visitor.visit_f64(number),
        _ => match exact_i64(number) {
            Some(whole) if !minus_zero => visit_whole(whole, visitor),
            _ => visitor.visit_f64(number),
        },
    }
}

pub(super) fn visit_bigint<'de, V: Visitor<'de>>(
    big: BigInt,
    visitor: V,
    wanted: Wanted,
) -> Result<V::Value> {
    if let Some(value) = big.to_i64() {
        return visit_whole(value, visitor);
    }
    if let Some(value) = big.to_u64() {
        return visitor.visit_u64(value);
    }
    match (wanted, big.to_i128(), big.to_u128()) {
        (Wanted::Integer, Some(value), _) => visitor.visit_i128(value),
        (Wanted::Integer, _, Some(value)) => visitor.visit_u128(value),
        _ => visit_as_json(&big.into(), visitor),
    }
}

pub(super) fn visit_date<'de, V: Visitor<'de>>(date: Date, visitor: V, wanted: Wanted) -> Result<V::Value> {
    match wanted {
        Wanted::Integer | Wanted::Float => visit_number(date.time_value(), visitor, wanted),
        Wanted::Text => visitor.visit_string(date.to_string()),
        Wanted::Anything | Wanted::Sequence => visit_as_json(&date.into(), visitor),
    }
}

pub(super) fn unread() -> Error {
    Error::Convert("the value has more members than the type takes".to_owned())
}
