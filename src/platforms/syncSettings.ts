import { z } from 'zod';

/** `sync_settings` in the `config_json` of every platform with content. */
export const syncSettingsSchema = z
  .strictObject({
    conflict: z
      .enum(['flag', 'newest', 'local', 'remote'])
      .exactOptional()
      .meta({ description: 'What happens to a content that was changed on both sides; `flag` by default.' }),
    concurrency: z
      .int()
      .min(1)
      .max(16)
      .exactOptional()
      .meta({ description: 'The most concurrent requests to the site.' }),
    schedule: z
      .strictObject({
        cron: z.string().min(1).max(100).meta({ description: 'A cron expression, such as 0 3 * * *.' }),
        time_zone: z
          .string()
          .max(64)
          .exactOptional()
          .meta({ description: 'A name of the IANA time zone database; UTC by default.' }),
      })
      .exactOptional()
      .meta({ description: 'When content is synced automatically.' }),
  })
  .meta({ description: 'How content is synced.' });
