/** Receiving webhooks: an accepted message is stored once, with its job. A refused message leaves nothing. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSiteWithoutKey, buildTenant, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { deliver, metadataBody, post, signedHeaders, statusBody, type Topic } from '../support/webhooks.ts';

const text = JSON.stringify(statusBody);
const minute = 60_000;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  // No worker runs in this role, so stored deliveries stay as they are.
  server = await startTestServer({ ROLE: 'api' });
});
beforeEach(async () => {
  tenant = await buildTenant(server);
});
afterAll(() => server.stop());

const siteHeader = (id: number | string = tenant.site.siteId): Record<string, string> => ({
  'X-Site-Id': String(id),
});
const send = (
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer> = text,
  topic: Topic = 'status',
) => post(server, topic, body, headers);
const signed = (
  body: string,
  options: { key?: string; id?: string; at?: Date } = {},
): Record<string, string> => ({
  ...siteHeader(),
  ...signedHeaders(options.key ?? tenant.site.key, body, options),
});

/** Every stored delivery, and the delivery ids of all jobs. */
async function kept() {
  const deliveries = await server.db.webhookDelivery.findMany({ orderBy: { id: 'asc' } });
  const jobs = await server.db.$queryRaw<{ delivery: string }[]>`
    SELECT data->>'deliveryId' AS delivery FROM pgboss.job WHERE name = 'webhook' ORDER BY 1`;
  return { deliveries, jobs: jobs.map(({ delivery }) => delivery) };
}

/** The deliveries of this test's site. Each must have exactly one job. */
async function ofSite() {
  const { deliveries, jobs } = await kept();
  const own = deliveries.filter(({ siteId }) => siteId === tenant.site.siteId);
  for (const { id } of own) expect(jobs.filter((job) => job === String(id))).toHaveLength(1);
  return own;
}

/** Runs `act`, which must leave neither a row nor a job. */
async function leavingNothing(act: () => Promise<void>): Promise<void> {
  const before = await kept();
  await act();
  expect(await kept()).toEqual(before);
}

const expectAccepted = (answer: Answer, duplicate = false) =>
  expect({ status: answer.status, body: answer.body }).toEqual({
    status: 202,
    body: { received: true, delivery_id: expect.any(Number), duplicate },
  });

describe('an accepted message is stored with its job', () => {
  test('without fields that only a newer plugin knows', async () => {
    const newer = JSON.stringify({
      ...metadataBody,
      terms: [{ taxonomy: 'category', slug: 'news', name: 'News', id: 7 }],
      colour: 'red',
    });
    expectAccepted(await send(signed(newer), newer, 'metadata'));
    const [delivery] = await ofSite();
    expect(delivery?.body).toEqual({
      ...metadataBody,
      modified_gmt: `${metadataBody.modified_gmt}Z`,
      terms: [{ taxonomy: 'category', slug: 'news', name: 'News' }],
    });
  });

  test('when signed', async () => {
    const answer = await send(signed(text, { id: 'msg_1' }));
    expectAccepted(answer);
    expect(answer.headers['x-sitebridge-key-expires']).toBeUndefined();
    expect(await ofSite()).toEqual([
      expect.objectContaining({
        id: BigInt(String(answer.body.delivery_id)),
        accountId: tenant.accountId,
        webhookId: 'msg_1',
        topic: 'status',
        subject: 'post:41',
        status: 'pending',
        attempts: 0,
        body: { ...statusBody, modified_gmt: '2026-03-01T10:00:00Z' },
      }),
    ]);
  });

  test('when one of several signatures is right', async () => {
    const headers = signed(text);
    const several = `v1,${Buffer.alloc(32).toString('base64')} ${headers['webhook-signature']}`;
    expectAccepted(await send({ ...headers, 'webhook-signature': several }));
  });

  test('when sent with the bare key, in either header', async () => {
    expectAccepted(await send({ ...siteHeader(), 'X-API-Key': tenant.site.key }));
    const other = JSON.stringify({ ...statusBody, external_id: 42 });
    expectAccepted(await send({ ...siteHeader(), Authorization: `Bearer ${tenant.site.key}` }, other));
    expect((await ofSite()).map(({ subject, body }) => [subject, body])).toEqual([
      ['post:41', expect.objectContaining({ external_id: '41' })],
      ['post:42', expect.objectContaining({ external_id: '42' })],
    ]);
  });

  test('with every field, emoji included', async () => {
    const body = {
      ...metadataBody,
      content_id: 7,
      title: 'Größe 🌉 𝔘nicode 👩‍👩‍👧',
      slug: 'groesse',
      excerpt: '',
      terms: [{ taxonomy: 'category', slug: 'news', name: 'Neuigkeiten 📰' }],
      meta: { price: 3, featured_media: null, deep: { list: [1, 'two'] } },
      op_id: 'op-1',
    };
    expectAccepted(await deliver(server, tenant.site, 'metadata', body));
    expect((await ofSite())[0]?.body).toEqual({ ...body, modified_gmt: '2026-03-01T10:00:00Z' });
  });

  test('when it is exactly 1 MiB', async () => {
    const empty = JSON.stringify({ ...metadataBody, title: '' });
    const body = JSON.stringify({ ...metadataBody, title: 'x'.repeat(1_048_576 - empty.length) });
    expect(Buffer.byteLength(body)).toBe(1_048_576);
    expectAccepted(await send(signed(body), body, 'metadata'));
  });

  test('with a post id beyond 2^53, as text', async () => {
    expectAccepted(
      await deliver(server, tenant.site, 'status', { ...statusBody, external_id: '9007199254740993' }),
    );
    expect((await ofSite())[0]).toMatchObject({
      subject: 'post:9007199254740993',
      body: { external_id: '9007199254740993' },
    });
  });
});

