import type { RemoteError } from '../../../src/errors.ts';
import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type { Connection } from '../../../src/platforms/connection.ts';
import type { ConnectionTestResult } from '../../../src/platforms/platform.ts';
import { createWordpressPlatform } from '../../../src/platforms/wordpress/wordpress.platform.ts';
import { SERVER_ID } from '../../support/identity.ts';

export const SITE_ID = 7;
export const SITE_KEY = `sbk_${'k'.repeat(43)}`;
/** User name and password of the simulation's editor, as WordPress shows them. */
export const PASSWORD = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };

/** The outbound client's default limit. */
const TEN_MIB = 10 * 1024 * 1024;

interface TestPlatform {
  platform: ReturnType<typeof createWordpressPlatform>;
  close(): void;
}

/** The platform as in production, with the loopback allowed. `maxBytes` limits the size of a response. */
export function testPlatform(
  options: {
    allow?: string[];
    extraCa?: string;
    clock?: () => number;
    maxBytes?: number;
    refusal?: RemoteError;
  } = {},
): TestPlatform {
  const outbound = new OutboundClient({
    allow: options.allow ?? ['127.0.0.0/8', '::1'],
    ...(options.extraCa === undefined ? {} : { extraCa: options.extraCa }),
    refusal: async () => options.refusal ?? null,
  });
  const least = options.maxBytes ?? Number.POSITIVE_INFINITY;
  const platform = createWordpressPlatform({
    outbound: {
      request: (request) =>
        outbound.request({ ...request, maxBytes: Math.min(request.maxBytes ?? TEN_MIB, least) }),
    },
    clock: options.clock ?? Date.now,
  });
  return { platform, close: () => outbound.close() };
}

export function connectionTo(siteUrl: string, changes: Partial<Connection> = {}): Connection {
  return {
    serverId: SERVER_ID,
    siteId: SITE_ID,
    siteUrl,
    siteKey: SITE_KEY,
    credentials: {},
    config: {},
    ...changes,
  };
}

/** The codes of checks that passed with a note. */
export function notes(result: ConnectionTestResult): string[] {
  return result.checks.flatMap((check) => (check.ok && check.code !== undefined ? [check.code] : []));
}
