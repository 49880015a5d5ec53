//! [`Stored`]: a [`Value`](crate::Value) on its way into a type.

use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};

/// A value in stored form, inside the newtype of the name [`TOKEN`](crate::serde_value::TOKEN).
pub(super) struct Stored(pub(super) Vec<u8>);

impl<'de> de::Deserializer<'de> for Stored {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_byte_buf(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
