import type { Connection } from '../connection.ts';
import type { Platform } from '../platform.ts';
import { createWordpressContent } from './content/openContent.ts';
import { localStatus } from './content/postFields.ts';
import { type ContentThrough, type DiagnosisOptions, diagnose } from './diagnosis/diagnosis.ts';
import { wordpressOnboarding } from './onboarding.ts';
import { wordpressConfigSchema, wordpressCredentialsSchema } from './settings.ts';
import { throughSiteDoor } from './site/siteDoor.ts';
import { readWordpressStructure } from './structure.ts';
import { wordpressWebhooks } from './webhooks/webhookPart.ts';

/**
 * WordPress, through the connector plugin's signed requests or, without the plugin, through core REST with an
 * application password. All requests go through `outbound`; `clock` gives milliseconds since 1970.
 */
export function createWordpressPlatform(options: DiagnosisOptions): Platform {
  const contentThrough: ContentThrough = (through) => createWordpressContent({ ...options, ...through });
  const doored = (connection: Connection) => ({
    ...options,
    outbound: throughSiteDoor(options.outbound, connection),
  });
  return {
    name: 'wordpress',
    type: 'cms',
    capabilities: { usesSiteKey: true, structure: true, content: true },
    configSchema: wordpressConfigSchema,
    credentialsSchema: wordpressCredentialsSchema,
    testConnection: (connection) => diagnose(connection, { ...doored(connection), contentThrough }),
    readStructure: (connection) => readWordpressStructure(connection, doored(connection)),
    localStatus,
    onboards: wordpressOnboarding,
    webhooks: wordpressWebhooks,
    content: contentThrough(options),
  };
}
