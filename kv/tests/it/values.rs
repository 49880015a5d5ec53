//! Values for tests: one list with every kind, and strategies that make random ones.

use duramen_kv::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, JsString, Label, Object, Primitive, RegExp,
    SparseArray, Value, View, ViewBuffer, ViewKind,
};
use proptest::prelude::*;

pub(crate) fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    Value::Object(Object::from(properties))
}

pub(crate) fn anchor(label: u32, value: Value) -> Value {
    Value::Anchor(Label(label), Box::new(value))
}

pub(crate) fn reference(label: u32) -> Value {
    Value::Ref(Label(label))
}

pub(crate) fn sparse(len: u32, elements: &[(u32, Value)], properties: Object) -> Value {
    let mut array = SparseArray::new(len);
    for (index, element) in elements {
        array.set(*index, element.clone());
    }
    array.properties = properties;
    array.into()
}

fn resizable(bytes: &[u8]) -> ArrayBuffer {
    ArrayBuffer { bytes: bytes.into(), max_len: Some(64) }
}

fn view_of(kind: ViewKind, buffer: ViewBuffer, byte_offset: u32, byte_length: Option<u32>) -> Value {
    View { kind, buffer, byte_offset, byte_length }.into()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::from("core"), |inner, _| Value::Array(vec![inner]))
}

