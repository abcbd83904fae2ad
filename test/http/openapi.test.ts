import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { buildTenant, integrationsPath } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

type Operation = {
  operationId: string;
  security: Record<string, unknown>[];
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown>; required?: string[] }> };
};

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await startTestServer();
  document = (await server.anyone.get('/api/v1/openapi.json').expect(200)).body;
});
afterAll(() => server.stop());

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('the validator finds errors in an invalid document', async () => {
  const broken = { ...structuredClone(document), paths: { '/x': { get: { responses: 1 } } } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

test('the document has every route, and no other', () => {
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  const declared = server.routes.map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
  expect(documented.sort()).toEqual(declared.sort());
});

test('every operation has its parameters, body, responses and the roles that may call it', () => {
  const ids = new Set<string>();
  for (const route of server.routes) {
    const operation = document.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method];
    if (!operation) throw new Error(`${route.path} is missing`);
    ids.add(operation.operationId);
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual(
      route.request.params ? [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]) : [],
    );
    expect(inPath.every((parameter) => parameter.required)).toBe(true);
    expect(operation.requestBody !== undefined).toBe(route.request.body !== undefined);
    expect(Object.keys(operation.responses).sort()).toEqual(
      [...Object.keys(route.responses), 'default'].sort(),
    );
    expect(operation.security.length > 0).toBe(route.access.kind !== 'public');
    const keyTaken = operation.security.some((way) => 'site_key' in way);
    expect(keyTaken).toBe(['site_key_or_user', 'user_or_body_key'].includes(route.access.kind));
  }
  expect(ids.size).toBe(server.routes.length);
});

test('a webhook names the headers that prove its sender, and a sync the header to not wait', () => {
  const headersOf = (path: string) =>
    document.paths[path]?.post?.parameters.filter((parameter) => parameter.in === 'header') ?? [];
  for (const topic of ['status', 'metadata']) {
    const headers = headersOf(`/api/v1/integration/webhooks/wordpress/${topic}`);
    expect(headers.map(({ name }) => name)).toEqual([
      'X-Site-Id',
      'webhook-signature',
      'webhook-id',
      'webhook-timestamp',
      'X-API-Key',
      'X-Sitebridge-Home',
      'X-Sitebridge-Installation',
    ]);
    expect(headers.filter(({ required }) => required).map(({ name }) => name)).toEqual(['X-Site-Id']);
  }
  const shopify = headersOf('/api/v1/integration/webhooks/shopify');
  expect(shopify.map(({ name }) => name)).toEqual([
    'X-Shopify-Shop-Domain',
    'X-Shopify-Hmac-Sha256',
    'X-Shopify-Topic',
    'X-Shopify-Triggered-At',
    'X-Shopify-Webhook-Id',
  ]);
  expect(headersOf(`${integrationsPath}/{id}/sync`).map(({ name }) => name)).toEqual(['Prefer']);
});

test('no number has the limits of JavaScript, as documentation tools show them as examples', () => {
  expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
});

test('every reference resolves', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1],
  );
  expect(references.length).toBeGreaterThan(10);
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
});

test('an integration has the fields of a real response', async () => {
  const tenant = await buildTenant(server);
  const { body } = await server
    .as(tenant.owner)
    .get(`${integrationsPath}/${tenant.integrationId}`)
    .expect(200);
  const schema = document.components.schemas.Integration;
  expect(Object.keys(schema?.properties ?? {}).sort()).toEqual(Object.keys(body).sort());
  expect(Object.keys(body)).toEqual([
    'id',
    'site_id',
    'site_name',
    'platform',
    'platform_type',
    'config_json',
    'api_key',
    'has_credentials',
    'is_active',
    'sync_enabled',
    'sync_status',
    'last_sync_at',
    'sync_error',
    'connection_status',
    'created_at',
    'updated_at',
  ]);
});
