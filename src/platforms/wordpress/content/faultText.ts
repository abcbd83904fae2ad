import { scrub } from '../../../security/scrub.ts';
import type { ItemFault } from '../../remoteContent.ts';
import { decodeCharacterReferences, withoutTags } from '../site/htmlText.ts';
import { isRecord } from '../site/siteClient.ts';

const LONGEST_MESSAGE = 300;
/** How much of a message's HTML is read, and of how many parameters. */
const LONGEST_HTML = 10_000;
const MOST_DETAILS = 20;

/** WordPress's own message for a refusal, as plain text without secrets; null if there is none. */
export function refusalMessage(value: Record<string, unknown>): string | null {
  if (typeof value.message !== 'string') return null;
  const params = isRecord(value.data) && isRecord(value.data.params) ? Object.values(value.data.params) : [];
  const details = params.filter((each) => typeof each === 'string');
  const plain = [value.message, ...details.slice(0, MOST_DETAILS)].map((text) =>
    decodeCharacterReferences(withoutTags(text.slice(0, LONGEST_HTML))),
  );
  return scrub(plain.join(' ')).toWellFormed().replaceAll('\0', '').slice(0, LONGEST_MESSAGE);
}

/** A WP_Error as the fault of one item. `value` is the body of the answer. */
export function refusedItem(externalId: string | null, value: unknown): ItemFault {
  const error = isRecord(value) ? value : {};
  return {
    externalId,
    code: typeof error.code === 'string' && /^[\w-]{1,100}$/.test(error.code) ? error.code : 'refused',
    message: refusalMessage(error) ?? 'The site refused the request and gave no reason.',
  };
}
