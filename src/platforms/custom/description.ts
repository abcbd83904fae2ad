import { z } from 'zod';
import { outerSchema } from '../outer/outerAccess.ts';
import { syncSettingsSchema } from '../syncSettings.ts';
import { contentSchema } from './contentDescription.ts';
import { headerName, jsonPointer, requestPath } from './fields.ts';

/** Headers that the HTTP client sets itself, or that would change where a request goes or ends. */
const OWN_HEADERS =
  /^(host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept|cookie|idempotency-key|proxy-.*)$/i;

const baseUrl = z
  .string()
  .max(2048, { abort: true })
  .superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const message =
      url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text) || /\s/.test(text)
        ? 'must be an http or https URL such as https://api.example.com/v1'
        : url.username !== '' || url.password !== ''
          ? 'must hold no user name or password; they belong in credentials_json'
          : text.includes('?') || text.includes('#')
            ? 'must end with the path; a query belongs to the paths below it'
            : null;
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

const auth = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }).meta({ description: 'The API needs no credentials.' }),
    z
      .strictObject({ type: z.literal('bearer') })
      .meta({ description: '`Authorization: Bearer …` with `token` of credentials_json.' }),
    z
      .strictObject({
        type: z.literal('header'),
        name: headerName
          .refine((name) => !OWN_HEADERS.test(name), 'is a header that cannot carry a secret')
          .meta({ description: 'The name of the header, such as X-Api-Key.' }),
      })
      .meta({ description: 'A header with `value` of credentials_json.' }),
    z
      .strictObject({ type: z.literal('basic') })
      .meta({ description: '`username` and `password` of credentials_json (RFC 7617).' }),
    z
      .strictObject({
        type: z.literal('query'),
        name: z.string().min(1).max(100).meta({ description: 'The name of the parameter, such as api_key.' }),
      })
      .meta({
        description:
          'A query parameter with `value` of credentials_json. Servers log queries: rather use a header.',
      }),
  ])
  .meta({ description: 'How requests show who is calling. The secret itself is in credentials_json.' });

const test = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST']).exactOptional().meta({ description: 'GET by default.' }),
    path: requestPath([]).meta({ description: 'Below base_url, beginning with a slash.' }),
    expect_status: z
      .int()
      .min(100)
      .max(599)
      .exactOptional()
      .meta({ description: 'The expected status; 200 by default.' }),
    expect_json_pointer: jsonPointer.exactOptional().meta({
      description: 'A place that must exist in the answer. Without it, the answer must be JSON, or empty.',
    }),
  })
  .refine((given) => given.method !== 'HEAD' || given.expect_json_pointer === undefined, {
    message: 'needs an answer with a body, which HEAD does not give',
    path: ['expect_json_pointer'],
  })
  .meta({
    description:
      'The request that tests the connection. Choose a request that the API answers only with valid credentials.',
  });

/** The description of a JSON API: what `config_json` may hold when a caller sends it. */
export const customConfigSchema = z.strictObject({
  base_url: baseUrl.meta({
    description:
      'Where the API is: http or https, without user name, query or fragment; on a public address.',
  }),
  auth,
  test,
  content: contentSchema.exactOptional(),
  sync_settings: syncSettingsSchema.exactOptional(),
});

export type CustomConfig = z.output<typeof customConfigSchema>;

const secret = (pattern: RegExp, message: string) => z.string().max(8_192).regex(pattern, message);
const headerText = secret(/^[!-~]([ -~]*[!-~])?$/, 'must be one line of ASCII without spaces around it');
// Control characters could end a line, and RFC 7617 forbids them. The pattern uses code points, because not
// every reader of the JSON Schema knows Unicode classes.
const control = '\\u0000-\\u001f\\u007f-\\u009f';

/** The secrets in `credentials_json`. `auth.type` decides which of them are needed. */
export const customCredentialsSchema = z
  .strictObject({
    token: headerText.exactOptional().meta({ description: 'For the auth type bearer. One line.' }),
    value: headerText.exactOptional().meta({ description: 'For the auth types header and query. One line.' }),
    username: secret(new RegExp(`^[^${control}:]+$`), 'must be one line without a colon')
      .exactOptional()
      .meta({ description: 'For the auth type basic. Without a colon.' }),
    password: secret(new RegExp(`^[^${control}]+$`), 'must be one line')
      .exactOptional()
      .meta({ description: 'For the auth type basic; belongs to the user name.' }),
    outer: outerSchema.exactOptional(),
  })
  .refine((given) => (given.username === undefined) === (given.password === undefined), {
    message: 'username and password belong together.',
    path: ['password'],
  })
  .meta({ dependentRequired: { username: ['password'], password: ['username'] } });
