/** Values that a JSON Schema of the served document describes, with ids and addresses that mean something. */
import fc from 'fast-check';

export type Schema = { [key: string]: unknown };
/** Values for the fields of a name, instead of any value of the field's schema. */
export type Hints = Record<string, fc.Arbitrary<unknown>>;

/** The named schemas of the document. */
export type Definitions = Record<string, Schema>;

/** A value of the schema, mostly. A format that is not known here gives any text. */
export function describedValue(
  schema: Schema,
  definitions: Definitions,
  hints: Hints,
  name = '',
): fc.Arbitrary<unknown> {
  const inside = (inner: unknown, key = name) => describedValue(asSchema(inner), definitions, hints, key);
  const hint = hints[name];
  if (hint !== undefined) return hint;
  if (typeof schema.$ref === 'string') {
    // A schema that refers to itself gets any value there.
    const { [schema.$ref.split('/').at(-1) ?? '']: target, ...others } = definitions;
    return target === undefined ? fc.jsonValue({ maxDepth: 2 }) : describedValue(target, others, hints, name);
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map((choice) => inside(choice)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, inside);
    case 'array':
      return fc.array(inside(schema.items ?? {}), { maxLength: 3 });
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.oneof(fc.nat({ max: 50 }), fc.integer());
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function objectOf(
  schema: Schema,
  inside: (inner: unknown, key?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const fields = Object.entries(asSchema(schema.properties ?? {}));
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const known = fc.record(Object.fromEntries(fields.map(([key, inner]) => [key, inside(inner, key)])), {
    requiredKeys: required,
  });
  if (typeof schema.additionalProperties !== 'object') return known;
  const others = fc.dictionary(fc.string({ maxLength: 8 }), inside(schema.additionalProperties, ''), {
    maxKeys: 3,
  });
  return fc.tuple(known, others).map(([some, more]) => ({ ...more, ...some }));
}

function textOf({ format, pattern, minLength, maxLength }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.emailAddress();
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern));
  const longest = Math.min(typeof maxLength === 'number' ? maxLength : 30, 30);
  const shortest = Math.min(typeof minLength === 'number' ? minLength : 0, longest);
  return fc.string({ minLength: shortest, maxLength: longest, unit: 'grapheme' });
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
