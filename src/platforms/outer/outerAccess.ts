import { z } from 'zod';
import type { JsonObject, JsonValue, OuterAccess } from '../connection.ts';

const MOST_HEADERS = 20;
/** Names and values together: many servers take no larger head. Bytes. */
const MOST_BYTES = 8_192;
/** https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[!-~]([ -~]*[!-~])?$/;
/**
 * Headers that would change where a request goes, where it ends or what it means: those of the HTTP client, of a
 * single connection (RFC 9110, 7.6.1), of cookies, which are kept by themselves, and of our own signature.
 */
const REFUSED =
  /^(host|cookie2?|set-cookie|accept|range|te|trailers?|upgrade|expect|connection|keep-alive|transfer-encoding|idempotency-key|http2-settings|x-wp-nonce|x-http-method(-override)?|x-method-override|__proto__|(content|if|proxy|x-sitebridge)-.*)$/i;

const control = '\\u0000-\\u001f\\u007f-\\u009f';
const line = (pattern: string, message: string) => z.string().max(1_000).regex(new RegExp(pattern), message);

/** `credentials_json.outer`. Each issue names its field. */
export const outerSchema = z
  .strictObject({
    basic: z
      .strictObject({
        username: line(`^[^${control}:]+$`, 'must be one line without a colon'),
        password: line(`^[^${control}]+$`, 'must be one line'),
      })
      .exactOptional()
      .meta({
        description: 'The user name and password that the web server asks for (HTTP Basic, RFC 7617).',
      }),
    headers: z
      .record(z.string(), z.string())
      .exactOptional()
      .meta({
        description: `Headers that let requests pass, such as CF-Access-Client-Id and CF-Access-Client-Secret. At most ${MOST_HEADERS}, with ${MOST_BYTES} bytes in all.`,
      }),
  })
  .superRefine((outer, context) => {
    const { headers = {} } = outer;
    const names = Object.keys(headers);
    const refuse = (message: string, ...path: string[]) =>
      context.addIssue({ code: 'custom', message, path: ['headers', ...path] });
    if (names.length > MOST_HEADERS) return refuse(`must hold at most ${MOST_HEADERS} headers`);
    const bytes = Object.entries(headers).flat().join('').length;
    if (bytes > MOST_BYTES) return refuse(`must hold at most ${MOST_BYTES} bytes`);
    for (const name of names) {
      const message = headerFault(name, headers[name] ?? '', outer, names);
      if (message !== null) refuse(message, name);
    }
  })
  .meta({
    description:
      'Opens what stands before the site, such as the password of a staging site or Cloudflare Access. It is sent to the own origin of the site alone. A part that is null is removed.',
  });

/** Why a header cannot be sent; null if it can. */
function headerFault(name: string, value: string, { basic }: OuterAccess, names: string[]): string | null {
  const lower = name.toLowerCase();
  if (!HEADER_NAME.test(name)) return 'must be the name of an HTTP header';
  if (REFUSED.test(name)) return 'is a header that cannot be set here';
  if (lower === 'authorization' && basic !== undefined)
    return 'collides with outer.basic, which is sent in it';
  if (names.some((other) => other !== name && other.toLowerCase() === lower)) return 'is given twice';
  return HEADER_VALUE.test(value) ? null : 'must have a value of one line of ASCII without spaces around it';
}

/**
 * The stored `outer` after a change, as RFC 7396 merges, but with names of headers in any case; undefined if nothing
 * is left. null removes a part. What is not valid stays as it is, for the schema to refuse.
 */
export function mergedOuter(stored: JsonValue | undefined, sent: JsonValue): JsonValue | undefined {
  if (sent === null) return undefined;
  if (!isObject(sent)) return sent;
  const result: JsonObject = { ...(isObject(stored) ? stored : {}) };
  for (const [part, value] of Object.entries(sent)) {
    if (value === null) delete result[part];
    else if (isObject(value)) result[part] = mergedPart(result[part], value);
    else result[part] = value;
    if (part === 'headers' && isEmpty(result[part])) delete result[part];
  }
  return isEmpty(result) ? undefined : result;
}

function mergedPart(stored: JsonValue | undefined, sent: JsonObject): JsonObject {
  const kept = Object.entries(isObject(stored) ? stored : {}).filter(
    ([name]) => !Object.keys(sent).some((other) => other.toLowerCase() === name.toLowerCase()),
  );
  const given = Object.entries(sent).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...given]);
}

/** Does `outer` need this header for itself? */
export function usesHeader(outer: OuterAccess | null | undefined, header: string): boolean {
  const names = Object.keys(outer?.headers ?? {});
  if (outer?.basic !== undefined) names.push('Authorization');
  return names.some((name) => name.toLowerCase() === header.toLowerCase());
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: JsonValue | undefined): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
