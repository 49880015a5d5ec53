//! A text that says everything about a value, shared objects included; `node.js` writes the same text in JavaScript.
//!
//! Objects are numbered as they begin (a view after its buffer), `#3` precedes the description of object 3 and `^3`
//! refers to it.

use std::collections::HashMap;
use std::fmt::Write as _;

use duramen_kv::{ArrayBuffer, ErrorObject, JsString, Label, SparseArray, Value, View, ViewBuffer};

/// Describes a value.
pub(crate) fn describe(value: &Value) -> String {
    let mut text =
        Describe { out: String::new(), objects: 0, labels: HashMap::new(), buffers: HashMap::new() };
    text.value(value, None);
    text.out
}

struct Describe {
    out: String,
    objects: u32,
    labels: HashMap<Label, u32>,
    buffers: HashMap<Label, ArrayBuffer>,
}

impl Describe {
    fn put(&mut self, text: impl AsRef<str>) {
        self.out.push_str(text.as_ref());
    }

    fn begin(&mut self, label: Option<Label>) {
        let number = self.objects;
        self.objects += 1;
        write!(self.out, "#{number}").unwrap();
        if let Some(label) = label {
            assert!(self.labels.insert(label, number).is_none(), "label {label} is used twice");
        }
    }

    fn string(&mut self, string: &JsString) {
        self.put("s");
        string.to_utf16().iter().for_each(|unit| write!(self.out, "{unit:04x}").unwrap());
    }

    fn number(&mut self, number: f64) {
        let bits = if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() };
        write!(self.out, "n{bits:016x}").unwrap();
    }

    fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| write!(self.out, "{byte:02x}").unwrap());
    }

    fn value(&mut self, value: &Value, label: Option<Label>) {
        match value {
            Value::Undefined => self.put("undefined"),
            Value::Null => self.put("null"),
            Value::Bool(value) => self.put(value.to_string()),
            Value::Number(number) => self.number(*number),
            Value::BigInt(big) => self.put(format!("b{big}")),
            Value::String(string) => self.string(string),
            Value::Anchor(label, inner) => self.value(inner, Some(*label)),
            Value::Ref(label) => {
                let number = self.labels[label];
                write!(self.out, "^{number}").unwrap();
            }
            Value::View(view) => self.view(view, label),
            Value::ArrayBuffer(buffer) => self.buffer(buffer, label),
            _ => {
                self.begin(label);
                self.object(value);
            }
        }
    }

    fn object(&mut self, value: &Value) {
        match value {
            Value::Date(date) => {
                self.put("Date ");
                self.number(date.time_value());
            }
            Value::RegExp(reg_exp) => {
                self.put(format!("RegExp {} ", reg_exp.flags));
                self.string(&reg_exp.source);
            }
            Value::Array(elements) => {
                self.put(format!("[{}|", elements.len()));
                for (index, element) in elements.iter().enumerate() {
                    self.put(format!("{index}:"));
                    self.value(element, None);
                    self.put(",");
                }
                self.put("]");
            }
            Value::SparseArray(array) => self.sparse_array(array),
            Value::Object(object) => {
                self.put("{");
                self.properties(object);
                self.put("}");
            }
            Value::Map(entries) => {
                self.put("Map{");
                for (key, value) in entries {
                    self.value(key, None);
                    self.put("=>");
                    self.value(value, None);
                    self.put(",");
                }
                self.put("}");
            }
            Value::Set(members) => {
                self.put("Set{");
                for member in members {
                    self.value(member, None);
                    self.put(",");
                }
                self.put("}");
            }
            Value::Error(error) => self.error(error),
            Value::Boxed(primitive) => {
                self.put("Boxed ");
                let primitive = primitive.as_ref().clone().into_unboxed();
                self.value(&primitive, None);
            }
            _ => unreachable!("handled as a value"),
        }
    }

    fn properties<'a>(&mut self, properties: impl IntoIterator<Item = &'a (JsString, Value)>) {
        for (key, value) in properties {
            self.string(key);
            self.put(":");
            self.value(value, None);
            self.put(",");
        }
    }

    fn sparse_array(&mut self, array: &SparseArray) {
        self.put(format!("[{}|", array.len()));
        for (index, element) in array.elements() {
            self.put(format!("{index}:"));
            self.value(element, None);
            self.put(",");
        }
        self.properties(&array.properties);
        self.put("]");
    }

    fn error(&mut self, error: &ErrorObject) {
        self.put(error.kind.name());
        for (name, text) in [(" message ", &error.message), (" stack ", &error.stack)] {
            if let Some(text) = text {
                self.put(name);
                self.string(text);
            }
        }
        if let Some(cause) = &error.cause {
            self.put(" cause ");
            self.value(cause, None);
        }
        self.put(".");
    }

    fn buffer(&mut self, buffer: &ArrayBuffer, label: Option<Label>) {
        if let Some(label) = label {
            self.buffers.insert(label, buffer.clone());
        }
        self.begin(label);
        self.put("ArrayBuffer ");
        self.bytes(&buffer.bytes);
        if let Some(max_len) = buffer.max_len {
            self.put(format!(" max {max_len}"));
        }
    }

    fn view(&mut self, view: &View, label: Option<Label>) {
        let buffer = match &view.buffer {
            ViewBuffer::Own(buffer) => {
                self.buffer(buffer, None);
                buffer.clone()
            }
            ViewBuffer::Anchored(label, buffer) => {
                self.buffer(buffer, Some(*label));
                buffer.clone()
            }
            ViewBuffer::Ref(label) => {
                self.value(&Value::Ref(*label), None);
                self.buffers[label].clone()
            }
        };
        self.begin(label);
        self.put(format!("{} at {} ", view.kind.name(), view.byte_offset));
        if view.byte_length.is_none() {
            self.put("following ");
        }
        self.bytes(view.bytes_in(&buffer).expect("the view lies in its buffer"));
    }
}
