import { z } from 'zod';
import type { Platform } from '../../platforms/platform.ts';

const jsonSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'A JSON Schema (2020-12) of the accepted fields, enough to draw a form.' });

const platformSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    capabilities: z
      .object({
        uses_site_key: z.boolean().meta({ description: "Its integrations need the site's API key." }),
        structure: z.boolean(),
        content: z.boolean(),
      })
      .meta({
        description:
          'The most that an integration can do. Some integrations can do less, by their config_json.',
      }),
    config_schema: jsonSchema,
    credentials_schema: jsonSchema,
  })
  .meta({ id: 'Platform' });

export const platformsResponse = z.object({ results: z.array(platformSchema) });

/** A platform as the API shows it. The shown schemas are those that check requests. */
export function platformBody(platform: Platform): z.output<typeof platformSchema> {
  const { usesSiteKey, structure, content } = platform.capabilities;
  return {
    name: platform.name,
    type: platform.type,
    capabilities: { uses_site_key: usesSiteKey, structure, content },
    config_schema: schemaOf(platform.configSchema),
    credentials_schema: schemaOf(platform.credentialsSchema),
  };
}

function schemaOf(type: z.ZodType): Record<string, unknown> {
  return { ...z.toJSONSchema(type, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' }) };
}