/// Values of every kind, in the form in which decoding gives them.
pub(crate) fn every_kind() -> Vec<(&'static str, Value)> {
    let big = |text: &str| Value::BigInt(text.parse().unwrap());
    let error = |kind, message: Option<&str>, stack: Option<&str>, cause| {
        Value::from(ErrorObject {
            kind,
            message: message.map(Into::into),
            stack: stack.map(Into::into),
            cause,
        })
    };
    let reg_exp = |source: &str, flags: &str| {
        Value::from(RegExp { source: source.into(), flags: flags.parse().unwrap() })
    };
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1.5,
        f64::from(i32::MAX),
        f64::from(i32::MIN),
        f64::from(i32::MAX) + 1.0,
        f64::from(i32::MIN) - 1.0,
        4_294_967_295.0,
        9_007_199_254_740_992.0,
        1e300,
        f64::MIN_POSITIVE / 2.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let bytes: Vec<u8> = (1..=16).collect();
    vec![
        ("undefined", Value::Undefined),
        ("null", Value::Null),
        ("booleans", vec![true.into(), false.into()].into()),
        ("numbers", Value::Array(numbers.map(Value::Number).to_vec())),
        (
            "bigints",
            vec![
                big("0"),
                big("1"),
                big("-1"),
                big("18446744073709551615"),
                big("-18446744073709551616"),
                big("123456789012345678901234567890123456789012345678901234567890"),
            ]
            .into(),
        ),
        (
            "strings",
            vec![
                "".into(),
                "ascii".into(),
                "grüße".into(),
                "Ã¤".into(),
                "日".into(),
                "a".into(),
                "日本 😀".into(),
                "\0".into(),
                "^^".into(),
            ]
            .into(),
        ),
        (
            "lone surrogates",
            vec![
                JsString::from_utf16(&[0xd800]).into(),
                JsString::from_utf16(&[0x61, 0xde00, 0xd83d]).into(),
                object([("x", JsString::from_utf16(&[0xdfff]).into())]),
            ]
            .into(),
        ),
        ("empty object", object([])),
        ("object", object([("a", 1.into()), ("b", object([("c", Value::Null)])), ("日", Value::Undefined)])),
        (
            "object with indexes",
            object([
                ("0", 1.into()),
                ("7", 2.into()),
                ("4294967294", 3.into()),
                ("4294967295", 4.into()),
                ("01", 5.into()),
                ("-1", 6.into()),
            ]),
        ),
        ("large object", Value::Object((0..200).map(|n| (format!("k{n}"), Value::from(n))).collect())),
        ("empty array", vec![].into()),
        ("array", vec![1.into(), "two".into(), vec![3.into()].into(), Value::Undefined].into()),
        ("holes", sparse(4, &[(1, "x".into())], Object::new())),
        ("only holes", sparse(4_294_967_295, &[], Object::new())),
        ("last element", sparse(4_294_967_295, &[(4_294_967_294, Value::Null)], Object::new())),
        (
            "array with properties",
            sparse(2, &[(0, 1.into()), (1, 2.into())], Object::from([("x", vec![1.into()].into())])),
        ),
        (
            "map",
            Value::Map(vec![
                (1.into(), "one".into()),
                (object([]), Value::Set(vec![])),
                (f64::NAN.into(), 0.into()),
            ]),
        ),
        ("set", Value::Set(vec![1.into(), "a".into(), Value::Map(vec![])])),
        (
            "dates",
            vec![Date::from_ms(0.0).into(), Date::from_ms(-8.64e15).into(), Date::INVALID.into()].into(),
        ),
        (
            "regular expressions",
            vec![reg_exp("a\\/b", "dgimsuy"), reg_exp("日", "v"), reg_exp("x", "")].into(),
        ),
        (
            "boxed",
            vec![
                Primitive::Bool(true).into(),
                Primitive::Bool(false).into(),
                Primitive::Number(-0.0).into(),
                Primitive::BigInt(BigInt::from(i64::MIN)).into(),
                Primitive::String("日".into()).into(),
                Primitive::String("".into()).into(),
            ]
            .into(),
        ),
        (
            "errors",
            Value::Array(
                ErrorKind::ALL
                    .into_iter()
                    .map(|kind| error(kind, Some("m"), Some("s"), Some("c".into())))
                    .collect(),
            ),
        ),
        ("error without anything", error(ErrorKind::Error, None, None, None)),
        (
            "error caused",
            error(
                ErrorKind::TypeError,
                Some("日"),
                None,
                Some(ErrorObject::new(ErrorKind::Error, "i").into()),
            ),
        ),
        (
            "array buffers",
            vec![
                ArrayBuffer::default().into(),
                ArrayBuffer::from(vec![0, 255]).into(),
                resizable(&[1]).into(),
            ]
            .into(),
        ),
        (
            "views",
            Value::Array(
                ViewKind::ALL
                    .into_iter()
                    .filter(|&kind| kind != ViewKind::Float16Array)
                    .map(|kind| View::new(kind, bytes.clone()).into())
                    .collect(),
            ),
        ),
        (
            "part of a buffer",
            view_of(ViewKind::Uint16Array, ViewBuffer::Own(bytes.clone().into()), 4, Some(6)),
        ),
        (
            "shared buffer",
            vec![
                view_of(
                    ViewKind::Uint8Array,
                    ViewBuffer::Anchored(Label(0), bytes.clone().into()),
                    0,
                    Some(16),
                ),
                view_of(ViewKind::Float64Array, ViewBuffer::Ref(Label(0)), 8, Some(8)),
                reference(0),
            ]
            .into(),
        ),
        (
            "buffer before its view",
            vec![
                anchor(0, ArrayBuffer::from(bytes).into()),
                view_of(ViewKind::DataView, ViewBuffer::Ref(Label(0)), 3, Some(2)),
            ]
            .into(),
        ),
        (
            "resizable buffer",
            vec![
                view_of(
                    ViewKind::Uint16Array,
                    ViewBuffer::Anchored(Label(0), resizable(&[1, 2, 3, 4, 5])),
                    2,
                    None,
                ),
                view_of(ViewKind::Uint16Array, ViewBuffer::Ref(Label(0)), 2, Some(2)),
                view_of(ViewKind::DataView, ViewBuffer::Ref(Label(0)), 1, None),
            ]
            .into(),
        ),
        (
            "shared view",
            vec![anchor(0, View::new(ViewKind::Uint8Array, vec![1]).into()), reference(0)].into(),
        ),
        ("cycle", anchor(0, object([("self", reference(0))]))),
        (
            "two cycles",
            anchor(0, vec![reference(0), anchor(1, vec![reference(0), reference(1)].into())].into()),
        ),
        ("cycle through a map", anchor(0, Value::Map(vec![(reference(0), reference(0))]))),
        ("cycle through a set", anchor(0, Value::Set(vec![reference(0)]))),
        (
            "cycle through a sparse array",
            anchor(0, sparse(3, &[(1, reference(0))], Object::from([("x", reference(0))]))),
        ),
        (
            "shared",
            object([
                ("a", anchor(0, object([("x", 1.into())]))),
                ("b", reference(0)),
                ("c", vec![reference(0)].into()),
            ]),
        ),
        (
            "shared leaves",
            vec![
                anchor(0, Date::from_ms(1.0).into()),
                anchor(1, reg_exp("x", "g")),
                anchor(2, Primitive::Bool(true).into()),
                anchor(3, error(ErrorKind::Error, Some("m"), None, None)),
                reference(3),
                reference(2),
                reference(1),
                reference(0),
            ]
            .into(),
        ),
        ("deep", nested(900)),
    ]
}

/// Any value, shared objects and cycles included, in the form in which decoding gives it.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    tree().prop_map(tie)
}

