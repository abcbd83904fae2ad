/** The warning about a proxy that TRUST_PROXY does not name. */
import { afterEach, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
afterEach(() => server.stop());

const warnings = () => server.log.filter((line) => line.includes('TRUST_PROXY'));
const call = (headers: Record<string, string>) => server.anyone.get('/healthz').set(headers).expect(200);

test('it is logged once, without the address of the caller', async () => {
  server = await startTestServer({ ROLE: 'api' });
  await call({});
  expect(warnings()).toEqual([]);
  for (let i = 0; i < 3; i += 1) await call({ 'X-Forwarded-For': '192.0.2.1' });
  expect(warnings()).toHaveLength(1);
  expect(JSON.parse(warnings()[0] ?? '')).toMatchObject({ level: 40 });
  expect(warnings()[0]).toContain('X-Forwarded-For');
  expect(server.log.join('')).not.toContain('192.0.2.1');
});

test('it is not logged for a trusted proxy', async () => {
  server = await startTestServer({ ROLE: 'api', TRUST_PROXY: 'loopback' });
  await call({ 'X-Forwarded-For': '192.0.2.1' });
  expect(warnings()).toEqual([]);
});