describe('a message without proof of its sender is refused:', () => {
  const otherKey = `sbk_${'x'.repeat(43)}`;
  const refused = (answer: Answer) => expectProblem(answer, 401, { code: 'wrong_signature' });

  test.each<[string, () => Record<string, string>]>([
    ['no key', () => siteHeader()],
    ['an empty key', () => ({ ...siteHeader(), 'X-API-Key': '' })],
    ['an empty bearer', () => ({ ...siteHeader(), Authorization: 'Bearer ' })],
    ['a wrong key', () => ({ ...siteHeader(), 'X-API-Key': otherKey })],
    ['half of the key', () => ({ ...siteHeader(), 'X-API-Key': tenant.site.key.slice(0, 20) })],
    ["a user's token", () => ({ ...siteHeader(), Authorization: `Bearer ${tenant.owner.token}` })],
    ['a signature with another key', () => signed(text, { key: otherKey })],
    ['a signature over other bytes', () => signed(`${text} `)],
    ['a signature of another id', () => ({ ...signed(text), 'webhook-id': 'another' })],
    [
      'a signature of another time',
      () => ({ ...signed(text), 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 1) }),
    ],
    [
      'a time that is not a number',
      () => ({ ...signed(text), 'webhook-timestamp': `${Math.floor(Date.now() / 1000)}x` }),
    ],
    ['an empty signature', () => ({ ...signed(text), 'webhook-signature': '' })],
    ['a signature without v1', () => ({ ...signed(text), 'webhook-signature': 'v2,AAAA' })],
    [
      'a wrong signature beside the right key',
      () => ({ ...signed(`${text} `), 'X-API-Key': tenant.site.key }),
    ],
    [
      'an empty signature beside the right key',
      () => ({ ...siteHeader(), 'webhook-signature': '', 'X-API-Key': tenant.site.key }),
    ],
    ['a signature made 6 minutes ago', () => signed(text, { at: new Date(Date.now() - 6 * minute) })],
    ['a signature made in 6 minutes', () => signed(text, { at: new Date(Date.now() + 6 * minute) })],
    ['an unknown site', () => ({ ...signed(text), ...siteHeader(2_000_000_000) })],
    ['a site id beyond the range', () => ({ ...signed(text), ...siteHeader('9223372036854775807') })],
  ])('%s', (_, headers) => leavingNothing(async () => refused(await send(headers()))));

  test('a signature without an id or a time', () =>
    leavingNothing(async () => {
      for (const name of ['webhook-id', 'webhook-timestamp']) {
        const headers = signed(text);
        delete headers[name];
        headers['X-API-Key'] = tenant.site.key;
        refused(await send(headers));
      }
    }));

  test("another site's key, also of the same account", async () => {
    const stranger = await buildTenant(server);
    const sister = await server.core.sites.create(
      { accountId: tenant.accountId, userId: null, siteId: null, role: 'owner' },
      { name: 'Sister', url: 'https://sister.example' },
    );
    await leavingNothing(async () => {
      refused(await send(signed(text, { key: stranger.site.key })));
      refused(await send({ ...siteHeader(), 'X-API-Key': stranger.site.key }));
      refused(await send({ ...siteHeader(sister.id), 'X-API-Key': tenant.site.key }));
    });
  });

  test('any signature, for a site without a key', async () => {
    const siteId = await buildSiteWithoutKey(server, tenant.accountId);
    const at = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', '').update(`id.${at}.${text}`).digest('base64');
    await leavingNothing(async () => {
      refused(await send({ ...siteHeader(siteId), 'X-API-Key': '' }));
      refused(
        await send({
          ...siteHeader(siteId),
          'webhook-id': 'id',
          'webhook-timestamp': at,
          'webhook-signature': `v1,${signature}`,
        }),
      );
    });
  });

  test('a revoked key', async () => {
    await server.as(tenant.owner).delete(`/api/v1/sites/${tenant.site.siteId}/api-key`).expect(204);
    await leavingNothing(async () => {
      refused(await send(signed(text)));
      refused(await send({ ...siteHeader(), 'X-API-Key': tenant.site.key }));
    });
  });

  test('a site of a closed account', async () => {
    await server.db.account.update({ where: { id: tenant.accountId }, data: { isActive: false } });
    await leavingNothing(async () => refused(await send(signed(text))));
  });

  test('many tries are throttled for this site and address, but right messages never are', async () => {
    const right = tenant;
    for (let count = 0; count < 25; count += 1) expectAccepted(await send(signed(text)));
    tenant = await buildTenant(server);
    await leavingNothing(async () => {
      for (let count = 0; count < 20; count += 1) refused(await send(signed(`${text} `)));
      const braked = await send(signed(`${text} `));
      expectProblem(braked, 429, { code: 'too_many_failures' });
      expect(Number(braked.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(braked.headers['retry-after'])).toBeLessThanOrEqual(60);
    });
    expectAccepted(await send(signed(text)));
    expectAccepted(await deliver(server, right.site, 'status', statusBody));
  });
});

