import { scrub } from '../../../security/scrub.ts';
import type { ItemFault } from '../../contentPart.ts';
import { decodeCharacterReferences } from '../site/htmlText.ts';
import { isRecord } from '../site/siteClient.ts';

const LONGEST_MESSAGE = 300;

/** WordPress's own message for a refusal, as plain text without secrets; null if there is none. */
export function refusalMessage(value: Record<string, unknown>): string | null {
  if (typeof value.message !== 'string') return null;
  const params = isRecord(value.data) && isRecord(value.data.params) ? Object.values(value.data.params) : [];
  const details = params.filter((each) => typeof each === 'string');
  const plain = [value.message, ...details].map((text) =>
    decodeCharacterReferences(text.replace(/<[^>]*>/g, '')),
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
