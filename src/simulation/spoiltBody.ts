import { gzipSync } from 'node:zlib';

/** What happens to the body of an answer on its way. */
export type BodyFault =
  /** The body is compressed, and no header says so. */
  | 'gzip_unmarked'
  /** A header says that the body is compressed, and it is not. */
  | 'gzip_false'
  /** The body ends in the middle, as its length says. */
  | 'body_cut_off';

/** An answer as it arrives, if these faults are on. */
export function spoiltBody(
  body: string,
  has: (fault: BodyFault) => boolean,
): { headers: Record<string, string>; body: string | Buffer } {
  if (has('gzip_unmarked')) return { headers: {}, body: gzipSync(body) };
  if (has('gzip_false')) return { headers: { 'Content-Encoding': 'gzip' }, body };
  return { headers: {}, body: has('body_cut_off') ? body.slice(0, Math.ceil(body.length / 2)) : body };
}