describe('the previous key after a rotation', () => {
  const rotate = async () => {
    const { body } = await server
      .as(tenant.owner)
      .post(`/api/v1/sites/${tenant.site.siteId}/api-key`)
      .expect(200);
    return String(body.api_key);
  };
  const expiry = async () => {
    const site = await server.db.site.findUniqueOrThrow({ where: { id: tenant.site.siteId } });
    return site.previousKeyUntil;
  };

  test('is accepted for an hour, and the response has its expiry time', async () => {
    const before = Date.now();
    const key = await rotate();
    const until = (await expiry())?.getTime() ?? 0;
    expect(until).toBeGreaterThanOrEqual(before + 60 * minute);
    expect(until).toBeLessThanOrEqual(Date.now() + 60 * minute);
    for (const headers of [signed(text), { ...siteHeader(), 'X-API-Key': tenant.site.key }]) {
      const answer = await send(headers);
      expectAccepted(answer);
      expect(answer.headers['x-sitebridge-key-expires']).toBe(new Date(until).toISOString());
    }
    const renewed = await send(signed(text, { key }));
    expectAccepted(renewed);
    expect(renewed.headers['x-sitebridge-key-expires']).toBeUndefined();
  });

  test('is refused after the hour, and the key before it at once', async () => {
    const oldest = tenant.site.key;
    const older = await rotate();
    const key = await rotate();
    await leavingNothing(async () => expectProblem(await send(signed(text, { key: oldest })), 401));
    expectAccepted(await send(signed(text, { key: older })));
    await server.db.site.update({
      where: { id: tenant.site.siteId },
      data: { previousKeyUntil: new Date(Date.now() - 1) },
    });
    await leavingNothing(async () => {
      expectProblem(await send(signed(text, { key: older })), 401);
      expectProblem(await send({ ...siteHeader(), 'X-API-Key': older }), 401);
    });
    expectAccepted(await send(signed(text, { key })));
  });

  test('is refused after a revocation', async () => {
    await rotate();
    await server.as(tenant.owner).delete(`/api/v1/sites/${tenant.site.siteId}/api-key`).expect(204);
    expect(await expiry()).toBeNull();
    await leavingNothing(async () => expectProblem(await send(signed(text)), 401));
  });

  test('opens nothing else', async () => {
    await rotate();
    const path = `/api/v1/integration/integrations/${tenant.integrationId}/update-structure`;
    expectProblem(await server.withKey(tenant.site.key).post(path, {}), 401);
  });
});

