use crate::error::Error;
use crate::value::{
    ArrayBuffer, Date, ErrorKind, ErrorObject, MAX_DEPTH, Object, SparseArray, Value, View, ViewBuffer,
    ViewKind,
};

fn bytes(text: &str) -> Vec<u8> {
    let text = text.replace(' ', "");
    (0..text.len()).step_by(2).map(|start| u8::from_str_radix(&text[start..start + 2], 16).unwrap()).collect()
}

fn decode(text: &str) -> Result<Value, Error> {
    Value::from_bytes(&bytes(text))
}

#[test]
fn other_forms_of_the_same_values() {
    let view = |kind, bytes: &[u8]| Value::from(View::new(kind, bytes));
    let mut holes = SparseArray::new(3);
    holes.set(1, 5.into());
    let mut dense_with_property = SparseArray::new(2);
    dense_with_property.set(0, 1.into());
    dense_with_property.set(1, 2.into());
    dense_with_property.properties.insert("x", 1.into());
    let cases = [
        // An array that once had holes.
        ("ff0f 6103 490049004902490049044900 400303", Value::Array(vec![0.into(), 0.into(), 0.into()])),
        // A dense array in which holes or properties turn up.
        ("ff0f 4103 2d 490a 2d 240003", holes.into()),
        ("ff0f 4102 4902 4904 220178 4902 240102", dense_with_property.into()),
        // Unsigned numbers, whole numbers as doubles, text as UTF-8 or as 16-bit units without need.
        ("ff0f 55ffffffff0f", f64::from(u32::MAX).into()),
        ("ff0f 4e0000000000001440", 5.into()),
        ("ff0f 5302c3a9", "é".into()),
        ("ff0f 530161", "a".into()),
        ("ff0f 5301ff", "\u{fffd}".into()),
        ("ff0f 63026100", "a".into()),
        ("ff0f 0000630261 00", "a".into()),
        // Keys as numbers of each form, and as text that is a number.
        ("ff0f 6f 490a30 550630 4e0000000000002040 30 22013930 7b04", {
            Object::from([("5", Value::Null), ("6", Value::Null), ("8", Value::Null), ("9", Value::Null)])
                .into()
        }),
        ("ff0f 6f 4901 30 7b01", Object::from([("-1", Value::Null)]).into()),
        ("ff0f 6101 220130 4902 400101", Value::Array(vec![1.into()])),
        // Object counts and padding.
        ("ff0f 3f00 6f 3f01 22016130 00 7b01 00", Object::from([("a", Value::Null)]).into()),
        // A bigint with leading zeros, one cut short of a whole limb, and a negative zero.
        ("ff0f 5a20 05000000000000000000000000000000", Value::BigInt(5.into())),
        ("ff0f 5a02 05", Value::BigInt(5.into())),
        ("ff0f 5a11 0000000000000000", Value::BigInt(0.into())),
        // Dates are clipped.
        ("ff0f 44 000000000000e03f", Date::from_ms(0.0).into()),
        ("ff0f 44 000000000000f07f", Date::INVALID.into()),
        // The order of the parts of an error in V8 before version 12, and any other.
        ("ff0f 72 52 6d22016d 634902 73220273742e", {
            ErrorObject {
                kind: ErrorKind::RangeError,
                message: Some("m".into()),
                stack: Some("st".into()),
                cause: Some(1.into()),
            }
            .into()
        }),
        (
            "ff0f 72 63 30 55 2e",
            ErrorObject { kind: ErrorKind::UriError, cause: Some(Value::Null), ..Default::default() }.into(),
        ),
        // Views as Node writes them.
        ("ff0f 5c01020102", view(ViewKind::Uint8Array, &[1, 2])),
        ("ff0f 5c0a0101", view(ViewKind::Uint8Array, &[1])),
        ("ff0f 5c0c08 0100000000000000", view(ViewKind::BigUint64Array, &[1, 0, 0, 0, 0, 0, 0, 0])),
        // Older versions: no header, no flags of views, flags of views where they should not be.
        ("49 0a", 5.into()),
        ("ff0d 6f 220161 30 7b01", Object::from([("a", Value::Null)]).into()),
        ("ff0e 42020102 5642000200", view(ViewKind::Uint8Array, &[1, 2])),
        ("ff0d 42020102 56420002", view(ViewKind::Uint8Array, &[1, 2])),
        ("ff0d 42020102 5642000200", view(ViewKind::Uint8Array, &[1, 2])),
        ("ff0d 4101 42020102 5642000200 240001", vec![view(ViewKind::Uint8Array, &[1, 2])].into()),
    ];
    for (text, value) in cases {
        assert_eq!(decode(text).unwrap(), value, "{text}");
    }
}

