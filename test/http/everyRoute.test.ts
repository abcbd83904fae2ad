/** The rules for every declared route. The routes come from the container. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Test } from 'supertest';
import supertest from 'supertest';
import { pathsOf, type Route } from '../../src/http/route.ts';
import { buildTenant, buildUser, signToken, type TestTenant, type TestUser } from '../support/builders.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let own: TestTenant;
let foreign: TestTenant;
let viewer: TestUser;
/** Ids of a tenant's other rows, by account. */
const things = new Map<number, { contentId: number; deliveryId: bigint }>();
beforeAll(async () => {
  server = await startTestServer();
  own = await buildTenant(server);
  foreign = await buildTenant(server);
  for (const tenant of [own, foreign]) things.set(tenant.accountId, await buildThings(tenant));
  viewer = await buildUser(server, own.accountId, 'viewer');
});
afterAll(() => server.stop());

async function buildThings(of: TestTenant): Promise<{ contentId: number; deliveryId: bigint }> {
  const owner = { accountId: of.accountId, siteId: of.site.siteId };
  const content = await server.db.content.create({ data: { ...owner, contentType: 'post' } });
  const delivery = await server.db.webhookDelivery.create({
    data: {
      ...owner,
      webhookId: 'a',
      topic: 'status',
      subject: 'post:1',
      body: {},
      bodyHash: 'a',
      status: 'dead',
    },
  });
  return { contentId: content.id, deliveryId: delivery.id };
}

/** The route's path with the ids of a tenant, which `caller` may or may not see. */
function pathOf(route: Pick<Route, 'path'>, of: TestTenant): string {
  const { contentId = 0, deliveryId = 0n } = things.get(of.accountId) ?? {};
  const ids: [string, number | bigint][] = [
    ['/api/v1/sites/', of.site.siteId],
    ['/api/v1/content/', contentId],
    ['/api/v1/integration/webhooks/', deliveryId],
    ['/', of.integrationId],
  ];
  const [, id = 0] = ids.find(([start]) => route.path.startsWith(start)) ?? [];
  return route.path.replace(':id', String(id)).replace(':run_id', '1');
}

/** A body that the route's schema accepts, so that only access decides. */
function bodyOf(route: Route, of: TestTenant): object | undefined {
  const bodies: Record<string, object> = {
    'post /api/v1/auth/token': { email: 'nobody@example.com', password: 'wrong' },
    'post /api/v1/sites': { name: 'a', url: 'https://a.example' },
    'post /api/v1/integration/integrations': {
      site_id: of.site.siteId,
      platform: 'wordpress',
      api_key: of.site.key,
    },
    'post /api/v1/integration/integrations/test-connection': {
      site_id: of.site.siteId,
      site_url: 'https://a.example',
    },
    'post /api/v1/content': { site_id: of.site.siteId, content_type: 'post' },
    'post /api/v1/content/:id/resolve-conflict': { keep: 'local' },
    'post /api/v1/integration/integrations/:id/sync': { direction: 'metadata' },
    'post /api/v1/integration/integrations/:id/update-structure': {
      post_types: {},
      taxonomies: {},
      plugin_connection_enabled: true,
      two_way_sync_enabled: true,
      timestamp: '2026-01-01T00:00:00Z',
    },
    'post /api/v1/integration/integrations/:id/sync-wordpress-content': {
      content_id: things.get(of.accountId)?.contentId,
    },
  };
  return bodies[`${route.method} ${route.path}`] ?? (route.request.body ? {} : undefined);
}

function call(route: Route, path: string, token: string | null, body: object | undefined): Test {
  const sent = supertest(server.url)[route.method](path);
  if (token !== null) sent.set('Authorization', `Bearer ${token}`);
  return body === undefined ? sent : sent.send(body);
}

const nameOf = (route: Route) => `${route.method} ${route.path}`;
const guarded = () => server.routes.filter((route) => route.access.kind !== 'public');
const forUsers = () => guarded().filter((route) => route.access.kind !== 'user_or_body_key');
const withId = () => forUsers().filter((route) => route.path.includes(':id'));