describe('a message of the right sender is refused for', () => {
  const refuses = (
    body: string,
    topic: Topic,
    status: number,
    expected: { code?: string; fields?: string[] },
  ) => leavingNothing(async () => expectProblem(await send(signed(body), body, topic), status, expected));

  test.each(['', '0', '-1', '1.5', 'abc', '1e3', ' ', '1,2'])('the site "%s"', (id) =>
    leavingNothing(async () =>
      expectProblem(await send({ ...signed(text), 'X-Site-Id': id }), 400, { fields: ['X-Site-Id'] }),
    ),
  );

  test('no site', () =>
    leavingNothing(async () => {
      const { 'X-Site-Id': _taken, ...headers } = signed(text);
      expectProblem(await send(headers), 400, { fields: ['X-Site-Id'] });
    }));

  test('a body of 1 MiB and a byte', () =>
    refuses(
      JSON.stringify({ ...metadataBody, title: 'x'.repeat(1_048_577) }).slice(0, 1_048_577),
      'metadata',
      413,
      {},
    ));

  test.each(['', 'no JSON', '{', '{"external_id":', '\ufeff{}'])('the body %j', (body) =>
    refuses(body, 'status', 400, {}),
  );

  test('a body that is not UTF-8', () =>
    leavingNothing(async () => {
      const bytes = new Uint8Array(Buffer.from(JSON.stringify({ ...statusBody, url: 'X' })));
      bytes[bytes.indexOf(88)] = 0xff;
      const headers = { ...siteHeader(), 'X-API-Key': tenant.site.key };
      expectProblem(await send(headers, bytes), 400, { code: 'not_utf8' });
      // The signature of a library that decodes the bytes before it signs.
      const replaced = Buffer.from(bytes).toString('utf8');
      expectProblem(await send(signed(replaced), bytes), 400, { code: 'not_utf8' });
    }));

  test('a body of another type', () =>
    leavingNothing(async () =>
      expectProblem(await send({ ...signed(text), 'Content-Type': 'text/plain' }), 415),
    ));

  test.each<[string, unknown, string[]]>([
    ['an array', [], ['']],
    ['null', null, ['']],
    ['a text', 'x', ['']],
    ['no fields', {}, ['external_id', 'modified_gmt', 'post_type', 'status']],
    ['a key that is not a UUID', { ...statusBody, content_key: '12' }, ['content_key']],
    ['a key of the wrong type', { ...statusBody, content_key: 12 }, ['content_key']],
    ['an id of the wrong type', { ...statusBody, external_id: true }, ['external_id']],
    ['an id of 2^53 as a number', { ...statusBody, external_id: 2 ** 53 }, ['external_id']],
    ['an id of 0', { ...statusBody, external_id: 0 }, ['external_id']],
    ['an id that is not a number', { ...statusBody, external_id: '41x' }, ['external_id']],
    ['a broken id', { ...statusBody, external_id: 1.5 }, ['external_id']],
    ['a content id of 0', { ...statusBody, content_id: 0 }, ['content_id']],
    ['a content id as text', { ...statusBody, content_id: '7' }, ['content_id']],
    ['a status of the wrong type', { ...statusBody, status: 1 }, ['status']],
    ['an empty status', { ...statusBody, status: '' }, ['status']],
    ['a URL of the wrong type', { ...statusBody, url: null }, ['url']],
    ['a malformed time', { ...statusBody, modified_gmt: 'yesterday' }, ['modified_gmt']],
    ['a time that does not exist', { ...statusBody, modified_gmt: '2026-13-01T00:00:00' }, ['modified_gmt']],
    ['a time with an offset', { ...statusBody, modified_gmt: '2026-03-01T10:00:00+02:00' }, ['modified_gmt']],
    ['several faults', { ...statusBody, post_type: 1, op_id: '' }, ['op_id', 'post_type']],
    ['a NUL', { ...statusBody, url: 'https://a.example/\0' }, ['url']],
  ])('a status with %s', (_, body, fields) => refuses(JSON.stringify(body), 'status', 400, { fields }));

  test.each<[string, object, string[]]>([
    ['a NUL in its title', { title: 'a\0b' }, ['title']],
    ['half of an emoji in its title', { title: '\ud83c' }, ['title']],
    ['a NUL in a name of meta', { meta: { 'a\0b': 1 } }, ['meta']],
    ['a NUL deep in meta', { meta: { a: ['\0'] } }, ['meta.a.0']],
    ['a title of the wrong type', { title: null }, ['title']],
    ['terms of the wrong type', { terms: 'news' }, ['terms']],
    ['a term without its slug', { terms: [{ taxonomy: 'category', name: 'News' }] }, ['terms.0.slug']],
    ['meta of the wrong type', { meta: [] }, ['meta']],
  ])('metadata with %s', (_, changes, fields) =>
    refuses(JSON.stringify({ ...metadataBody, ...changes }), 'metadata', 400, { fields }),
  );

  test.each(['', 'a b', 'ü'.repeat(3), 'x'.repeat(201)])('the webhook-id "%s", by the bare key', (id) =>
    leavingNothing(async () => {
      const headers = { ...siteHeader(), 'X-API-Key': tenant.site.key, 'webhook-id': id };
      expectProblem(await send(headers), 400, { fields: ['webhook-id'] });
    }),
  );
});

