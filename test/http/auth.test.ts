import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { buildAccount, buildUser, signToken, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import { jwtSecret, startTestServer, type TestServer } from '../support/server.ts';

const path = '/api/v1/auth/token';
let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
});
afterAll(() => server.stop());

const signIn = (email: unknown, password: unknown) => server.anyone.post(path, { email, password });

describe('POST /auth/token', () => {
  test('gives a token that names the user and the account, and that works', async () => {
    const answer = await signIn(owner.email, owner.password).expect(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    const claims = decodeJwt(answer.body.access_token);
    expect(claims).toMatchObject({ sub: String(owner.userId), account_id: owner.accountId });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(answer.body.expires_in);
    await server.as({ token: answer.body.access_token }).get('/api/v1/sites').expect(200);
  });

  test('ignores case and spaces around the e-mail', async () => {
    await signIn(` ${owner.email.toUpperCase()} `, owner.password).expect(200);
  });

  test('answers the same for a wrong password, an unknown e-mail, and an inactive user or account', async () => {
    const gone = await buildUser(server, owner.accountId, 'editor');
    await server.core.accounts.deactivateUser(gone.email);
    const closed = await buildAccount(server);
    await server.db.account.update({ where: { id: closed.accountId }, data: { isActive: false } });
    const wrong = await signIn(owner.email, 'not the password');
    expectProblem(wrong, 401, { code: 'wrong_credentials' });
    const expected = withoutRequestId(wrong.body);
    for (const [email, password] of [
      ['nobody@example.com', 'not the password'],
      ['', ''],
      [gone.email, gone.password],
      [closed.email, closed.password],
    ]) {
      const answer = await signIn(email, password);
      expect(answer.status).toBe(401);
      expect(withoutRequestId(answer.body)).toEqual(expected);
    }
  });

  test('takes as long for an unknown e-mail as for a wrong password', async () => {
    // The median of several calls, as the machine may be busy during one of them. The two kinds alternate, as
    // it may become busy between them. Argon2 takes tens of ms, a skipped Argon2 none.
    const timeOf = async (email: string) => {
      const started = performance.now();
      await signIn(email, 'not the password').expect(401);
      return performance.now() - started;
    };
    const times: { known: number; unknown: number }[] = [];
    for (let i = 0; i < 8; i += 1) {
      const known = await timeOf(owner.email);
      const unknown = await timeOf('nobody@example.com');
      // The first calls open connections and compile code.
      if (i > 0) times.push({ known, unknown });
    }
    const median = (of: 'known' | 'unknown') => times.map((each) => each[of]).sort((a, b) => a - b)[3] ?? 0;
    const [known, unknown] = [median('known'), median('unknown')];
    expect(unknown).toBeGreaterThan(known / 3);
    expect(known).toBeGreaterThan(unknown / 3);
  });

  test.each([
    [{ email: 'a@b.example' }, ['password']],
    [{}, ['email', 'password']],
    [{ email: 1, password: null }, ['email', 'password']],
    [{ email: 'a@b.example', password: 'x', role: 'owner' }, ['role']],
    [{ email: 'a\0@b.example', password: 'x' }, ['email']],
    [{ email: 'a@b.example', password: 'x'.repeat(1001) }, ['password']],
    [{ email: ['a@b.example'], password: { $gt: '' } }, ['email', 'password']],
  ])('refuses %j', async (body, fields) => {
    expectProblem(await server.anyone.post(path, body), 400, { code: 'invalid_input', fields });
  });
});

describe('a token', () => {
  const works = async (token: string) => (await server.as({ token }).get('/api/v1/sites')).status === 200;

  test.each(['viewer', 'editor', 'admin', 'owner'])(
    'of a %s carries no role, which comes from the database',
    async (role) => {
      const user = await buildUser(server, owner.accountId, role);
      expect(await works(user.token)).toBe(role !== 'viewer');
    },
  );

  test('gives the rights of the user’s present role', async () => {
    const user = await buildUser(server, owner.accountId, 'editor');
    expect(await works(user.token)).toBe(true);
    await server.db.user.update({ where: { id: user.userId }, data: { role: 'viewer' } });
    await eventually(async () => {
      expectProblem(await server.as(user).get('/api/v1/sites'), 403);
    }, 5_000);
  });

  test('of a deactivated user stops working within 5 s', async () => {
    const user = await buildUser(server, owner.accountId, 'editor');
    expect(await works(user.token)).toBe(true);
    await server.core.accounts.deactivateUser(user.email);
    await eventually(async () => expectProblem(await server.as(user).get('/api/v1/sites'), 401), 5_000);
  });

  test('of a deactivated account stops working within 5 s', async () => {
    const user = await buildAccount(server);
    expect(await works(user.token)).toBe(true);
    await server.db.account.update({ where: { id: user.accountId }, data: { isActive: false } });
    await eventually(async () => expectProblem(await server.as(user).get('/api/v1/sites'), 401), 5_000);
  });

  test("with another account than the user's is refused", async () => {
    const other = await buildAccount(server);
    const token = await signToken({ userId: owner.userId, accountId: other.accountId });
    expectProblem(await server.as({ token }).get('/api/v1/sites'), 401);
  });

  test('of a missing user is refused', async () => {
    for (const userId of [0, -1, 2_147_483_647, 2 ** 31, 2 ** 63]) {
      const token = await signToken({ userId, accountId: owner.accountId });
      expectProblem(await server.as({ token }).get('/api/v1/sites'), 401);
    }
  });

  test('is accepted only in the Authorization header', async () => {
    expectProblem(await server.anyone.get(`/api/v1/sites?access_token=${owner.token}`), 401);
    expectProblem(await server.anyone.get('/api/v1/sites').set('Cookie', `token=${owner.token}`), 401);
    expectProblem(await server.withKey(owner.token).get('/api/v1/sites'), 401);
  });
});

describe('the lifetime of a token', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const sign = (times: object) =>
    new SignJWT({ sub: String(owner.userId), account_id: owner.accountId, ...times })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(jwtSecret));
  const day = 86_400;

  test.each<[string, () => object]>([
    ['that has no exp', () => ({})],
    ['that has no exp but an iat', () => ({ iat: now() })],
    ['with an exp that is no number', () => ({ exp: String(now() + 60), iat: now() })],
    ['with an iat that is no number', () => ({ exp: now() + 60, iat: 'now' })],
    ['that lasts longer than a day from its iat', () => ({ iat: now() - 60, exp: now() - 60 + day + 1 })],
    ['that lasts longer than a day from now, without iat', () => ({ exp: now() + day + 60 })],
    ['that ends soon but began long ago', () => ({ iat: now() - day, exp: now() + 60 })],
    ['with an iat in the future', () => ({ iat: now() + 300 * day, exp: now() + 301 * day })],
  ])('%s is refused', async (_what, times) => {
    const answer = await server.as({ token: await sign(times()) }).get('/api/v1/sites');
    expectProblem(answer, 401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
  });

  test('the refusal names the claim and the setting', async () => {
    const call = async (times: object) => server.as({ token: await sign(times) }).get('/api/v1/sites');
    const forEver = await call({ iat: now() });
    expectProblem(forEver, 401, { code: 'token_lifetime' });
    expect(forEver.body.detail).toContain('exp');
    const long = await call({ iat: now(), exp: now() + 2 * day });
    expectProblem(long, 401, { code: 'token_lifetime' });
    expect(long.body.detail).toContain('JWT_MAX_AGE');
  });

  test('a token of a day is accepted, also when the issuer is a few seconds ahead', async () => {
    for (const times of [
      { iat: now(), exp: now() + day },
      { iat: now() + 20, exp: now() + 20 + day },
      { exp: now() + day },
    ]) {
      await server
        .as({ token: await sign(times) })
        .get('/api/v1/sites')
        .expect(200);
    }
  });

  test('JWT_MAX_AGE shortens it, and sign-in issues tokens that pass', async () => {
    const strict = await startTestServer(
      { ROLE: 'api', JWT_MAX_AGE: '10min' },
      { database: { url: server.databaseUrl } },
    );
    try {
      const { body } = await strict.anyone
        .post(path, { email: owner.email, password: owner.password })
        .expect(200);
      expect(body.expires_in).toBe(600);
      await strict.as({ token: body.access_token }).get('/api/v1/sites').expect(200);
      const token = await sign({ iat: now(), exp: now() + 601 });
      expectProblem(await strict.as({ token }).get('/api/v1/sites'), 401, { code: 'token_lifetime' });
    } finally {
      await strict.stop();
    }
  });
});