#[test]
fn errors_as_workerd_stores_them() {
    let error =
        |kind, cause| ErrorObject { kind, message: Some("m".into()), stack: Some("st".into()), cause };
    let known = "5c0a02 22016d 6f 2205737461636b 22027374 2204636f6465 490a 7b02";
    let named = "5c0a00 220a52616e67654572726f72 22016d 6f 2205737461636b 22027374 22056361757365 5e00 7b02";
    let wrap = |error: &str| decode(&format!("ff0f 4101 {error} 240001")).unwrap();
    assert_eq!(wrap(known), vec![error(ErrorKind::TypeError, None).into()].into());
    let cyclic = wrap(named);
    let text = format!("{cyclic:?}");
    assert!(text.starts_with("Anchor(Label(0), Array([Error(ErrorObject { kind: RangeError"), "{text}");
    assert!(text.contains("cause: Some(Ref(Label(0)))"), "{text}");
    assert_eq!(Value::from_bytes(&cyclic.to_bytes().unwrap()).unwrap(), cyclic);
    // A Buffer of Node stays one, also beside a text that looks like an error.
    let buffer = decode("ff0f 4102 5c0a0101 22025c0a 240002").unwrap();
    assert_eq!(buffer, vec![View::new(ViewKind::Uint8Array, vec![1]).into(), "\\\n".into()].into());
    // The object of a dropped property, referred to afterwards.
    let shared = decode("ff0f 4102 5c0a01 22016d 6f 220161 6f7b00 7b01 5e03 240002");
    assert!(
        matches!(shared, Err(Error::UnsupportedObject { what, .. }) if what.contains("property of an error"))
    );
    // One that is shared in the dropped property alone goes with it.
    let inside = decode("ff0f 5c0a01 22016d 6f 220161 4102 4100240000 5e03 240002 7b01").unwrap();
    assert_eq!(inside, ErrorObject::new(ErrorKind::Error, "m").into());
    assert!(matches!(decode("ff0f 5c0701 00"), Err(Error::Malformed { .. })));
}

#[test]
fn labels_are_numbered_in_the_order_of_their_anchors() {
    // The inner array is referred to first, but begins second; the third is not referred to.
    let value = decode("ff0f 4103 4101 4100 240000 240001 5e02 5e01 240003").unwrap();
    let text = format!("{value:?}");
    assert_eq!(
        text,
        "Array([Anchor(Label(0), Array([Anchor(Label(1), Array([]))])), Ref(Label(1)), Ref(Label(0))])"
    );
}

#[test]
fn bytes_that_look_like_references_are_not() {
    for value in [Value::from("^^^"), Value::Number(94.0), ArrayBuffer::from(vec![0x5e; 9]).into()] {
        assert_eq!(Value::from_bytes(&value.to_bytes().unwrap()).unwrap(), value);
    }
}