describe('a message id', () => {
  test('with the same body is a duplicate', async () => {
    const first = await send(signed(text, { id: 'msg_2' }));
    // A retry has a new signature.
    const again = await send(signed(text, { id: 'msg_2', at: new Date(Date.now() - minute) }));
    expectAccepted(first);
    expectAccepted(again, true);
    expect(again.body.delivery_id).toBe(first.body.delivery_id);
    expect(await ofSite()).toHaveLength(1);
  });

  test('with another body is a conflict that names the id', async () => {
    expectAccepted(await send(signed(text, { id: 'msg_3' })));
    await leavingNothing(async () => {
      for (const [body, topic] of [
        [JSON.stringify({ ...statusBody, status: 'draft' }), 'status'],
        [JSON.stringify(metadataBody), 'metadata'],
      ] as const) {
        const answer = await send(signed(body, { id: 'msg_3' }), body, topic);
        expectProblem(answer, 409, { code: 'webhook_id_reused', fields: ['webhook-id'] });
        expect(answer.body.detail).toContain('msg_3');
      }
    });
  });

  test('of another site is independent', async () => {
    expectAccepted(await send(signed(text, { id: 'msg_4' })));
    tenant = await buildTenant(server);
    expectAccepted(await send(signed(text, { id: 'msg_4' })));
  });

  test('with two bodies at once: one body is stored, the other is a conflict', async () => {
    const bodies = ['publish', 'draft', 'pending', 'private'].map((status) =>
      JSON.stringify({ ...statusBody, status }),
    );
    const answers = await Promise.all(bodies.map((body) => send(signed(body, { id: 'msg_5' }), body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    expect(await ofSite()).toHaveLength(1);
  });

  test('sent twenty times at once gives one row, and one effect', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(signed(text, { id: 'msg_6' }))));
    const fresh = answers.filter(({ body }) => body.duplicate === false);
    expect(fresh).toHaveLength(1);
    for (const answer of answers) {
      expectAccepted(answer, answer !== fresh[0]);
      expect(answer.body.delivery_id).toBe(fresh[0]?.body.delivery_id);
    }
    const [row] = await ofSite();
    expect(await ofSite()).toHaveLength(1);
    const worker = await startTestServer({ ROLE: 'worker' }, { database: { url: server.databaseUrl } });
    try {
      await eventually(async () => {
        expect((await ofSite())[0]?.status).toBe('processed');
        const left = await server.db.webhookDelivery.count({ where: { status: 'pending' } });
        expect(left).toBe(0);
      });
    } finally {
      await worker.stop();
    }
    const events = await server.db.syncEvent.findMany({
      where: { siteId: tenant.site.siteId, eventType: 'webhook' },
    });
    expect(events.map(({ details }) => details)).toEqual([
      expect.objectContaining({ delivery_id: Number(row?.id) }),
    ]);
  });

  test('that differs for each of forty messages at once: all valid messages are stored', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const body = JSON.stringify({ ...statusBody, external_id: index + 1 });
        if (index % 10 === 5) return send(signed('other'), body);
        return send(signed(body, { id: `msg_7_${index}` }), body);
      }),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(4);
    const ids = answers.filter(({ status }) => status === 202).map(({ body }) => body.delivery_id);
    expect(new Set(ids).size).toBe(36);
    expect((await ofSite()).map(({ id }) => Number(id)).sort()).toEqual(ids.map(Number).sort());
  });
});

test('without an id the body identifies the message', async () => {
  const headers = { ...siteHeader(), 'X-API-Key': tenant.site.key };
  const first = await send(headers);
  const again = await send(headers);
  expectAccepted(first);
  expectAccepted(again, true);
  expect(again.body.delivery_id).toBe(first.body.delivery_id);
  expectAccepted(await send(headers, JSON.stringify({ ...statusBody, status: 'draft' })));
  expect(await ofSite()).toHaveLength(2);
});

test('no response, event or log line contains the key or a signature', async () => {
  const headers = signed(text);
  await send(headers);
  await send({ ...headers, 'webhook-signature': `${headers['webhook-signature']}x` });
  const log = server.log.join('\n');
  expect(log.length).toBeGreaterThan(0);
  expect(log).not.toContain(tenant.site.key);
  expect(log).not.toContain(String(headers['webhook-signature']));
});
