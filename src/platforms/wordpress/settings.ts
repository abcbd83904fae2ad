import { z } from 'zod';
import { RemoteError } from '../../errors.ts';
import { parseSiteAddress } from './siteAddress.ts';

const siteUrl = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    try {
      parseSiteAddress(text);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

/** What `config_json` may hold when a caller sends it. `content_types` beside it is written by the server alone. */
export const wordpressConfigSchema = z.strictObject({
  /** The site's own URL when absent. */
  site_url: siteUrl.exactOptional(),
  sync_settings: z
    .strictObject({
      /** What happens to a content changed on both sides; `flag` by default. */
      conflict: z.enum(['flag', 'newest', 'local', 'remote']).exactOptional(),
      /** Requests to the site at once. */
      concurrency: z.int().min(1).max(16).exactOptional(),
      schedule: z
        .strictObject({ cron: z.string().min(1).max(100), time_zone: z.string().max(64).exactOptional() })
        .exactOptional(),
    })
    .exactOptional(),
});

/** The secrets in `credentials_json` besides the site key: an application password, or nothing. */
export const wordpressCredentialsSchema = z
  .strictObject({
    username: z.string().min(1).max(200).exactOptional(),
    application_password: z.string().min(1).max(200).exactOptional(),
  })
  .refine((given) => (given.username === undefined) === (given.application_password === undefined), {
    message: 'username and application_password belong together.',
    path: ['application_password'],
  });