#[test]
fn malformed_bytes_are_refused_with_the_place() {
    let cases = [
        ("", 0, "the bytes end before the value does"),
        ("ff", 1, "a length goes beyond the end of the bytes"),
        ("ff0f", 2, "the bytes end before the value does"),
        ("ff0f 21", 2, "unknown tag"),
        ("ff0f 5630", 2, "unknown tag"),
        ("ff0f 3030", 3, "bytes follow the end of the value"),
        ("ff0f 49", 3, "a length goes beyond the end of the bytes"),
        ("ff0f 49ffffffffff0f", 3, "a number is longer than 32 bits"),
        ("ff0f 49ffffffff1f", 3, "a number is longer than 32 bits"),
        ("ff0f 4e00", 3, "a length goes beyond the end of the bytes"),
        ("ff0f 22ffffffff0f", 3, "a length goes beyond the end of the bytes"),
        ("ff0f 6303616161", 3, "a string of 16-bit units has an odd length"),
        ("ff0f 5a80808080 08", 8, "a length goes beyond the end of the bytes"),
        ("ff0f 41ffffffff0f", 3, "a length goes beyond the end of the bytes"),
        ("ff0f 4101 30 240002", 8, "the count at the end of a collection is wrong"),
        ("ff0f 4101 30 240101", 7, "the count at the end of a collection is wrong"),
        ("ff0f 6f 7b01", 5, "the count at the end of a collection is wrong"),
        ("ff0f 6f 22016130 22016130 7b02", 13, "an object has one key twice"),
        ("ff0f 6f 22013530 490a30 7b02", 12, "an object has one key twice"),
        ("ff0f 6101 490030 490030 400201", 10, "an object has one key twice"),
        ("ff0f 6f 3030 7b01", 4, "a key is neither string nor number"),
        ("ff0f 6f 4e000000000000f83f 30 7b01", 12, "a key is a fraction"),
        ("ff0f 3b 30 3a 01", 4, "unknown tag"),
        ("ff0f 2d", 2, "unknown tag"),
        ("ff0f 5e00", 4, "a reference to an object that has not begun"),
        ("ff0f 4101 5e01 240001", 6, "a reference to an object that has not begun"),
        ("ff0f 4102 7900 5e02 240002", 8, "a reference to an object that has not begun"),
        ("ff0f 4102 4100240000 5e01 5642000000 240002", 12, "a key is neither string nor number"),
        ("ff0f 4201 00 5642000200", 10, "a view does not fit its buffer"),
        ("ff0f 4200 5657000000 30", 9, "bytes follow the end of the value"),
        ("ff0f 4203000000 5657010200", 12, "a view does not fit its buffer"),
        ("ff0f 4200 5642000001", 9, "the flags of a view do not fit its buffer"),
        ("ff0f 4200 565a000000", 6, "unknown kind of view"),
        ("ff0f 7e020100 00", 5, "a buffer is longer than it may grow"),
        ("ff0f 5222017840", 7, "a regular expression has invalid flags"),
        ("ff0f 523000", 4, "a string is expected here"),
        ("ff0f 72 4b", 3, "an error has an unknown mark"),
        ("ff0f 5c0401 00", 5, "a view does not fit its buffer"),
    ];
    let mut wrong = Vec::new();
    for (text, offset, reason) in cases {
        match decode(text) {
            Err(Error::Malformed { offset: at, reason: why }) if (at, why) == (offset, reason) => {}
            other => wrong.push(format!("{text}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn other_versions_and_objects_of_the_runtime_are_named() {
    for (text, version) in [("ff10 30", 16), ("ff0c 30", 12), ("ff00 30", 0)] {
        assert!(
            matches!(decode(text), Err(Error::UnsupportedVersion { found }) if found == version),
            "{text}"
        );
    }
    for (text, object) in [
        ("ff0f 7500", "a SharedArrayBuffer"),
        ("ff0f 4101 7700 240001", "a WebAssembly module"),
        ("ff0f 5c6300", "an object of the host"),
    ] {
        assert!(
            matches!(decode(text), Err(Error::UnsupportedObject { what, .. }) if what == object),
            "{text}"
        );
    }
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| {
        let mut bytes = bytes("ff0f");
        bytes.extend(std::iter::repeat_n(*b"A\x01", depth).flatten());
        bytes.push(b'0');
        bytes.extend(std::iter::repeat_n(*b"$\x00\x01", depth).flatten());
        Value::from_bytes(&bytes)
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert!(matches!(nested(MAX_DEPTH + 1), Err(Error::TooDeep { max: MAX_DEPTH })));
    assert!(matches!(nested(1_000_000), Err(Error::TooDeep { max: MAX_DEPTH })));
}

#[test]
fn shared_buffers_may_stand_before_or_in_views() {
    let value = decode("ff0f 4103 420400000000 56420004005e01 5657020200 5e01 240003").unwrap();
    let Value::Array(elements) = value else { panic!("an array") };
    assert!(matches!(&elements[0], Value::View(view) if matches!(view.buffer, ViewBuffer::Anchored(..))));
    assert!(matches!(&elements[1], Value::View(view) if matches!(view.buffer, ViewBuffer::Ref(_))));
    assert!(matches!(elements[2], Value::Ref(_)));
}
