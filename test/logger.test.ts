import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../src/logger.ts';

const siteKey = `sbk_${'K3y_'.repeat(10)}abc`;

function logged(level: string, write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger(level, { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

test('a line is JSON with level, time and message', () => {
  const line = logged('info', (logger) => logger.info({ run_id: 7 }, 'a run ended'));
  expect(JSON.parse(line)).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    run_id: 7,
    msg: 'a run ended',
  });
  expect(line.endsWith('\n')).toBe(true);
});

test('a line below the level is not written', () => {
  expect(logged('warn', (logger) => logger.info('quiet'))).toBe('');
});

describe('a secret is not written', () => {
  const fields: [string, object][] = [
    ['a password', { password: 'hunter2secret' }],
    ['a password in a request', { body: { password: 'hunter2secret' } }],
    ['a password two levels down', { call: { body: { application_password: 'hunter2secret' } } }],
    ['credentials', { input: { credentials_json: { token: 'hunter2secret' } } }],
    ['a header', { headers: { authorization: 'Basic hunter2secret' } }],
    ['the key header', { headers: { 'x-api-key': 'hunter2secret' } }],
    ['the key header of a request', { req: { headers: { 'x-api-key': 'hunter2secret' } } }],
    ['a cookie', { headers: { cookie: 'hunter2secret' } }],
    ['a child of a field', { secret: { nested: 'hunter2secret' } }],
  ];
  test.each(fields)('when its field name reveals it: %s', (_what, object) => {
    const line = logged('trace', (logger) => logger.info(object, 'x'));
    expect(line).not.toContain('hunter2secret');
    expect(line).toContain('[redacted]');
  });

  const texts: [string, string, string][] = [
    ['a site key', `GET /sites/${siteKey}`, siteKey],
    ['a bearer token', 'Authorization: Bearer eyJhbGciOi.J9.abc-_x', 'eyJhbGciOi'],
    ['a password pair', 'header "Basic ZWRpdG9yOmFiY2Q="', 'ZWRpdG9yOmFiY2Q'],
    ['a bearer in other letters', 'bearer eyJhbGciOi.J9.abc', 'eyJhbGciOi'],
  ];
  test.each(texts)('when its form in a text reveals it: %s', (_what, text, secret) => {
    for (const write of [
      (logger: ReturnType<typeof createLogger>) => logger.info(text),
      (logger: ReturnType<typeof createLogger>) => logger.error({ err: new Error(text) }, 'failed'),
      (logger: ReturnType<typeof createLogger>) => logger.warn({ deep: { list: [text] } }, 'x'),
      (logger: ReturnType<typeof createLogger>) =>
        logger.warn({ err: new Error('outer', { cause: new Error(text) }) }, 'x'),
    ]) {
      const line = logged('trace', write);
      expect(line).not.toContain(secret);
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });

  test('by a child logger either', () => {
    const line = logged('trace', (logger) =>
      logger.child({ api_key: siteKey, password: 'hunter2secret' }).info('x'),
    );
    expect(line).not.toContain(siteKey);
    expect(line).not.toContain('hunter2secret');
  });
});
