import { tmpdir } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { readConfig, secretFile } from '../src/config.ts';
import { SetupError } from '../src/errors.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const secret = 's'.repeat(32);

test('an empty environment gives the default settings', () => {
  expect(readConfig({})).toEqual({
    role: 'all',
    port: 3000,
    host: '127.0.0.1',
    publicUrl: null,
    logLevel: 'info',
    dataDir: expect.stringMatching(/^\/.*\/\.data$/),
    databaseUrl: null,
    databasePoolSize: expect.any(Number),
    token: { kind: 'secret', secret: null },
    tokenMaxAgeS: 86_400,
    credentialKeys: null,
    outboundAllow: [],
    shopifyBaseUrl: 'https://{shop}',
    shopifyApiVersion: '2026-10',
    redisUrl: null,
    throttleIntegration: { limit: 120, windowMs: 60_000 },
    syncWaitS: 25,
    retentionDays: 180,
    keepAliveTimeoutS: 75,
    trustProxy: [],
    // The additional settings have tests of their own.
    ...without(readConfig({}), knownSettings),
  });
});

test('every setting is read', () => {
  const config = readConfig({
    ROLE: 'worker',
    PORT: '0',
    HOST: '::1',
    PUBLIC_URL: 'https://sitebridge.example.com/api',
    LOG_LEVEL: 'trace',
    DATA_DIR: tmpdir(),
    DATABASE_URL: 'postgres://u:p@h/d',
    DATABASE_POOL_SIZE: '3',
    JWT_SECRET: secret,
    JWT_MAX_AGE: '90min',
    CREDENTIAL_KEYS: `a:${key},b.2-x_:${key}`,
    OUTBOUND_ALLOW: '10.0.0.0/8, fd00::/8',
    SHOPIFY_BASE_URL: 'http://127.0.0.1:4000/{shop}',
    SHOPIFY_API_VERSION: '2027-01',
    REDIS_URL: 'rediss://h',
    THROTTLE_INTEGRATION: '5/h',
    SYNC_WAIT_S: '0.5',
    RETENTION_DAYS: '30',
    KEEP_ALIVE_TIMEOUT_S: '20',
    TRUST_PROXY: 'loopback, 10.0.0.0/8,::1',
  });
  expect(config).toMatchObject({
    role: 'worker',
    port: 0,
    host: '::1',
    logLevel: 'trace',
    dataDir: tmpdir(),
    databaseUrl: 'postgres://u:p@h/d',
    publicUrl: 'https://sitebridge.example.com/api',
    databasePoolSize: 3,
    token: { kind: 'secret', secret },
    tokenMaxAgeS: 5_400,
    credentialKeys: `a:${key},b.2-x_:${key}`,
    outboundAllow: ['10.0.0.0/8', 'fd00::/8'],
    shopifyBaseUrl: 'http://127.0.0.1:4000/{shop}',
    shopifyApiVersion: '2027-01',
    redisUrl: 'rediss://h',
    throttleIntegration: { limit: 5, windowMs: 3_600_000 },
    syncWaitS: 0.5,
    retentionDays: 30,
    keepAliveTimeoutS: 20,
    trustProxy: ['loopback', '10.0.0.0/8', '::1'],
  });
  expect(secretFile(config, 'jwt-secret')).toBe(`${tmpdir()}/jwt-secret`);
});

test('an empty setting counts as missing', () => {
  expect(readConfig({ PORT: '', JWT_SECRET: '', OUTBOUND_ALLOW: '', DATABASE_URL: '' })).toEqual(
    readConfig({}),
  );
});