/// Any value that JavaScript leaves as it is: it orders the keys of objects and keeps those of maps and the members of
/// sets apart.
pub(crate) fn any_javascript_value() -> impl Strategy<Value = Value> {
    tree().prop_map(|value| tie(as_javascript(value)))
}

fn as_javascript(value: Value) -> Value {
    fn key(value: Value, seen: &mut std::collections::HashSet<String>) -> Option<Value> {
        let value = match value {
            Value::Ref(_) => Value::Null,
            Value::Number(0.0) => Value::Number(0.0),
            value => value,
        };
        let primitive = matches!(
            value,
            Value::Undefined
                | Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::BigInt(_)
                | Value::String(_)
        );
        (!primitive || seen.insert(format!("{value:?}"))).then_some(value)
    }
    let mut seen = std::collections::HashSet::new();
    let value = match value {
        Value::Map(entries) => Value::Map(
            entries.into_iter().filter_map(|(k, value)| Some((key(k, &mut seen)?, value))).collect(),
        ),
        Value::Set(members) => {
            Value::Set(members.into_iter().filter_map(|member| key(member, &mut seen)).collect())
        }
        Value::Object(object) => {
            let mut properties: Vec<_> = object.into_iter().collect();
            properties.sort_by_key(|(key, _)| {
                let text = key.as_str().unwrap_or("");
                let index =
                    text.parse::<u32>().ok().filter(|index| index.to_string() == text && *index != u32::MAX);
                index.map_or(u64::MAX, u64::from)
            });
            Value::Object(properties.into_iter().collect())
        }
        Value::RegExp(mut reg_exp) => {
            reg_exp.source = "x".into();
            Value::RegExp(reg_exp)
        }
        // Node 20 knows neither these arrays nor errors that refer to themselves.
        Value::View(mut view) if view.kind == ViewKind::Float16Array => {
            view.kind = ViewKind::Uint16Array;
            Value::View(view)
        }
        Value::Error(mut error) => {
            error.cause = None;
            Value::Error(error)
        }
        value => value,
    };
    Tie::default().with_parts(value, |_, part| as_javascript(part))
}

fn any_string() -> impl Strategy<Value = JsString> {
    prop_oneof![
        4 => "[a-z^]{0,6}".prop_map(JsString::from),
        2 => "\\PC{0,8}".prop_map(JsString::from),
        1 => prop::collection::vec(prop_oneof![0xd7f0_u16..0xe010, any::<u16>()], 0..5)
            .prop_map(|units| JsString::from_utf16(&units)),
        1 => (0_u64..1 << 33).prop_map(|index| JsString::from(index.to_string())),
    ]
}

fn any_bigint() -> impl Strategy<Value = BigInt> {
    (any::<bool>(), prop::collection::vec(any::<u64>(), 0..4))
        .prop_map(|(negative, limbs)| BigInt::from_limbs(negative, &limbs))
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<i32>().prop_map(f64::from), any::<f64>(), prop::num::f64::ANY, Just(-0.0)]
}

fn any_view() -> impl Strategy<Value = View> {
    let kind = prop::sample::select(ViewKind::ALL.to_vec());
    (kind, prop::collection::vec(any::<u8>(), 0..40), any::<bool>(), 0_u32..4).prop_map(
        |(kind, bytes, follows, skip)| {
            let element = kind.element_size();
            let len = u32::try_from(bytes.len()).unwrap();
            let byte_offset = (skip * element).min(len - len % element);
            let room = len - byte_offset;
            let byte_length = if follows { None } else { Some(room - room % element) };
            let buffer = ArrayBuffer { bytes: bytes.into(), max_len: follows.then_some(64) };
            View { kind, buffer: ViewBuffer::Own(buffer), byte_offset, byte_length }
        },
    )
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any_number().prop_map(Value::Number),
        any_bigint().prop_map(Value::BigInt),
        any_string().prop_map(Value::String),
        any_number().prop_map(|ms| Date::from_ms(ms * 1e6).into()),
        any_string().prop_map(|source| RegExp { source, flags: "gi".parse().unwrap() }.into()),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| ArrayBuffer::from(bytes).into()),
        any_view().prop_map(Value::from),
        prop_oneof![
            any_number().prop_map(Primitive::Number),
            any_string().prop_map(Primitive::String),
            any_bigint().prop_map(Primitive::BigInt),
            any::<bool>().prop_map(Primitive::Bool),
        ]
        .prop_map(Value::from),
        // `tie` makes references to objects of these.
        any::<u32>().prop_map(|pick| Value::Ref(Label(pick))),
        any::<u32>().prop_map(|pick| Value::Ref(Label(pick))),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 60, 8, |inner| {
        let properties = prop::collection::vec((any_string(), inner.clone()), 0..6)
            .prop_map(|properties| properties.into_iter().collect::<Object>());
        let named = prop::collection::vec(("[a-z]{1,5}", inner.clone()), 0..3)
            .prop_map(|properties| properties.into_iter().collect::<Object>());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            properties.prop_map(Value::Object),
            prop::collection::vec((inner.clone(), inner.clone()), 0..5).prop_map(Value::Map),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Set),
            (prop::collection::vec((0_u32..20, inner.clone()), 0..5), named).prop_map(|(elements, named)| {
                let mut array = SparseArray::new(20);
                elements.into_iter().for_each(|(index, element)| drop(array.set(index, element)));
                array.properties = named;
                array.into()
            }),
            (
                prop::sample::select(ErrorKind::ALL.to_vec()),
                prop::option::of(any_string()),
                prop::option::of(any_string()),
                prop::option::of(inner),
            )
                .prop_map(|(kind, message, stack, cause)| ErrorObject {
                    kind,
                    message,
                    stack,
                    cause
                }
                .into()),
        ]
    })
}

