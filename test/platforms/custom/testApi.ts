import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type { Connection, JsonObject } from '../../../src/platforms/connection.ts';
import { createCustomPlatform } from '../../../src/platforms/custom/custom.platform.ts';
import { credentialsOf, describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import type { SimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import { SERVER_ID } from '../../support/identity.ts';

/** The platform as in production, with the loopback allowed. */
export function testPlatform(allow: string[] = ['127.0.0.0/8', '::1']) {
  const outbound = new OutboundClient({ allow });
  return { platform: createCustomPlatform({ outbound, clock: Date.now }), close: () => outbound.close() };
}

/** A connection to an API with the right credentials. `config` replaces parts of its description. */
export function connectionTo(
  api: Pick<SimulatedApi, 'url' | 'auth' | 'paging'>,
  config: JsonObject = {},
  credentials = credentialsOf(api.auth),
): Connection {
  return {
    serverId: SERVER_ID,
    siteId: 7,
    siteUrl: 'https://site.example',
    siteKey: null,
    credentials,
    config: { ...describeApi(api), ...config },
  };
}
