use crate::error::Error;
use crate::label::Label;
use crate::value::{
    ArrayBuffer, BigInt, Date, ErrorKind, ErrorObject, JsString, MAX_DEPTH, Object, Primitive, RegExp,
    SparseArray, Value, View, ViewBuffer, ViewKind,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn anchor(label: u32, value: impl Into<Value>) -> Value {
    Value::Anchor(Label(label), Box::new(value.into()))
}

fn reference(label: u32) -> Value {
    Value::Ref(Label(label))
}

#[test]
fn golden_bytes() {
    let sparse = |elements: &[(u32, i32)], properties: Object| {
        let mut array = SparseArray::new(3);
        for &(index, value) in elements {
            array.set(index, value.into());
        }
        array.properties = properties;
        Value::from(array)
    };
    // The bytes are those that V8 11.3 and 13 write; where they write further forms of the same value, those are
    // among the tests of decoding.
    let cases: [(Value, &str); 42] = [
        (Value::Undefined, "5f"),
        (Value::Null, "30"),
        (true.into(), "54"),
        (false.into(), "46"),
        (5.into(), "490a"),
        ((-1).into(), "4901"),
        (i32::MAX.into(), "49feffffff0f"),
        (i32::MIN.into(), "49ffffffff0f"),
        (2_147_483_648_u32.into(), "4e000000000000e041"),
        ((-0.0).into(), "4e0000000000000080"),
        (1.5.into(), "4e000000000000f83f"),
        (f64::NAN.into(), "4e000000000000f87f"),
        (BigInt::from(0).into(), "5a00"),
        (BigInt::from(10).into(), "5a100a00000000000000"),
        (BigInt::from(-(1_i128 << 64)).into(), "5a2100000000000000000100000000000000"),
        ("".into(), "2200"),
        ("abc".into(), "2203616263"),
        ("é".into(), "2201e9"),
        ("日".into(), "6302e565"),
        ("😀a".into(), "63063dd800de6100"),
        (JsString::from_utf16(&[0xd800]).into(), "630200d8"),
        (Date::from_ms(5.0).into(), "440000000000001440"),
        (RegExp { source: "x".into(), flags: "dgimsuy".parse().unwrap() }.into(), "52220178bf01"),
        (RegExp { source: "x".into(), flags: "v".parse().unwrap() }.into(), "522201788002"),
        (Primitive::Bool(true).into(), "79"),
        (Primitive::Bool(false).into(), "78"),
        (Primitive::Number(1.0).into(), "6e000000000000f03f"),
        (Primitive::BigInt(BigInt::from(1)).into(), "7a100100000000000000"),
        (Primitive::String("日".into()).into(), "73006302e565"),
        (vec![1.into(), 2.into()].into(), "410249024904240002"),
        (sparse(&[(0, 1), (2, 3)], Object::new()), "61034900490249044906400203"),
        (sparse(&[(0, 1), (2, 2)], [("x", 1.into())].into()), "610349004902490449042201784902400303"),
        (
            Object::from([
                ("5", 2.into()),
                ("4294967294", 1.into()),
                ("a", 1.into()),
                ("4294967295", 2.into()),
            ])
            .into(),
            "6f490a49044e0000c0ffffffef41490222016149022\
             20a3432393439363732393549047b04",
        ),
        (Value::Map(vec![(1.into(), 2.into())]), "3b490249043a02"),
        (Value::Set(vec![1.into()]), "2749022c01"),
        (ArrayBuffer::from(vec![0; 3]).into(), "4203000000"),
        (ArrayBuffer { bytes: vec![0; 3].into(), max_len: Some(8) }.into(), "7e0308000000"),
        (View::new(ViewKind::Uint8Array, vec![1, 2]).into(), "420201025642000200"),
        (
            vec![
                View::new(ViewKind::Uint8Array, vec![0; 4]).into(),
                Value::from(View {
                    kind: ViewKind::DataView,
                    buffer: ViewBuffer::Own(ArrayBuffer { bytes: vec![0; 2].into(), max_len: Some(8) }),
                    byte_offset: 1,
                    byte_length: None,
                }),
            ]
            .into(),
            "4102420400000000564200040\
             07e02080000563f010103240002",
        ),
        (
            vec![
                View {
                    kind: ViewKind::Uint8Array,
                    buffer: ViewBuffer::Anchored(Label(7), vec![0; 4].into()),
                    byte_offset: 0,
                    byte_length: Some(4),
                }
                .into(),
                View {
                    kind: ViewKind::Uint16Array,
                    buffer: ViewBuffer::Ref(Label(7)),
                    byte_offset: 2,
                    byte_length: Some(2),
                }
                .into(),
            ]
            .into(),
            "410242040000000056420004005e015657020200240002",
        ),
        (
            anchor(
                3,
                ErrorObject {
                    kind: ErrorKind::RangeError,
                    message: Some("m".into()),
                    stack: Some("st".into()),
                    cause: Some(reference(3)),
                },
            ),
            "72526d22016d7322027374635e002e",
        ),
        (vec![anchor(1, vec![]), reference(1), reference(1)].into(), "410341002400005e015e01240003"),
    ];
    for (value, body) in cases {
        let expected = format!("ff0f{}", body.replace(' ', ""));
        let bytes = value.to_bytes().unwrap();
        assert_eq!(hex(&bytes), expected, "{value:?}");
        // Reading gives the same bytes again; labels may have been renumbered.
        let again = Value::from_bytes(&bytes).unwrap();
        assert_eq!(hex(&again.to_bytes().unwrap()), expected, "{again:?}");
    }
}

#[test]
fn values_that_could_not_be_read_back_are_refused() {
    let view = |byte_offset, byte_length, max_len| {
        let buffer = ViewBuffer::Own(ArrayBuffer { bytes: vec![0; 8].into(), max_len });
        Value::from(View { kind: ViewKind::Uint16Array, buffer, byte_offset, byte_length })
    };
    let cases = [
        (reference(0), "reference 0 has no anchor of that label before it"),
        (vec![reference(1), anchor(1, vec![])].into(), "reference 1 has no anchor of that label before it"),
        (vec![anchor(1, vec![]), anchor(1, vec![])].into(), "two anchors have the label 1"),
        (anchor(1, Value::Null), "anchor 1 holds a value without identity, which cannot be shared"),
        (anchor(1, anchor(2, vec![])), "anchor 1 holds a value without identity, which cannot be shared"),
        (view(10, Some(0), None), "invalid buffer or view: a view starts after the end of its buffer"),
        (view(0, Some(10), None), "invalid buffer or view: a view ends after the end of its buffer"),
        (
            view(1, Some(2), None),
            "invalid buffer or view: offset and length of a view must be multiples of the element size",
        ),
        (
            view(0, None, None),
            "invalid buffer or view: a view follows the length of a buffer that is not resizable",
        ),
        (view(0, Some(2), Some(7)), "invalid buffer or view: a buffer is longer than it may grow"),
        (
            vec![
                anchor(0, vec![]),
                View {
                    kind: ViewKind::DataView,
                    buffer: ViewBuffer::Ref(Label(0)),
                    byte_offset: 0,
                    byte_length: Some(0),
                }
                .into(),
            ]
            .into(),
            "invalid buffer or view: the label of a view is not that of a buffer",
        ),
    ];
    for (value, text) in cases {
        assert_eq!(value.to_bytes().unwrap_err().to_string(), text);
    }
    let mut array = SparseArray::new(1);
    array.set(0, Value::Null);
    array.properties.insert("0", Value::Null);
    assert!(matches!(Value::from(array).to_bytes(), Err(Error::DuplicateKey(key)) if key == "0"));
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| (1..depth).fold(Value::Array(vec![]), |inner, _| vec![inner].into());
    assert!(nested(MAX_DEPTH).to_bytes().is_ok());
    assert!(matches!(nested(MAX_DEPTH + 1).to_bytes(), Err(Error::TooDeep { max: MAX_DEPTH })));
}
