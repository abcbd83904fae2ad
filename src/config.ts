import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SetupError } from './errors.ts';

/** An empty setting counts as unset, because `FOO=` in an env file means unset. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const port = z.coerce.number().int().min(0).max(65535);
const cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: 'must be CIDRs such as 10.0.0.0/8, separated by commas',
});
/** Normalises the URL: the case of the host, a default port and a slash at the end make no difference. */
const publicUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://sitebridge.example.com' })
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { username, password, search, hash } = new URL(text);
    return username + password + search + hash === '';
  }, 'must have no user name, password, query or fragment')
  .transform((text) => new URL(text).href.replace(/\/+$/, ''));
/** The proxy addresses that Express accepts: https://expressjs.com/en/guide/behind-proxies.html */
const proxyAddress = z.union(
  [z.enum(['loopback', 'linklocal', 'uniquelocal']), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  {
    error: 'must be addresses or CIDRs of proxies, or loopback, linklocal, uniquelocal, separated by commas',
  },
);
const rate = z
  .string()
  .regex(/^[1-9]\d{0,8}\/(s|min|h)$/, 'must look like 120/min (units: s, min, h)')
  .transform((text) => {
    const [limit = '', unit = ''] = text.split('/');
    return { limit: Number(limit), windowMs: { s: 1_000, min: 60_000, h: 3_600_000 }[unit] ?? 60_000 };
  });
/** A length of time, in seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}(s|min|h|d)$/, 'must look like 24h (units: s, min, h, d)')
  .transform((text) => {
    const [, length = '', unit = ''] = /^(\d+)(\D+)$/.exec(text) ?? [];
    return Number(length) * ({ s: 1, min: 60, h: 3_600, d: 86_400 }[unit] ?? 1);
  });

const environment = z.object({
  NODE_ENV: optional(z.string()),
  ROLE: optional(z.enum(['all', 'api', 'worker'])),
  PORT: optional(port),
  HOST: optional(z.string()),
  PUBLIC_URL: optional(publicUrl),
  LOG_LEVEL: optional(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])),
  DATA_DIR: optional(z.string()),
  DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')),
  DATABASE_POOL_SIZE: optional(z.coerce.number().int().min(1).max(1000)),
  JWT_SECRET: optional(
    z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes'),
  ),
  JWT_JWKS_URL: optional(z.url({ protocol: /^https?$/ })),
  JWT_ISSUER: optional(z.string()),
  JWT_AUDIENCE: optional(z.string()),
  JWT_MAX_AGE: optional(duration),
  CREDENTIAL_KEYS: optional(
    z
      .string()
      .regex(
        /^[\w.-]+:[A-Za-z0-9+/]{43}=(,[\w.-]+:[A-Za-z0-9+/]{43}=)*$/,
        'must be kid:base64(32 bytes), several separated by commas',
      )
      .refine((keys) => {
        const kids = keys.split(',').map((part) => part.split(':', 1)[0]);
        return new Set(kids).size === kids.length;
      }, 'must not contain two keys with the same kid'),
  ),
  OUTBOUND_ALLOW: optional(
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(cidr)),
  ),
  SHOPIFY_BASE_URL: optional(
    z.string().refine((url) => URL.canParse(url.replaceAll('{shop}', 'shop')) && /^https?:/.test(url), {
      message: 'must be a URL such as https://{shop}',
    }),
  ),
  SHOPIFY_API_VERSION: optional(z.string().regex(/^\d{4}-(01|04|07|10)$/, 'must look like 2026-10')),
  REDIS_URL: optional(z.string().regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')),
  THROTTLE_INTEGRATION: optional(rate),
  SYNC_WAIT_S: optional(z.coerce.number().min(0).max(300)),
  RETENTION_DAYS: optional(
    z.union([z.literal('unlimited'), z.coerce.number().int().min(7).max(36_500)], {
      error: 'must be a number of days from 7 on, or unlimited',
    }),
  ),
  KEEP_ALIVE_TIMEOUT_S: optional(z.coerce.number().int().min(1).max(3_600)),
  TRUST_PROXY: optional(
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(proxyAddress)),
  ),
});

/** How access tokens are checked. When `secret` is null, a secret is generated into the data folder. */
type TokenSettings =
  | { kind: 'secret'; secret: string | null }
  | { kind: 'jwks'; url: string; issuer: string; audience: string };

export interface Config {
  role: 'all' | 'api' | 'worker';
  port: number;
  host: string;
  /**
   * The URL of the server as seen from outside, without a slash at the end. Null when PUBLIC_URL is not set.
   */
  publicUrl: string | null;
  logLevel: string;
  /** An absolute path. */
  dataDir: string;
  /** Null means the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null;
  databasePoolSize: number;
  token: TokenSettings;
  /** In seconds. A token that lasts longer, or for ever, is refused. */
  tokenMaxAgeS: number;
  /** `kid:base64,…`. When null, a key is generated into the data folder. */
  credentialKeys: string | null;
  /** CIDRs that outbound requests may reach although private addresses are blocked. */
  outboundAllow: string[];
  /** The URL of Shopify. `{shop}` stands for the shop's domain. */
  shopifyBaseUrl: string;
  shopifyApiVersion: string;
  redisUrl: string | null;
  throttleIntegration: { limit: number; windowMs: number };
  /** Seconds that a sync call waits before it answers 202. */
  syncWaitS: number;
  /** Days that events, connection tests and webhook deliveries are kept. Null keeps them for ever. */
  retentionDays: number | null;
  /** How long an idle connection of a caller stays open. Seconds. */
  keepAliveTimeoutS: number;
  /** Addresses and CIDRs of trusted proxies, or Express's names for ranges. Empty: no proxy is trusted. */
  trustProxy: string[];
}

/**
 * Reads the settings from an environment. Callers pass in process.env; no other code reads it. Throws a
 * SetupError that names each wrong setting. It never repeats a value, because a value may be a secret.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (issue) => `  ${issue.path.join('.') || 'environment'}: ${issue.message}`,
    );
    throw new SetupError(`These settings are wrong:\n${lines.join('\n')}`);
  }
  const settings = parsed.data;
  const production = settings.NODE_ENV === 'production';
  if (production && !settings.CREDENTIAL_KEYS) {
    throw new SetupError(
      'CREDENTIAL_KEYS is not set. With NODE_ENV=production it must be: kid:base64(32 bytes), e.g. "k1:$(openssl rand -base64 32)".',
    );
  }
  return {
    role: settings.ROLE ?? 'all',
    port: settings.PORT ?? 3000,
    host: settings.HOST ?? '127.0.0.1',
    publicUrl: settings.PUBLIC_URL ?? null,
    logLevel: settings.LOG_LEVEL ?? 'info',
    dataDir: resolve(settings.DATA_DIR ?? '.data'),
    databaseUrl: settings.DATABASE_URL ?? null,
    databasePoolSize: settings.DATABASE_POOL_SIZE ?? 10,
    token: tokenSettings(settings, production),
    tokenMaxAgeS: settings.JWT_MAX_AGE ?? 24 * 3_600,
    credentialKeys: settings.CREDENTIAL_KEYS ?? null,
    outboundAllow: settings.OUTBOUND_ALLOW ?? [],
    shopifyBaseUrl: settings.SHOPIFY_BASE_URL ?? 'https://{shop}',
    shopifyApiVersion: settings.SHOPIFY_API_VERSION ?? '2026-10',
    redisUrl: settings.REDIS_URL ?? null,
    throttleIntegration: settings.THROTTLE_INTEGRATION ?? { limit: 120, windowMs: 60_000 },
    syncWaitS: settings.SYNC_WAIT_S ?? 25,
    retentionDays: settings.RETENTION_DAYS === 'unlimited' ? null : (settings.RETENTION_DAYS ?? 180),
    keepAliveTimeoutS: settings.KEEP_ALIVE_TIMEOUT_S ?? 75,
    trustProxy: settings.TRUST_PROXY ?? [],
  };
}

function tokenSettings(settings: z.output<typeof environment>, production: boolean): TokenSettings {
  const { JWT_SECRET: secret, JWT_JWKS_URL: url, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings;
  if (url) {
    if (secret) throw new SetupError('Set either JWT_SECRET or JWT_JWKS_URL, not both.');
    if (!issuer || !audience)
      throw new SetupError('JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE beside it.');
    return { kind: 'jwks', url, issuer, audience };
  }
  if (!secret && production) {
    throw new SetupError(
      'JWT_SECRET is not set. With NODE_ENV=production set it (at least 32 bytes), or JWT_JWKS_URL with JWT_ISSUER and JWT_AUDIENCE.',
    );
  }
  return { kind: 'secret', secret: secret ?? null };
}

/** The path of the file that holds the generated secret of this name. */
export function secretFile(config: Config, name: 'jwt-secret' | 'credential-keys'): string {
  return join(config.dataDir, name);
}
