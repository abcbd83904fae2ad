import { z } from 'zod';
import { POINTER } from './jsonPointer.ts';

export const jsonPointer = z
  .string()
  .max(500)
  .regex(POINTER, { error: 'must be a JSON pointer (RFC 6901): empty, or like /data/title', abort: true })
  .meta({ description: 'A JSON pointer (RFC 6901): empty for the whole, or like /data/title.' });

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
export const headerName = z
  .string()
  .max(100)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be the name of an HTTP header');

export const parameterName = z.string().min(1).max(100);

/** A path below `base_url` with exactly these placeholders. */
export function requestPath(placeholders: readonly 'id'[]) {
  return z
    .string()
    .max(2048, { abort: true })
    .superRefine((path, context) => {
      const named = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
      const message = !/^\/[^\s\p{Cc}#\\]*$/u.test(path)
        ? 'must begin with a slash, and hold no space, line break, # or backslash'
        : path.split('?')[0]?.split('/').some(isDotSegment)
          ? 'must hold no . or .. as a part'
          : placeholders.find((name) => !named.includes(name)) !== undefined
            ? 'must hold {id}'
            : named.some((name) => name !== placeholders[0])
              ? `holds an unknown placeholder; ${placeholders.length === 0 ? 'none is allowed here' : 'only {id} is allowed'}`
              : null;
      if (message !== null) context.addIssue({ code: 'custom', message });
    });
}

/** A part of a path that means "here" or "up" in a URL, also with its dots encoded. */
export function isDotSegment(part: string): boolean {
  return /^(\.|%2e){1,2}$/i.test(part);
}
