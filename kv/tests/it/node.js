// The other side of node.rs. Reads a request as JSON from standard input, writes the answer as JSON.
//
// {"describe": [hex, ...]}        -> descriptions of what v8.deserialize makes of the bytes
// {"values": true}                -> for every value below: name, description, bytes of v8.serialize (or of the
//                                    plain serializer, which keeps buffers), and whether buffers are kept
// {"compare": [[name, hex], ...]} -> the names whose bytes do not deserialize to the value of that name
'use strict';

const v8 = require('node:v8');
const assert = require('node:assert');
const fs = require('node:fs');

// The text of describe.rs. With `detached`, views are described as if each had a buffer of its own.
function describe(root, detached) {
  const numbers = new Map();
  let out = '';

  function begin(object) {
    out += `#${numbers.size}`;
    numbers.set(object, numbers.size);
  }

  function string(text) {
    out += 's';
    for (let i = 0; i < text.length; i++) out += text.charCodeAt(i).toString(16).padStart(4, '0');
  }

  function number(value) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    out += 'n' + view.getBigUint64(0).toString(16).padStart(16, '0');
  }

  function bytes(array) {
    out += Buffer.from(array).toString('hex');
  }

  function properties(object, keys) {
    for (const key of keys) {
      string(key);
      out += ':';
      value(object[key]);
      out += ',';
    }
  }

  function buffer(object) {
    begin(object);
    out += 'ArrayBuffer ';
    bytes(new Uint8Array(object));
    if (object.resizable) out += ` max ${object.maxByteLength}`;
  }

  function view(object) {
    const window = new Uint8Array(object.buffer, object.byteOffset, object.byteLength);
    const name = object instanceof Buffer ? 'Uint8Array' : object.constructor.name;
    let offset = object.byteOffset;
    if (detached) {
      buffer(new Uint8Array(window).buffer);
      offset = 0;
    } else {
      value(object.buffer);
    }
    begin(object);
    out += `${name} at ${offset} `;
    if (!detached && follows(object)) out += 'following ';
    bytes(window);
  }

  // Whether a view follows the length of its buffer shows only when that changes.
  function follows(object) {
    if (!object.buffer.resizable) return false;
    const length = object.buffer.byteLength;
    const before = object.byteLength;
    const larger = Math.min(object.buffer.maxByteLength, length + 8);
    assert(larger >= length + 8, 'test buffers have room for another element');
    object.buffer.resize(larger);
    const after = object.byteLength;
    object.buffer.resize(length);
    return after !== before;
  }

  function value(it) {
    if (it === undefined || it === null || typeof it === 'boolean') {
      out += String(it);
    } else if (typeof it === 'number') {
      number(it);
    } else if (typeof it === 'bigint') {
      out += `b${it}`;
    } else if (typeof it === 'string') {
      string(it);
    } else if (numbers.has(it)) {
      out += `^${numbers.get(it)}`;
    } else if (ArrayBuffer.isView(it)) {
      view(it);
    } else if (it instanceof ArrayBuffer) {
      buffer(it);
    } else {
      begin(it);
      object(it);
    }
  }

  function object(it) {
    if (it instanceof Date) {
      out += 'Date ';
      number(it.getTime());
    } else if (it instanceof RegExp) {
      out += `RegExp ${it.flags} `;
      string(it.source);
    } else if (Array.isArray(it)) {
      out += `[${it.length}|`;
      const keys = Object.keys(it);
      const isIndex = (key) => /^(0|[1-9][0-9]*)$/.test(key) && Number(key) < 2 ** 32 - 1;
      for (const key of keys.filter(isIndex)) {
        out += `${key}:`;
        value(it[key]);
        out += ',';
      }
      properties(it, keys.filter((key) => !isIndex(key)));
      out += ']';
    } else if (it instanceof Map) {
      out += 'Map{';
      for (const [key, member] of it) {
        value(key);
        out += '=>';
        value(member);
        out += ',';
      }
      out += '}';
    } else if (it instanceof Set) {
      out += 'Set{';
      for (const member of it) {
        value(member);
        out += ',';
      }
      out += '}';
    } else if (it instanceof Error) {
      out += Object.getPrototypeOf(it).name;
      if (Object.hasOwn(it, 'message')) {
        out += ' message ';
        string(it.message);
      }
      if (typeof it.stack === 'string') {
        out += ' stack ';
        string(it.stack);
      }
      if (Object.hasOwn(it, 'cause')) {
        out += ' cause ';
        value(it.cause);
      }
      out += '.';
    } else if ([Number, String, Boolean, BigInt].some((type) => it instanceof type)) {
      out += 'Boxed ';
      value(it.valueOf());
    } else {
      assert.strictEqual(Object.getPrototypeOf(it), Object.prototype);
      out += '{';
      properties(it, Object.keys(it));
      out += '}';
    }
  }

  value(root);
  return out;
}

