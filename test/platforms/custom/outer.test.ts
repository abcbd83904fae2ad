/** A described API behind a door: a password, a service token, a page to sign in, a cookie wall. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { OuterAccess } from '../../../src/platforms/connection.ts';
import { type SimulatedApi, startSimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import type { AuthKind } from '../../../src/simulation/custom/state.ts';
import { serveLoopback } from '../../outbound/loopbackServer.ts';
import { readOut, testPace } from '../../support/contentCaller.ts';
import { forward } from '../../support/gate.ts';
import { connectionTo, testPlatform } from './testApi.ts';

const BASIC = { username: 'staging', password: 'open sesame, please' };
const PAIR = `Basic ${Buffer.from(`${BASIC.username}:${BASIC.password}`).toString('base64')}`;

const { platform, close } = testPlatform();
const stops: Array<() => unknown> = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(close);

/** Answers in the place of the API and returns true, or lets the request pass. */
type Door = (request: IncomingMessage, response: ServerResponse) => boolean;

const password: Door = ({ headers }, response) => {
  if (headers.authorization === PAIR) return false;
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="Staging"' }).end('<h1>401</h1>');
  return true;
};

const token: Door = ({ headers }, response) => {
  if (headers['x-door'] === 'a token') return false;
  const location = 'https://sso.example.net/realms/staff/protocol/openid-connect/auth?client_id=a';
  response.writeHead(302, { Location: location }).end();
  return true;
};

const wall: Door = ({ headers, url = '/' }, response) => {
  if (headers.cookie === 'guard=1') return false;
  response.writeHead(302, { Location: url, 'Set-Cookie': 'guard=1; Path=/' }).end();
  return true;
};

async function behind(door: Door, auth: AuthKind = 'header', outer: OuterAccess | null = null) {
  const api: SimulatedApi = await startSimulatedApi({ auth });
  const front = await serveLoopback((request, response) => {
    if (!door(request, response)) void forward(new URL(api.url).origin, front.url, request, response);
  });
  stops.push(front.stop, api.stop);
  const connection = { ...connectionTo(api, { base_url: `${front.url}/v1` }), outer };
  return { api, connection, test: () => platform.testConnection(connection) };
}

describe('a password before an API', () => {
  it('is told with the field that takes it', async () => {
    const result = await (await behind(password)).test();
    expect(result).toMatchObject({ success: false, code: 'outer_basic_auth', stage: 'status' });
    expect(result.hint).toContain('credentials_json.outer.basic');
  });

  it.each(['none', 'header', 'query'] as const)('opens with auth %s, for tests and syncs', async (auth) => {
    const { connection, test, api } = await behind(password, auth, { basic: BASIC });
    expect(await test()).toMatchObject({ success: true, code: 'ok' });
    const session = await platform.content?.open(connection, testPace());
    if (session === undefined) throw new Error('The API has content.');
    const type = { slug: 'article', structure: null };
    const { ids } = await readOut(session.readAll({ type, newest: null, cursor: null }));
    expect(ids).toHaveLength(api.items.length);
  });

  it.each(['bearer', 'basic'] as const)('collides with auth %s', async (auth) => {
    const result = await (await behind(password, auth, { basic: BASIC })).test();
    expect(result).toMatchObject({ success: false, code: 'outer_needs_connector', stage: 'address' });
    expect(result.message).toContain('Authorization');
  });

  it('collides with a header of the same name', async () => {
    const result = await (await behind(password, 'header', { headers: { 'x-api-key': 'a' } })).test();
    expect(result).toMatchObject({ success: false, code: 'outer_needs_connector', stage: 'address' });
  });

  it('is told if it is wrong', async () => {
    const outer = { basic: { ...BASIC, password: 'not the password' } };
    const result = await (await behind(password, 'header', outer)).test();
    expect(result).toMatchObject({ success: false, code: 'outer_basic_auth', stage: 'http' });
    expect(result.message).toContain('not accepted');
    expect(JSON.stringify(result)).not.toContain('not the password');
  });
});

describe('a page to sign in before an API', () => {
  it('opens to a header, and is named without it', async () => {
    expect(await (await behind(token, 'bearer', { headers: { 'X-Door': 'a token' } })).test()).toMatchObject({
      success: true,
    });
    const result = await (await behind(token)).test();
    expect(result).toMatchObject({ success: false, code: 'outer_login' });
    expect(result.message).toContain('Keycloak');
    expect(result.hint).toContain('credentials_json.outer.headers');
  });
});

describe('a cookie wall before an API', () => {
  it('is passed with the cookie', async () => {
    expect(await (await behind(wall)).test()).toMatchObject({ success: true, code: 'ok' });
  });
});
