/** The OpenAPI document is valid, and holds just the routes that the app serves. Needs no database. */
import { randomBytes } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { createContainer, version } from '../src/container.ts';
import { openApiDocument } from '../src/http/openapi.ts';
import { pathsOf } from '../src/http/route.ts';

const config = readConfig({
  JWT_SECRET: randomBytes(32).toString('hex'),
  CREDENTIAL_KEYS: `check:${randomBytes(32).toString('base64')}`,
});
// Nothing is connected before it is used, and nothing is used here.
const { app, routes } = await createContainer(
  config,
  pino({ level: 'silent' }),
  'postgresql://nobody@127.0.0.1:1/none',
);
const document = openApiDocument(routes, version);
const faults: string[] = [];

const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
if (!valid) faults.push(`The document is not valid: ${JSON.stringify(errors)}`);

const documented = new Set(
  Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  ),
);
const served = new Set<string>();
for (const { route } of app.router.stack) {
  const methods = new Set(route?.stack.map((layer) => layer.method));
  // A path's answer to all other methods is registered for every method there is.
  if (!route || methods.size !== 1) continue;
  for (const method of methods) served.add(`${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
}
/** Spellings that older callers use are served and not documented. */
const alsoServed = new Set(
  routes.flatMap((route) =>
    pathsOf(route)
      .slice(1)
      .map((path) => `${route.method} ${path.replace(/:(\w+)/g, '{$1}')}`),
  ),
);
for (const each of documented) if (!served.has(each)) faults.push(`Documented and not served: ${each}`);
for (const each of served) {
  if (!documented.has(each) && !alsoServed.has(each)) faults.push(`Served and not documented: ${each}`);
}
for (const route of routes) if (route.summary === '') faults.push(`${route.path} has no summary`);

if (faults.length > 0) process.stderr.write(`${faults.join('\n')}\n`);
else process.stdout.write(`OpenAPI: ${documented.size} operations, as served.\n`);
process.exit(faults.length > 0 ? 1 : 0);
