import { z } from 'zod';
import { RemoteError } from '../../errors.ts';
import { outerSchema } from '../outer/outerAccess.ts';
import { syncSettingsSchema } from '../syncSettings.ts';
import { parseSiteAddress } from './site/siteAddress.ts';

const siteUrl = z
  .string()
  .max(2048, { abort: true })
  .superRefine((text, context) => {
    try {
      parseSiteAddress(text);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

/**
 * What `config_json` may hold when a caller sends it. Only the server writes `content_types` beside these
 * fields.
 */
export const wordpressConfigSchema = z.strictObject({
  site_url: siteUrl
    .exactOptional()
    .meta({ description: "The address of WordPress; the site's own URL when absent." }),
  sync_settings: syncSettingsSchema.exactOptional(),
});

/** The secrets in `credentials_json` besides the site key: an application password, or nothing. */
export const wordpressCredentialsSchema = z
  .strictObject({
    username: z.string().min(1).max(200).exactOptional().meta({
      description: 'Login name of an Editor or Administrator. Not needed with the connector plugin.',
    }),
    application_password: z
      .string()
      .min(1)
      .max(200)
      .exactOptional()
      .meta({ description: 'Made in WordPress under Users > Profile; belongs to the user name.' }),
    outer: outerSchema.exactOptional(),
  })
  .refine((given) => (given.username === undefined) === (given.application_password === undefined), {
    message: 'username and application_password belong together.',
    path: ['application_password'],
  })
  .superRefine(({ application_password: password, outer }, context) => {
    const name = Object.keys(outer?.headers ?? {}).find((each) => each.toLowerCase() === 'authorization');
    if (password === undefined || name === undefined) return;
    const message = 'collides with the application password, which is sent in it';
    context.addIssue({ code: 'custom', message, path: ['outer', 'headers', name] });
  })
  .meta({
    dependentRequired: { username: ['application_password'], application_password: ['username'] },
  });
