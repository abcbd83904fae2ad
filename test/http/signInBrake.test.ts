/** The brakes on guessed passwords, and who must not suffer from them. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildAccount, type TestUser } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const path = '/api/v1/auth/token';
let server: TestServer;
let user: TestUser;
beforeEach(async () => {
  // A header sets the caller's address, so that one test has several addresses.
  server = await startTestServer({ ROLE: 'api', TRUST_PROXY: 'loopback' });
  user = await buildAccount(server);
});
afterEach(() => server.stop());

const attempt = (email: string, password: string, address: string) =>
  server.anyone.post(path, { email, password }).set('X-Forwarded-For', address);
const wrong = (address: string, email = user.email) => attempt(email, 'wrong', address);
const right = (address: string, who = user) => attempt(who.email, who.password, address);
const stranger = (i: number) => `stranger${i}@example.com`;

/** Fails for a new e-mail each time, as many times as an address may. */
async function exhaust(address: string): Promise<void> {
  for (let i = 0; i < 100; i += 1) expectProblem(await wrong(address, stranger(i)), 401);
}

test('failures for one e-mail stop the e-mail at that address only', async () => {
  for (let i = 0; i < 20; i += 1) expectProblem(await wrong('192.0.2.1'), 401);
  const braked = await wrong('192.0.2.1', ` ${user.email.toUpperCase()}`);
  expectProblem(braked, 429, { code: 'too_many_failures' });
  expect(Number(braked.headers['retry-after'])).toBeGreaterThan(0);
  // Otherwise the brake would only hide the wrong guesses.
  expectProblem(await right('192.0.2.1'), 429);
  await right('192.0.2.2').expect(200);
  await right('192.0.2.1', await buildAccount(server)).expect(200);
});

test('failures for many e-mails stop their address', async () => {
  await exhaust('192.0.2.1');
  const braked = await wrong('192.0.2.1', stranger(100));
  expectProblem(braked, 429, { code: 'too_many_failures' });
  expect(braked.headers['ratelimit-policy']).toBe('"failures"; q=100; w=600');
  expectProblem(await right('192.0.2.1'), 429);
  await right('192.0.2.2').expect(200);
});

test('a user who has signed in at an address before is not stopped by others there', async () => {
  await right('192.0.2.1').expect(200);
  await exhaust('192.0.2.1');
  await right('192.0.2.1').expect(200);
  expectProblem(await right('192.0.2.1', await buildAccount(server)), 429);
});

test('guesses from many addresses leave few tries at each, and the user can still sign in', async () => {
  await right('192.0.2.250').expect(200);
  for (let i = 1; i <= 100; i += 1) expectProblem(await wrong(`192.0.2.${i}`), 401);
  await right('198.51.100.1').expect(200);
  for (let i = 0; i < 5; i += 1) expectProblem(await wrong('198.51.100.2'), 401);
  expectProblem(await wrong('198.51.100.2'), 429, { code: 'too_many_failures' });
  // An address that the user has signed in from keeps all its tries.
  for (let i = 0; i < 6; i += 1) expectProblem(await wrong('192.0.2.250'), 401);
  await right('192.0.2.250').expect(200);
});

test('calls that come at once are counted like calls one after another', async () => {
  const statuses = await Promise.all(Array.from({ length: 40 }, () => wrong('192.0.2.1')));
  const count = (status: number) => statuses.filter((answer) => answer.status === status).length;
  // Two run at once at an address, so one more than the limit may fail.
  expect(count(401)).toBeGreaterThanOrEqual(20);
  expect(count(401)).toBeLessThanOrEqual(21);
  expect(count(429)).toBe(40 - count(401));
});

test('a flood from one address gets 503 with Retry-After, and leaves the turns of others', async () => {
  const flood = Array.from({ length: 400 }, (_, i) =>
    wrong('192.0.2.1', stranger(i)).then((answer) => answer),
  );
  await right('192.0.2.2').expect(200);
  const answers = await Promise.all(flood);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expectProblem(answer, 503, { code: 'busy' });
    expect(answer.headers['retry-after']).toBe('2');
  }
  await right('192.0.2.2').expect(200);
});