function make(build) {
  const it = {};
  build(it);
  return it;
}

function error(type, message, options, stack) {
  const it = new type(message, options);
  it.stack = stack;
  return it;
}

function resizable(length, bytes) {
  const buffer = new ArrayBuffer(length, { maxByteLength: 64 });
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

const shared = { name: 'shared' };
const sharedBuffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).buffer;
const following = resizable(8, [1, 2, 3, 4, 5, 6, 7, 8]);

// Values for v8.serialize, which writes views without their buffers.
const values = {
  undefined: undefined,
  null: null,
  true: true,
  false: false,
  zero: 0,
  'minus zero': -0,
  nan: NaN,
  infinity: Infinity,
  'minus infinity': -Infinity,
  'small integers': [1, -1, 63, 64, -64, -65, 2 ** 30 - 1, 2 ** 30, -(2 ** 30), -(2 ** 30) - 1],
  'integers at 32 bits': [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32],
  'large numbers': [Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300, Number.MIN_VALUE, -1.5, 0.1],
  'packed doubles': [1.5, 2, 3],
  bigints: [0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n), 2n ** 200n, -(10n ** 60n)],
  'empty string': '',
  'ascii string': 'hello\n"\\\0world',
  'latin-1 string': 'grüße ÿ',
  'latin-1 string that is also utf-8': 'Ã¤',
  'two-byte string': 'Dürmen 日本 😀',
  'two-byte strings at both parities': ['日', 'a', '日', 'ab', '日'],
  'lone surrogates': ['\ud800', 'a\udfff', '\ude00\ud83d', 'é\ud800'],
  'long string': 'x'.repeat(100000) + '日',
  'empty object': {},
  object: { a: 1, b: 'two', c: null, d: undefined, e: { f: [] } },
  'object with indexes': { 5: 1, 0: 2, 4294967294: 3, 4294967295: 4, '-1': 5, '01': 6, 1.5: 7, '': 8 },
  'object with strange keys': { 日: 1, '\ud800': 2, 'a b': 3, __proto_: 4, '\0': 5, constructor: 6 },
  'object with __proto__': JSON.parse('{"__proto__": 1, "a": 2}'),
  'large object': Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i])),
  'empty array': [],
  array: [1, 'two', [3], { four: 4 }],
  'array with holes': [1, , 3, ,],
  'array of holes only': new Array(5),
  'array without holes that once had some': new Array(3).fill(0),
  'array of a large length': make((it) => { it.array = []; it.array[4294967294] = 'last'; it.array[7] = 'seven'; }),
  'array with properties': Object.assign([1, 2], { x: 1, 日: [2] }),
  'array with holes and properties': Object.assign([1, , 2], { x: 1 }),
  map: new Map([[1, 'one'], ['k', { v: 1 }], [NaN, -0], [{}, []], [null, undefined], [true, 1n]]),
  'empty map': new Map(),
  set: new Set([3, 'a', {}, NaN, null]),
  'empty set': new Set(),
  dates: [new Date(0), new Date(-1), new Date(1700000000123), new Date(8.64e15), new Date(-8.64e15)],
  'invalid date': new Date(NaN),
  'regular expressions': [/a\/b/, /x/dgimsuy, /[\p{L}--[a-z]]/v, new RegExp(''), /日/u],
  boxed: [Object(1), Object(-0), Object(NaN), Object(5n), Object(-(2n ** 70n)), Object(true), Object(false),
    Object('s'), Object('日'), Object('')],
  errors: [
    error(Error, 'plain', undefined, 'Error: plain\n    at x'),
    error(EvalError, 'm', undefined, 's'),
    error(RangeError, 'm', undefined, 's'),
    error(ReferenceError, 'm', undefined, 's'),
    error(SyntaxError, 'm', undefined, 's'),
    error(TypeError, 'm', undefined, 's'),
    error(URIError, 'm', undefined, 's'),
    error(Error, undefined, undefined, 'no message'),
    error(Error, '日', { cause: 'a string' }, '日'),
    error(Error, 'outer', { cause: error(TypeError, 'inner', { cause: { code: 1 } }, 'i') }, 'o'),
    error(Error, 'undefined cause', { cause: undefined }, 's'),
  ],
  'custom error name': make((it) => { it.e = error(Error, 'm', undefined, 's'); it.e.name = 'Custom'; }).e,
  'array buffers': [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer, resizable(2, [1, 2])],
  views: [
    new Int8Array([-1, 2]), new Uint8Array([1, 2]), new Uint8ClampedArray([1, 2]), new Int16Array([-1, 2]),
    new Uint16Array([1, 2]), new Int32Array([-1, 2]), new Uint32Array([1, 2]), new Float32Array([1.5, -0]),
    new Float64Array([1.5, NaN]), new BigInt64Array([-1n, 2n]), new BigUint64Array([1n, 2n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1), Buffer.from('buffer'), new Uint16Array(0),
  ],
  'cycle through an object': make((it) => { it.self = it; }),
  'cycle through an array': make((it) => { it.a = [it, [it]]; it.a.push(it.a); }),
  'cycle through a map': make((it) => { it.m = new Map(); it.m.set(it.m, it.m); }),
  'cycle through a set': make((it) => { it.s = new Set(); it.s.add(it.s); it.s.add(it); }),
  'shared object': [shared, shared, { inner: shared }],
  'shared leaves': make((it) => {
    for (const leaf of [new Date(5), /x/g, Object('b'), new ArrayBuffer(2), error(Error, 'e', undefined, 's')]) {
      it[`k${Object.keys(it).length}`] = [leaf, leaf];
    }
  }),
  'shared sparse array': make((it) => { it.a = [, 1]; it.b = it.a; }),
  'text full of references': ['^^^^', { '^': '^' }, shared, shared],
  'deep nesting': Array.from({ length: 900 }).reduce((inner) => [inner], 'core'),
};

