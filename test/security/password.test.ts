import { expect, test } from '@jest/globals';
import { CallerError } from '../../src/errors.ts';
import { hashPassword, verifyPassword } from '../../src/security/password.ts';

test('a password matches its own hash only', async () => {
  const hash = await hashPassword('the password');
  expect(hash).toMatch(/^\$argon2id\$/);
  expect(await verifyPassword('the password', hash)).toBe(true);
  expect(await verifyPassword('another password', hash)).toBe(false);
  expect(await verifyPassword('the password', null)).toBe(false);
});

test('of many passwords at once some wait, the rest is refused, and later ones are served', async () => {
  const hash = await hashPassword('the password');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 150 }, () => verifyPassword('the password', hash)),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value)).toHaveLength(102);
  expect(refused).toHaveLength(48);
  for (const { reason } of refused) {
    expect(reason).toBeInstanceOf(CallerError);
    expect(reason).toMatchObject({ kind: 'unavailable', code: 'busy', headers: { 'Retry-After': '2' } });
  }
  expect(await verifyPassword('the password', hash)).toBe(true);
});

test('work that fails gives its turn to the next', async () => {
  const failing = Array.from({ length: 10 }, () => verifyPassword('the password', 'no hash'));
  for (const { status } of await Promise.allSettled(failing)) expect(status).toBe('rejected');
  expect(await verifyPassword('the password', await hashPassword('the password'))).toBe(true);
});
