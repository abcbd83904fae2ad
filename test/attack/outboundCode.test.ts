/** The ways out in the code: a new one is noticed here, and then belongs into the attacks on the ways out. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { createPlatforms } from '../../src/adminServices.ts';
import { openApiDocument } from '../../src/http/openapi.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import { startTestServer } from '../support/server.ts';
import { fieldsOf } from './jsonSchema.ts';

const root = join(import.meta.dirname, '../..');
/** Simulated sites and the demo are clients and servers of their own. */
const OWN_WORLD = /^src\/(simulation|cli\/demo|cli\/simulateWordpress)/;
const sources = new Map(
  globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !OWN_WORLD.test(file) && !file.includes('/generated/'))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
);

/** The files whose text matches, without comments. */
function filesWith(pattern: RegExp): string[] {
  const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...sources]
    .filter(([, text]) => pattern.test(code(text)))
    .map(([file]) => file)
    .sort();
}

test('only the outbound client and what the operator configures can open a connection', () => {
  const modules =
    'axios|undici|got|node-fetch|ws|pg|redis|jose|node:(?:http|https|http2|net|tls|dns|dgram)(?:/promises)?';
  const imports = new RegExp(
    `import (?!type )[^;]*? from '(?:${modules})'|import\\('(?:${modules})'\\)|require\\(`,
  );
  expect(filesWith(imports)).toEqual([
    'src/database/embedded/presence.ts',
    // Looks for a free port.
    'src/database/embedded/server.ts',
    'src/database/migrate.ts',
    'src/database/probe.ts',
    'src/database/readPool.ts',
    'src/database/schemaEngine.ts',
    // The names of the status codes.
    'src/http/bareProblem.ts',
    // Listens.
    'src/http/httpServer.ts',
    // REDIS_URL.
    'src/http/limits/redisCounters.ts',
    // JWT_JWKS_URL.
    'src/http/middleware/authenticate.ts',
    // The names of the status codes.
    'src/http/problem.ts',
    'src/outbound/addressPolicy.ts',
    'src/outbound/httpClient.ts',
    'src/outbound/redirects.ts',
    // Encrypts.
    'src/security/credentialVault.ts',
    // Signs tokens.
    'src/services/access/auth.service.ts',
  ]);
  expect(
    filesWith(/(?<![#.\w])fetch\(|globalThis\.fetch|\b(WebSocket|EventSource|XMLHttpRequest)\(/),
  ).toEqual(['src/platforms/shopify/content/wholeReading.ts']);
  // These two call a function of their own.
  for (const file of filesWith(/(?<![#.\w])fetch\(/)) {
    expect(sources.get(file)).toMatch(/(const|function\*?|function) fetch\b/);
  }
  expect(filesWith(/createRemoteJWKSet\(/)).toEqual(['src/http/middleware/authenticate.ts']);
  expect(filesWith(/axios\.|new PolicedHttps?Agent/)).toEqual(['src/outbound/httpClient.ts']);
});

test('the attacks know every place that sends a request', () => {
  expect(filesWith(/new OutboundClient\(/)).toEqual(['src/adminServices.ts', 'src/wiring/services.ts']);
  expect(filesWith(/[oO]utbound\.request\(/)).toEqual([
    'src/platforms/custom/apiClient.ts',
    'src/platforms/outer/outerDoor.ts',
    'src/platforms/shopify/api/accessToken.ts',
    'src/platforms/shopify/api/adminClient.ts',
    'src/platforms/singleReads.ts',
    'src/platforms/wordpress/content/media.ts',
    'src/platforms/wordpress/content/patience.ts',
    'src/platforms/wordpress/site/siteClient.ts',
  ]);
});

const namesOf = (schema: unknown, path: string) => fieldsOf(schema, path).map(({ name }) => name);

test('the attacks know every field that takes an address', async () => {
  const server = await startTestServer({ ROLE: 'api' });
  const { paths } = JSON.parse(JSON.stringify(openApiDocument(server.routes, '0')));
  const bodies = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(Object(operations)).flatMap(([method, operation]) =>
      namesOf(Object(operation).requestBody, `${method} ${path}`),
    ),
  );
  const { body } = await server.anyone.get('/api/v1/openapi.json').expect(200);
  expect(body.paths).toEqual(paths);
  await server.stop();
  const isAddress = /\.[^.]*(url|uri|domain|host|address|endpoint|link|path|origin)[^.]*$/i;
  expect([...new Set(bodies.filter((field) => isAddress.test(field)))].sort()).toEqual([
    'patch /api/v1/sites/{id}.url',
    'post /api/v1/integration/integrations/test-connection.site_url',
    // Stored and compared only: a webhook says where the site and the item are.
    'post /api/v1/integration/webhooks/wordpress/site.permalink_structure',
    'post /api/v1/integration/webhooks/wordpress/site.site_url',
    'post /api/v1/integration/webhooks/wordpress/status.url',
    'post /api/v1/sites.url',
  ]);
  const settings = createPlatforms(server.config, new OutboundClient({ allow: [] })).flatMap(
    ({ name, configSchema }) => namesOf(z.toJSONSchema(configSchema, { io: 'input' }), name),
  );
  expect([...new Set(settings.filter((field) => isAddress.test(field)))].sort()).toEqual([
    'custom.base_url',
    // Below base_url, or a pointer into an answer.
    'custom.content.create.path',
    'custom.content.item.path',
    'custom.content.list.path',
    'custom.content.map.url',
    'custom.content.update.path',
    'custom.test.path',
    'shopify.shop_domain',
    'wordpress.site_url',
  ]);
});
