/**
 * `npm run check:openapi` checks that the OpenAPI document is valid, that it contains exactly the operations
 * of the router, and that each operation has a summary and a success response. It builds the server without
 * starting it, so it needs no database.
 */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Validator } from '@seriousme/openapi-schema-validator';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { createContainer } from '../src/container.ts';
import { openApiDocument } from '../src/http/openapi.ts';
import type { Route } from '../src/http/route.ts';
import { version } from '../src/version.ts';

/** Pages for people and tools, which are not part of the API. */
const pages = /^\/(metrics|docs(\/.*)?|api\/v1\/openapi\.json)$/;
const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** A layer of Express's router, as far as it is read here. Some layers contain a route, others a router. */
interface Layer {
  route?: { path: unknown; stack: { method?: string }[] };
  handle: unknown;
}

const wrong: string[] = [];
// None of these values is used, because pools connect at their first query and no query is sent.
const config = readConfig({
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  DATA_DIR: tmpdir(),
  JWT_SECRET: randomBytes(32).toString('hex'),
  CREDENTIAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
});
const { app, routes } = await createContainer(config, pino({ level: 'silent' }), config.databaseUrl ?? '');

const document = openApiDocument(routes, version);
const { valid, errors } = await new Validator().validate(structuredClone(document));
if (!valid) wrong.push(`The document is not valid: ${JSON.stringify(errors)}`);

for (const [, group] of entriesOf(document.components)) {
  for (const [name, schema] of entriesOf(group)) {
    // A component with only a `$ref` is valid, but it just points to itself or to another name.
    if (entriesOf(schema).every(([key]) => key === '$ref'))
      wrong.push(`The component ${name} describes nothing.`);
  }
}

const documented = operationsOf(document.paths);
const registered = new Set(layersOf(app.router).flatMap(operationsAt));
for (const operation of documented.keys())
  if (!registered.has(operation)) wrong.push(`${operation} is documented, but not registered.`);
for (const operation of registered) {
  const [method = '', path = ''] = operation.split(' ');
  if (pages.test(path) || documented.has(`${method} ${documentedPath(path, routes)}`)) continue;
  wrong.push(`${operation} is registered, but not documented.`);
}
for (const [operation, { summary, responses }] of documented) {
  if (typeof summary !== 'string' || summary === '') wrong.push(`${operation} has no summary.`);
  const succeeds = Object.keys(responses).some((status) => /^2\d\d$/.test(status));
  if (!succeeds) wrong.push(`${operation} has no success response.`);
}

for (const line of wrong) process.stdout.write(`${line}\n`);
if (wrong.length === 0)
  process.stdout.write(`${documented.size} operations are registered and documented.\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function layersOf(router: unknown): Layer[] {
  return typeof router === 'function' && 'stack' in router && Array.isArray(router.stack) ? router.stack : [];
}

/** `METHOD /path/{name}` of each route in a layer, including the routes of a router in the layer. */
function operationsAt(layer: Layer): string[] {
  if (!layer.route) return layersOf(layer.handle).flatMap(operationsAt);
  const path = String(layer.route.path).replace(/:(\w+)/g, '{$1}');
  const registeredFor = layer.route.stack.map(({ method }) => method ?? '');
  // `app.all` registers the handler that answers 405 for every method. It is not an operation.
  if (registeredFor.includes('trace')) return [];
  return registeredFor
    .filter((method) => methods.includes(method))
    .map((method) => `${method.toUpperCase()} ${path}`);
}

/** The documented path for a registered path, which may be another spelling or a path for older callers. */
function documentedPath(path: string, all: Route[]): string {
  const expressPath = path.replace(/\{(\w+)\}/g, ':$1');
  const plain = (text: string) => text.replace(/_/g, '-');
  const route = all.find((known) =>
    [known.path, ...(known.alsoAt ?? [])].some((spelling) => plain(spelling) === plain(expressPath)),
  );
  return (route?.path ?? expressPath).replace(/:(\w+)/g, '{$1}');
}

function operationsOf(paths: unknown): Map<string, { summary: unknown; responses: object }> {
  const found = new Map<string, { summary: unknown; responses: object }>();
  for (const [path, operations] of entriesOf(paths)) {
    for (const [method, operation] of entriesOf(operations)) {
      const read = Object.fromEntries(entriesOf(operation));
      const responses = typeof read.responses === 'object' && read.responses !== null ? read.responses : {};
      found.set(`${method.toUpperCase()} ${path}`, { summary: read.summary, responses });
    }
  }
  return found;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