test('keys of an identity provider need issuer and audience, and exclude a secret', () => {
  const provider = { JWT_JWKS_URL: 'https://id.example/keys', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' };
  expect(readConfig(provider).token).toEqual({
    kind: 'jwks',
    url: 'https://id.example/keys',
    issuer: 'i',
    audience: 'a',
  });
  expect(() => readConfig({ ...provider, JWT_ISSUER: '' })).toThrow(/JWT_ISSUER/);
  expect(() => readConfig({ ...provider, JWT_AUDIENCE: '' })).toThrow(/JWT_AUDIENCE/);
  expect(() => readConfig({ ...provider, JWT_SECRET: secret })).toThrow(/JWT_SECRET or JWT_JWKS_URL/);
});

test.each([
  ['https://Sync.Example.com/', 'https://sync.example.com'],
  ['HTTPS://sync.example.com:443', 'https://sync.example.com'],
  ['http://sync.example.com:80//', 'http://sync.example.com'],
  ['http://sync.example.com:8080', 'http://sync.example.com:8080'],
  ['https://sync.example.com/Bridge/', 'https://sync.example.com/Bridge'],
  ['http://[::1]:3000', 'http://[::1]:3000'],
])('PUBLIC_URL %s is stored as %s', (written, meant) => {
  expect(readConfig({ PUBLIC_URL: written }).publicUrl).toBe(meant);
});

test('retention can be unlimited', () => {
  expect(readConfig({ RETENTION_DAYS: 'unlimited' }).retentionDays).toBeNull();
});

describe('a wrong setting is named, without its value', () => {
  test.each([
    ['ROLE', 'boss'],
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://user:hunter2@h/d'],
    ['DATABASE_POOL_SIZE', '0'],
    ['JWT_SECRET', 'hunter2'],
    ['JWT_SECRET', 'x'.repeat(31)],
    ['JWT_MAX_AGE', '24'],
    ['JWT_MAX_AGE', '0h'],
    ['JWT_MAX_AGE', '1 week'],
    ['JWT_MAX_AGE', '-1h'],
    ['JWT_JWKS_URL', 'ftp://hunter2.example'],
    ['CREDENTIAL_KEYS', 'hunter2'],
    ['CREDENTIAL_KEYS', key],
    ['CREDENTIAL_KEYS', `a:${Buffer.alloc(16).toString('base64')}`],
    ['CREDENTIAL_KEYS', `a:${key},`],
    ['CREDENTIAL_KEYS', `a:${key},b:${key},a:${key}`],
    ['OUTBOUND_ALLOW', '10.0.0.0'],
    ['OUTBOUND_ALLOW', '10.0.0.0/33'],
    ['OUTBOUND_ALLOW', '10.0.0.0/8,hunter2'],
    ['SHOPIFY_BASE_URL', 'ftp://hunter2'],
    ['SHOPIFY_BASE_URL', 'hunter2'],
    ['SHOPIFY_API_VERSION', '2026-11'],
    ['REDIS_URL', 'http://hunter2'],
    ['THROTTLE_INTEGRATION', '120'],
    ['THROTTLE_INTEGRATION', '0/min'],
    ['THROTTLE_INTEGRATION', '1/day'],
    ['SYNC_WAIT_S', '-1'],
    ['SYNC_WAIT_S', 'soon'],
    ['KEEP_ALIVE_TIMEOUT_S', '0'],
    ['KEEP_ALIVE_TIMEOUT_S', '3601'],
    ['KEEP_ALIVE_TIMEOUT_S', '1min'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '1'],
    ['TRUST_PROXY', 'loopback,hunter2.example'],
    ['PUBLIC_URL', 'hunter2'],
    ['PUBLIC_URL', 'ftp://hunter2.example'],
    ['PUBLIC_URL', 'https://user:hunter2@a.example'],
    ['PUBLIC_URL', 'https://a.example/?token=hunter2'],
    ['PUBLIC_URL', 'https://a.example/#hunter2'],
    ['RETENTION_DAYS', '6'],
    ['RETENTION_DAYS', '30.5'],
    ['RETENTION_DAYS', 'long'],
  ])('%s=%s', (name, value) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(SetupError);
    expect(read).toThrow(name);
    expect(read).not.toThrow(/hunter2/);
  });

  test('several wrong settings are named together', () => {
    const read = () => readConfig({ PORT: 'x', ROLE: 'y', SYNC_WAIT_S: 'z' });
    expect(read).toThrow(/PORT[\s\S]*SYNC_WAIT_S|SYNC_WAIT_S[\s\S]*PORT/);
    expect(read).toThrow(/ROLE/);
  });
});

test('production refuses to generate secrets', () => {
  const production = { NODE_ENV: 'production' };
  expect(() => readConfig(production)).toThrow(/CREDENTIAL_KEYS is not set/);
  expect(() => readConfig({ ...production, CREDENTIAL_KEYS: `k:${key}` })).toThrow(/JWT_SECRET is not set/);
  expect(() => readConfig({ ...production, JWT_SECRET: secret })).toThrow(/CREDENTIAL_KEYS is not set/);
  expect(readConfig({ ...production, CREDENTIAL_KEYS: `k:${key}`, JWT_SECRET: secret }).token).toEqual({
    kind: 'secret',
    secret,
  });
});

const knownSettings = [
  'role',
  'port',
  'host',
  'logLevel',
  'dataDir',
  'databaseUrl',
  'databasePoolSize',
  'token',
  'tokenMaxAgeS',
  'credentialKeys',
  'outboundAllow',
  'shopifyBaseUrl',
  'shopifyApiVersion',
  'redisUrl',
  'throttleIntegration',
  'syncWaitS',
  'retentionDays',
  'keepAliveTimeoutS',
  'trustProxy',
];

function without(config: object, names: string[]): object {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)));
}
