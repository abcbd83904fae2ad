import { z } from 'zod';
import type { Route } from './route.ts';
import { problemSchema } from './schemas/common.schema.ts';

type Json = { [key: string]: unknown };

/**
 * An OpenAPI 3.1 document of the routes. The schemas that check the calls stand in it as JSON Schema 2020-12.
 */
export function openApiDocument(routes: Route[], version: string): Json {
  const components: Record<string, Json> = {};
  const schema = (type: z.ZodType, io: 'input' | 'output') => jsonSchema(type, io, components);
  const problem = schema(problemSchema, 'output');
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method] = {
      operationId: operationId(route),
      tags: [route.tag],
      summary: route.summary,
      security: securityOf(route),
      parameters: [
        ...parametersOf(route.request.params, 'path'),
        ...parametersOf(route.request.query, 'query'),
        ...(route.headers ?? []).map((header) => ({ ...header, in: 'header', schema: { type: 'string' } })),
      ],
      ...(route.request.body
        ? {
            requestBody: {
              required: true,
              content: { 'application/json': { schema: schema(route.request.body, 'input') } },
            },
          }
        : {}),
      responses: {
        ...Object.fromEntries(
          Object.entries(route.responses).map(([status, response]) => [
            status,
            {
              description: response.description,
              ...(response.schema
                ? { content: { 'application/json': { schema: schema(response.schema, 'output') } } }
                : {}),
            },
          ]),
        ),
        default: {
          description: 'What went wrong',
          content: { 'application/problem+json': { schema: problem } },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sitebridge',
      version,
      description:
        'Connects sites (WordPress, Shopify, custom) and keeps their structure and content in step.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        site_key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
}

function jsonSchema(type: z.ZodType, io: 'input' | 'output', components: Record<string, Json>): Json {
  const {
    $schema: _dialect,
    $defs: definitions,
    ...schema
  }: Json = z.toJSONSchema(type, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: withoutLimitsOfJavaScript,
  });
  if (isJson(definitions)) {
    for (const [name, definition] of Object.entries(definitions))
      if (isJson(definition)) components[name] = clean(definition);
  }
  const id = z.globalRegistry.get(type)?.id;
  // If a named schema refers to itself or is extended, zod has already put it into the definitions.
  if (id === undefined || '$ref' in schema) return clean(schema);
  components[id] = clean(schema);
  return { $ref: `#/components/schemas/${id}` };
}

/**
 * zod gives every integer the limits of JavaScript's safe integers. These limits say nothing, and make
 * -9007199254740991 the example.
 */
function withoutLimitsOfJavaScript({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** zod writes `id` into each named schema and refers to `$defs`. OpenAPI names a schema by its place. */
function clean(schema: Json): Json {
  const { id: _id, $id: _uri, ...rest } = schema;
  return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parametersOf(type: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!type) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(type, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
  });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }));
}

function securityOf(route: Route): Json[] {
  switch (route.access.kind) {
    case 'public':
      return [];
    case 'user':
      return [{ token: [] }];
    case 'site_key_or_user':
      return [{ site_key: [] }, { token: [] }];
    case 'user_or_body_key':
      return [{}, { site_key: [] }, { token: [] }];
  }
}

function operationId(route: Route): string {
  const words = route.path.replace('/api/v1/', '').replace(/:/g, '').split(/[/_-]/);
  return route.method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
