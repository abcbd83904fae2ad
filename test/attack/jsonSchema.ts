/** Reads JSON Schemas. */

interface Field {
  /** The path of the field, with dots. */
  name: string;
  schema: Record<string, unknown>;
}

/** Every field of a JSON Schema, with those of its parts and of the schemas that it refers to. */
export function fieldsOf(
  schema: unknown,
  path: string,
  definitions: Record<string, unknown> = {},
  depth = 0,
): Field[] {
  if (typeof schema !== 'object' || schema === null || depth > 40) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === '$ref') {
      return fieldsOf(definitions[String(value).split('/').at(-1) ?? ''], path, definitions, depth + 10);
    }
    if (key !== 'properties' || typeof value !== 'object' || value === null) {
      return fieldsOf(value, path, definitions, depth + 1);
    }
    return Object.entries(value).flatMap(([name, field]) => [
      { name: `${path}.${name}`, schema: Object(field) },
      ...fieldsOf(field, `${path}.${name}`, definitions, depth + 1),
    ]);
  });
}
