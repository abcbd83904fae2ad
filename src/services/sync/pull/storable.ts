import type { ItemFault, RemoteContent } from '../../../platforms/contentPart.ts';

/** PostgreSQL keeps no NUL in a text, and UTF-8 has no half of a surrogate pair. */
const notText = /\\u(0000|d[89a-f][0-9a-f]{2})/i;
/** Longer ones do not fit an index. */
const longestId = 200;

/** Parts what can be stored from what cannot, so that one odd item does not stop the others. */
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
    message: `Its ${bad[0]} holds a NUL or half a character, which no text may.`,
  };
}

function hasOddCharacter(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed();
  // JSON writes such characters, and only them, as escapes; a backslash of the text itself is doubled there.
  return notText.test((JSON.stringify(value) ?? '').replaceAll('\\\\', ''));
}
