import type { JsonObject } from '../connection.ts';
import type { Platform } from '../platform.ts';
import type { CustomOptions } from './apiClient.ts';
import { testCustomConnection } from './connectionTest.ts';
import { customContentPart, readCustomStructure } from './contentPart.ts';
import { customConfigSchema, customCredentialsSchema } from './description.ts';

/** Any JSON API that an integration's `config_json` describes. */
export function createCustomPlatform(options: CustomOptions): Platform {
  return {
    name: 'custom',
    type: 'custom_api',
    capabilities: { usesSiteKey: false, structure: true, content: true },
    capabilitiesOf,
    configSchema: customConfigSchema,
    credentialsSchema: customCredentialsSchema,
    testConnection: (connection) => testCustomConnection(connection, options),
    readStructure: (connection) => readCustomStructure(connection, options),
    content: customContentPart(options),
  };
}

/** Structure and content need a description of the content. */
function capabilitiesOf(config: JsonObject) {
  const described = config.content !== undefined;
  return { usesSiteKey: false, structure: described, content: described };
}