/// Makes each reference, whose label is any number, one to an object that began before it; anchors those objects.
fn tie(value: Value) -> Value {
    let mut first = Tie::default();
    let value = first.tied(value);
    let mut second = Tie { wanted: Some(first.picked), ..Tie::default() };
    second.tied(value)
}

/// In a first pass references are made to point to numbers of objects; in a second one the wanted objects get anchors
/// and the numbers become labels.
#[derive(Default)]
struct Tie {
    objects: u32,
    picked: std::collections::BTreeSet<u32>,
    wanted: Option<std::collections::BTreeSet<u32>>,
}

impl Tie {
    fn label(&self, number: u32) -> Option<Label> {
        let wanted = self.wanted.as_ref()?;
        let place = wanted.iter().position(|&other| other == number)?;
        Some(Label(u32::try_from(place).unwrap()))
    }

    fn begin(&mut self) -> u32 {
        self.objects += 1;
        self.objects - 1
    }

    fn tied(&mut self, value: Value) -> Value {
        match value {
            Value::Ref(Label(pick)) if self.wanted.is_some() => {
                Value::Ref(self.label(pick).expect("picked in the first pass"))
            }
            Value::Ref(Label(pick)) if self.objects > 0 => {
                let number = pick % self.objects;
                self.picked.insert(number);
                Value::Ref(Label(number))
            }
            Value::Ref(_) => Value::Undefined,
            Value::Undefined
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::BigInt(_)
            | Value::String(_) => value,
            Value::View(mut view) => {
                let number = self.begin();
                if let ViewBuffer::Own(buffer) = &view.buffer
                    && let Some(label) = self.label(number)
                {
                    view.buffer = ViewBuffer::Anchored(label, buffer.clone());
                }
                let number = self.begin();
                self.anchored(number, Value::View(view))
            }
            object => {
                let number = self.begin();
                let object = self.with_parts(object, Tie::tied);
                self.anchored(number, object)
            }
        }
    }

    fn anchored(&self, number: u32, value: Value) -> Value {
        match self.label(number) {
            Some(label) => Value::Anchor(label, Box::new(value)),
            None => value,
        }
    }

    fn with_parts(&mut self, value: Value, each: fn(&mut Tie, Value) -> Value) -> Value {
        match value {
            Value::Array(elements) => {
                Value::Array(elements.into_iter().map(|element| each(self, element)).collect())
            }
            Value::Set(members) => Value::Set(members.into_iter().map(|member| each(self, member)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let key = each(self, key);
                        (key, each(self, value))
                    })
                    .collect(),
            ),
            Value::Object(object) => {
                Value::Object(object.into_iter().map(|(key, value)| (key, each(self, value))).collect())
            }
            Value::SparseArray(array) => {
                let mut copy = SparseArray::new(array.len());
                for (index, element) in array.elements() {
                    copy.set(index, each(self, element.clone()));
                }
                copy.properties = array
                    .properties
                    .iter()
                    .map(|(key, value)| (key.clone(), each(self, value.clone())))
                    .collect();
                copy.into()
            }
            Value::Error(error) => {
                let cause = error.cause.map(|cause| each(self, cause));
                ErrorObject { cause, kind: error.kind, message: error.message, stack: error.stack }.into()
            }
            other => other,
        }
    }
}
