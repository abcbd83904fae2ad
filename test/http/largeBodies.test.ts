/** The routes of contents take what a pull takes, and the other routes take 1 MiB. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { buildTenant, type TestTenant } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

const MIB = 1024 * 1024;
const LARGE = 'ä'.repeat(2.7 * MIB);

let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

const asOwner = () => server.as(tenant.owner);
const newContent = (fields: object) => ({
  site_id: tenant.site.siteId,
  content_type: 'post',
  ...fields,
});

const slow: ClientRequest[] = [];
afterEach(() => {
  for (const call of slow.splice(0)) call.destroy();
});

/** Begins to send a body of 32 MiB from a new account, with its first byte only. */
async function sendFirstByte(): Promise<{ answer: Promise<IncomingMessage> }> {
  const { owner } = await buildTenant(server);
  const call = httpRequest(`${server.url}/api/v1/content`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': 32 * MIB,
      Authorization: `Bearer ${owner.token}`,
    },
  });
  slow.push(call);
  call.write('{');
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    call.once('error', reject);
  });
  answer.catch(() => undefined);
  return { answer };
}

/** Sends a body of 12 MiB from a new account, and does not read the response. */
async function takeNoResponse(): Promise<void> {
  const other = await buildTenant(server);
  const body = JSON.stringify({
    site_id: other.site.siteId,
    content_type: 'post',
    body: 'x'.repeat(12 * MIB),
  });
  const call = httpRequest(`${server.url}/api/v1/content`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${other.owner.token}` },
  });
  slow.push(call);
  call.on('error', () => undefined);
  call.end(body);
  await new Promise((resolve) => call.once('response', resolve));
}

/** Sends a body in chunks, without its length. */
function sendChunked(method: string, path: string, body: Buffer, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const call = httpRequest(`${server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', reject);
    for (let at = 0; at < body.length; at += MIB) call.write(body.subarray(at, at + MIB));
    call.end();
  });
}

test('a content of 5.4 MB can be created and edited', async () => {
  const made = await asOwner()
    .post('/api/v1/content', newContent({ body: LARGE }))
    .expect(201);
  const body = `${LARGE}!`;
  const path = `/api/v1/content/${made.body.id}`;
  await asOwner().patch(path, { body }).expect(200);
  const stored = await server.db.content.findUniqueOrThrow({ where: { id: made.body.id } });
  expect(stored.body === body).toBe(true);
  const chunked = Buffer.from(JSON.stringify({ body: LARGE }));
  expect(await sendChunked('PATCH', path, chunked, tenant.owner.token)).toBe(200);
  expect(await sendChunked('PATCH', path, Buffer.from('{"title":"T"}'), tenant.owner.token)).toBe(200);
});

test('several large bodies at once are handled one after the other', async () => {
  const calls = Array.from({ length: 5 }, (_, index) =>
    asOwner().post('/api/v1/content', newContent({ title: `Large ${index}`, body: LARGE })),
  );
  for (const { status } of await Promise.all(calls)) expect(status).toBe(201);
});

test('callers who send slowly do not keep others from sending large bodies', async () => {
  const slowly = await Promise.all(Array.from({ length: 6 }, sendFirstByte));
  await asOwner()
    .post('/api/v1/content', newContent({ body: LARGE }))
    .expect(201);
  const refused = await Promise.race(slowly.map(({ answer }) => answer));
  expect(refused.statusCode).toBe(408);
  let text = '';
  for await (const chunk of refused) text += chunk;
  expect(JSON.parse(text)).toMatchObject({ status: 408, code: 'slow_body' });
});

test('callers who send slowly keep on sending while nobody waits', async () => {
  const { answer } = await sendFirstByte();
  const begun = performance.now();
  // Longer than the time in which the rate does not matter.
  while (performance.now() - begun < 6_000)
    await asOwner()
      .post('/api/v1/content', newContent({ body: LARGE }))
      .expect(201);
  const first = await Promise.race([answer, new Promise((resolve) => setImmediate(() => resolve('none')))]);
  expect(first).toBe('none');
});

test('callers who do not take their responses do not keep others from sending large bodies', async () => {
  await Promise.all([takeNoResponse(), takeNoResponse()]);
  await asOwner()
    .post('/api/v1/content', newContent({ body: LARGE }))
    .expect(201);
});

test('a body larger than 32 MiB is refused, and so is one of 1 MiB on another route', async () => {
  const tooLarge = { body: 'x'.repeat(32 * MIB) };
  const refused = await asOwner().post('/api/v1/content', newContent(tooLarge));
  expectProblem(refused, 413, { code: 'too_large' });
  expect(refused.body.detail).toBe('The body is larger than 32 MiB.');
  const other = await asOwner().post('/api/v1/content/1/resolve-conflict', { keep: LARGE });
  expectProblem(other, 413, { code: 'too_large' });
  expect(other.body.detail).toBe('The body is larger than 1 MiB.');
});

test('a large body is not read before the caller has signed in', async () => {
  const response = await fetch(`${server.url}/api/v1/content`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(32 * MIB) },
    // The body never ends: an answer shows that nobody waits for it.
    body: new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }),
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(401);
});

test.each([
  ['malformed JSON', Buffer.from(`{"body":"${LARGE}"`), 'malformed_json'],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from(`{"body":"${LARGE}`), Buffer.from([0xff, 0x22, 0x7d])]),
    'not_utf8',
  ],
  ['too many values', Buffer.from(`{"metadata":{"a":[${'1,'.repeat(600_000)}1]}}`), 'malformed_json'],
  ['too deep nesting', Buffer.from(`{"metadata":${'['.repeat(MIB)}${']'.repeat(MIB)}}`), 'malformed_json'],
])('a large body with %s is refused', async (_name, body, code) => {
  const response = await fetch(`${server.url}/api/v1/content/1`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tenant.owner.token}` },
    body,
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code });
});