/** Checks each route and gathers all failures, so that one test run shows all of them. */
async function each(routes: Route[], look: (route: Route) => Promise<void>): Promise<void> {
  expect(routes.length).toBeGreaterThan(0);
  const wrong: string[] = [];
  for (const route of routes) {
    await look(route).catch((error: Error) => wrong.push(`${nameOf(route)}\n${error.message}`));
  }
  expect(wrong).toEqual([]);
}

describe('every route', () => {
  test('is in the contract', () => {
    expect(server.routes.map(nameOf).sort()).toEqual(
      [
        'delete /api/v1/content/:id',
        'delete /api/v1/integration/integrations/:id',
        'delete /api/v1/sites/:id/api-key',
        'get /api/v1/content',
        'get /api/v1/content/:id',
        'get /api/v1/integration/integrations',
        'get /api/v1/integration/integrations/:id',
        'get /api/v1/integration/integrations/:id/content-types',
        'get /api/v1/integration/integrations/:id/debug-status',
        'get /api/v1/integration/integrations/:id/events',
        'get /api/v1/integration/integrations/:id/runs',
        'get /api/v1/integration/integrations/:id/runs/:run_id',
        'get /api/v1/integration/integrations/:id/sync-status',
        'get /api/v1/integration/platforms',
        'get /api/v1/integration/webhooks/deliveries',
        'get /api/v1/sites',
        'get /api/v1/sites/:id',
        'get /api/v1/sites/:id/events',
        'get /healthz',
        'get /readyz',
        'patch /api/v1/content/:id',
        'patch /api/v1/integration/integrations/:id',
        'patch /api/v1/sites/:id',
        'post /api/v1/auth/token',
        'post /api/v1/content',
        'post /api/v1/content/:id/include',
        'post /api/v1/content/:id/resolve-conflict',
        'post /api/v1/integration/integrations',
        'post /api/v1/integration/integrations/:id/reveal-api-key',
        'post /api/v1/integration/integrations/:id/runs/:run_id/cancel',
        'post /api/v1/integration/integrations/:id/sync',
        'post /api/v1/integration/integrations/:id/sync-wordpress-content',
        'post /api/v1/integration/integrations/:id/test-connection',
        'post /api/v1/integration/integrations/:id/update-structure',
        'post /api/v1/integration/integrations/test-connection',
        'post /api/v1/integration/webhooks/deliveries/:id/replay',
        'post /api/v1/integration/webhooks/shopify',
        'post /api/v1/integration/webhooks/wordpress/metadata',
        'post /api/v1/integration/webhooks/wordpress/site',
        'post /api/v1/integration/webhooks/wordpress/status',
        'post /api/v1/integration/webhooks/wordpress/terms',
        'post /api/v1/sites',
        'post /api/v1/sites/:id/api-key',
        'put /api/v1/integration/integrations/:id',
      ].sort(),
    );
  });

  test('requires a token before it checks anything else', () =>
    each(forUsers(), async (route) => {
      const answer = await call(route, pathOf(route, own), null, bodyOf(route, own));
      expectProblem(answer, 401, { code: 'unauthenticated' });
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
      // A broken body and a missing id get the same answer, so a stranger learns nothing about either.
      const broken = await call(route, route.path.replace(/:\w+/g, 'x'), null, { unknown: true });
      expectProblem(broken, 401);
    }));

  test('refuses tokens that are expired, forged, of another algorithm, unsigned or malformed', async () => {
    const of = own.owner;
    const unsigned = `${base64({ alg: 'none', typ: 'JWT' })}.${base64({ sub: String(of.userId), account_id: of.accountId, exp: 4e9 })}.`;
    const tokens = [
      await signToken(of, { expiresAt: Math.floor(Date.now() / 1000) - 60 }),
      await signToken(of, { secret: 'another secret that has at least 32 bytes' }),
      await signToken(of, { algorithm: 'HS512' }),
      unsigned,
      of.token.slice(0, -2),
      'nonsense',
    ];
    for (const token of tokens) {
      await each(guarded(), async (route) => {
        expectProblem(await call(route, pathOf(route, own), token, bodyOf(route, own)), 401);
      });
    }
  });

  test('is closed to viewers', () =>
    each(forUsers(), async (route) => {
      const answer = await call(route, pathOf(route, own), viewer.token, bodyOf(route, own));
      expectProblem(answer, 403, { code: 'role_too_low' });
    }));

  test("answers another account's id like a missing id", async () => {
    const before = await everything();
    await each(withId(), async (route) => {
      const body = bodyOf(route, own);
      const missing = route.path.replace(':id', '2000000000').replace(':run_id', '1');
      const theirs = await call(route, pathOf(route, foreign), own.owner.token, body);
      const nobodys = await call(route, missing, own.owner.token, body);
      expectProblem(theirs, 404, { code: 'not_found' });
      expect(withoutRequestId(theirs.body)).toEqual(withoutRequestId(nobodys.body));
    });
    expect(await everything()).toEqual(before);
  });

  test.each(['0', '-1', '2147483648', '9223372036854775808', '99999999999999999999999'])(
    'answers the id %s like a missing id',
    (id) =>
      each(withId(), async (route) => {
        const path = route.path.replace(':id', id).replace(':run_id', id);
        const answer = await call(route, path, own.owner.token, bodyOf(route, own));
        expectProblem(answer, answer.status === 501 ? 501 : 404);
      }),
  );

  test.each(['abc', '1.5', '1e3', '%00', '%ED%A0%80', "1'--", '1%20'])('reports the id %s as wrong', (id) =>
    each(withId(), async (route) => {
      const path = route.path.replace(':id', id).replace(':run_id', '1');
      const answer = await call(route, path, own.owner.token, bodyOf(route, own));
      if (answer.status === 501) return;
      expectProblem(answer, 400);
      // A path that is not UTF-8 has no fields to name.
      if (id !== '%ED%A0%80') expectProblem(answer, 400, { fields: ['id'] });
    }),
  );

  test('works with a trailing slash, and with _ for -', () =>
    each(server.routes, async (route) => {
      for (const path of pathsOf(route)) {
        const filled = pathOf({ path }, own);
        for (const spelling of [filled, `${filled}/`]) {
          // Without a token an existing path answers 401 (or does its public work), a missing path 404.
          const answer = await call(route, spelling, null, undefined);
          expect({ spelling, status: answer.status }).not.toEqual({ spelling, status: 404 });
        }
      }
      if (!route.path.includes('-')) return;
      expect(pathsOf(route)).toContain(route.path.replaceAll('-', '_'));
    }));

  test('names its methods when called with another method', () =>
    each(server.routes, async (route) => {
      const here = server.routes.filter((other) => other.path === route.path).map(({ method }) => method);
      const absent = (['get', 'put', 'patch', 'delete', 'post'] as const).find(
        (method) => !here.includes(method),
      );
      if (absent === undefined) throw new Error('the route has every method');
      const answer = await supertest(server.url)[absent](pathOf(route, own));
      expectProblem(answer, 405, { code: 'method_not_allowed' });
      const allowed = answer.headers.allow?.split(', ') ?? [];
      for (const method of here) expect(allowed).toContain(method.toUpperCase());
      expect(allowed).not.toContain(absent.toUpperCase());
    }));
});

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function everything() {
  const [sites, integrations, runs, events, contents, deliveries] = await Promise.all([
    server.db.site.findMany(),
    server.db.siteIntegration.findMany(),
    server.db.syncRun.findMany(),
    server.db.syncEvent.findMany(),
    server.db.content.findMany(),
    server.db.webhookDelivery.findMany(),
  ]);
  return { sites, integrations, runs, events, contents, deliveries };
}