// Values for the plain serializer, which writes the buffers of views.
const bufferValues = {
  'own buffers': values.views.filter((view) => !(view instanceof Buffer)),
  'shared buffer': [
    new Uint8Array(sharedBuffer), new Uint32Array(sharedBuffer, 4, 2), new DataView(sharedBuffer, 3), sharedBuffer,
  ],
  'buffer before its views': { buffer: sharedBuffer, view: new Float64Array(sharedBuffer, 8) },
  'resizable buffers': [
    new Uint8Array(following), new Uint8Array(following, 2, 3), new Uint16Array(following, 2), following,
    new DataView(following, 1), new DataView(following, 1, 2),
  ],
  'shared view': make((it) => { it.a = new Uint8Array([1]); it.b = it.a; it.c = it.a.buffer; }),
};

function serialize(value, keepBuffers) {
  if (!keepBuffers) return v8.serialize(value);
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function allValues() {
  const list = (of, keepBuffers) => Object.entries(of).map(([name, value]) => ({
    name,
    hex: serialize(value, keepBuffers).toString('hex'),
    description: describe(value, !keepBuffers),
  }));
  return [...list(values, false), ...list(bufferValues, true)];
}

function isSame(name, hex) {
  const expected = name in values ? values[name] : bufferValues[name];
  const actual = v8.deserialize(Buffer.from(hex, 'hex'));
  if (describe(actual, name in values) !== describe(expected, name in values)) return false;
  // A Buffer comes back as the Uint8Array it is, structured clone does not keep an error name of its own, and
  // assert takes two invalid dates for different.
  const described = ['views', 'custom error name', 'invalid date'];
  if (!described.includes(name)) assert.deepStrictEqual(actual, expected, name);
  return true;
}

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
let answer;
if (request.describe) answer = request.describe.map((hex) => describe(v8.deserialize(Buffer.from(hex, 'hex')), false));
if (request.values) answer = allValues();
if (request.compare) answer = request.compare.filter(([name, hex]) => !isSame(name, hex)).map(([name]) => name);
fs.writeFileSync(1, JSON.stringify(answer));
