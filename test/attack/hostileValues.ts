/** Values, texts and bytes that no honest caller sends. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

/** A number that JSON.stringify cannot write. */
const rawNumber = (text: string): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = wrap(value);
  return value;
};

const numbers = ['1e400', '-1e400', '-0', '9007199254740993', '1e-400', '0.1e1', '2147483648', '-2147483649'];
const texts = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  'x\udc00',
  '\ufeff',
  '\u202e',
  '__proto__',
  'constructor',
  "'; DROP TABLE site; --",
  '#{7*7}{{7*7}}',
  '../../etc/passwd',
  '%00',
  '٣',
  'A'.repeat(20_000),
  '9'.repeat(400),
  'http://[::ffff:127.0.0.1]:9/',
  'javascript:alert(1)',
  'https://user:secret@a.example',
  '0000-00-00T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
];

/** A JSON value that no schema expects at its place. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...numbers).map(rawNumber) },
  { weight: 4, arbitrary: fc.constantFrom(...texts) },
  // Text that JSON allows and a database cannot store.
  { weight: 4, arbitrary: fc.constantFrom('\0', 'a\0b', '\ud800', 'x\udc00') },
  fc.constantFrom<unknown>(null, true, [], {}, [[]], [null], { length: 1 }, { toString: 1 }, [1, 'a', {}]),
  fc.constantFrom(5, 39, 41, 300).map((depth) => nested(depth, (inner) => [inner])),
  fc.constantFrom(39, 41, 300).map((depth) => nested(depth, (inner) => ({ a: inner }))),
  fc
    .constantFrom('{"__proto__":{"is_active":false}}', '{"constructor":{"prototype":{"x":1}}}')
    .map((text): unknown => JSON.parse(text)),
  fc.jsonValue(),
);

/** Puts `hostile` at one place of `value`, which `at` chooses. */
export function poisoned(value: unknown, hostile: unknown, at: number): unknown {
  if (typeof value !== 'object' || value === null || at % 13 === 0) return hostile;
  const keys = Object.keys(value);
  if (at % 11 === 1) return { ...value, [at % 2 === 0 ? 'unknown_field' : '\0']: hostile };
  const key = keys[at % Math.max(keys.length, 1)];
  if (key === undefined) return hostile;
  const inner = poisoned((value as Record<string, unknown>)[key], hostile, Math.floor(at / 3));
  if (Array.isArray(value)) return value.map((each, index) => (String(index) === key ? inner : each));
  return { ...value, [key]: inner };
}

const damages: Record<string, (body: Buffer) => Buffer> = {
  cut: (body) => body.subarray(0, Math.floor(body.length / 2)),
  doubled: (body) => Buffer.concat([body, body]),
  'with a byte order mark': (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  'in UTF-16': (body) => Buffer.from(body.toString('utf8'), 'utf16le'),
  'with bytes that are no UTF-8': (body) => Buffer.concat([body.subarray(0, -1), Buffer.from([0xff, 0xc0])]),
  'with a NUL': (body) => Buffer.concat([body, Buffer.from([0])]),
  empty: () => Buffer.alloc(0),
  blank: () => Buffer.from('  '),
  'as text': (body) => Buffer.from(JSON.stringify(body.toString('utf8'))),
  'in a list': (body) => Buffer.from(`[${body.toString('utf8')}]`),
  'with every field twice': (body) => Buffer.from(body.toString('utf8').replace(/^\{(.+)\}$/s, '{$1,$1}')),
  'nested deep': () => Buffer.from(`${'['.repeat(60_000)}${']'.repeat(60_000)}`),
  'never closed': () => Buffer.from('{"a":'.repeat(60_000)),
  'beyond the limit': () => Buffer.from(JSON.stringify({ name: 'a'.repeat(1_100_000) })),
};

/** A damage to the bytes of a body; `null` leaves them. */
export const damage: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(damages)) },
);

/** The body with a damage of `damage`. */
export function damaged(body: Buffer, name: string | null): Buffer {
  return name === null ? body : (damages[name]?.(body) ?? body);
}

const halved = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));
const codings: Record<string, { header: string; encode(body: Buffer): Buffer }> = {
  gzip: { header: 'gzip', encode: (body) => gzipSync(body) },
  deflate: { header: 'deflate', encode: (body) => deflateSync(body) },
  br: { header: 'br', encode: (body) => brotliCompressSync(body) },
  'plain as gzip': { header: 'gzip', encode: (body) => body },
  'plain as deflate': { header: 'deflate', encode: (body) => body },
  'plain as br': { header: 'br', encode: (body) => body },
  'half a gzip': { header: 'gzip', encode: (body) => halved(gzipSync(body)) },
  'half a deflate': { header: 'deflate', encode: (body) => halved(deflateSync(body)) },
  'half a br': { header: 'br', encode: (body) => halved(brotliCompressSync(body)) },
  'a gzip with more behind it': {
    header: 'gzip',
    encode: (body) => Buffer.concat([gzipSync(body), Buffer.from('more')]),
  },
  'a gzip of 3 MB': { header: 'gzip', encode: () => gzipSync(Buffer.alloc(3_000_000, 32)) },
  'plain as zstd': { header: 'zstd', encode: (body) => body },
  'two codings': { header: 'gzip, gzip', encode: (body) => gzipSync(gzipSync(body)) },
  unknown: { header: 'compress', encode: (body) => body },
  'of an odd name': { header: '__proto__', encode: (body) => body },
};

/** A content coding; `null` for none. */
export const coding: fc.Arbitrary<string | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(codings)) },
);

/** The body in a coding of `coding`, and the value of its header. */
export function encoded(body: Buffer, name: string | null): { header: string | null; bytes: Buffer } {
  const found = name === null ? undefined : codings[name];
  return found === undefined
    ? { header: null, bytes: body }
    : { header: found.header, bytes: found.encode(body) };
}
