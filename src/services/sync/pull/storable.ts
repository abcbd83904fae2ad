import type { ItemFault, RemoteContent } from '../../../platforms/remoteContent.ts';

/** PostgreSQL stores no NUL in a text, and UTF-8 has no half of a surrogate pair. */
const notText = /\\u(0000|d[89a-f][0-9a-f]{2})/i;
/** In characters. A longer external id does not fit into an index. */
const longestId = 200;

/**
 * Returns the items that can be stored, and a fault for each other item. A bad item does not stop the others.
 */
export function storable(items: readonly RemoteContent[]): { items: RemoteContent[]; faults: ItemFault[] } {
  const faults: ItemFault[] = [];
  const good = items.filter((item) => {
    const fault = faultOf(item);
    if (fault) faults.push(fault);
    return fault === null;
  });
  return { items: good, faults };
}

function faultOf(item: RemoteContent): ItemFault | null {
  if (item.externalId.length > longestId) {
    return {
      externalId: null,
      code: 'unreadable',
      message: `Its id is longer than ${longestId} characters.`,
    };
  }
  const bad = Object.entries(item).find(([, value]) => hasOddCharacter(value));
  if (!bad) return null;
  return {
    externalId: hasOddCharacter(item.externalId) ? null : item.externalId,
    code: 'unreadable_text',
    message: `Its ${bad[0]} contains a NUL or half a character, which cannot be stored.`,
  };
}

function hasOddCharacter(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed();
  // JSON contains such a character only as an escape. A backslash of the text itself is doubled in JSON.
  return notText.test((JSON.stringify(value) ?? '').replaceAll('\\\\', ''));
}
