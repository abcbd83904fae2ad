import { contentTextNames } from '../../../platforms/contentTexts.ts';
import type { ItemFault, RemoteContent, UnreadField } from '../../../platforms/remoteContent.ts';

/** PostgreSQL stores no NUL in a text, and UTF-8 has no half of a surrogate pair. */
const notText = /\\u(0000|d[89a-f][0-9a-f]{2})/i;
/** In characters. A longer external id does not fit into an index. */
const longestId = 200;

/**
 * Returns the items that can be stored, and a fault for each item without a usable id. A field that cannot be
 * stored becomes one of the item's unread fields.
 */
export function storable(items: readonly RemoteContent[]): { items: RemoteContent[]; faults: ItemFault[] } {
  const faults: ItemFault[] = [];
  const good = items.flatMap((item) => {
    const fault = faultOf(item);
    if (fault) faults.push(fault);
    return fault === null ? [withoutOddFields(item)] : [];
  });
  return { items: good, faults };
}

function faultOf({ externalId }: RemoteContent): ItemFault | null {
  if (externalId.length > longestId)
    return fault('unreadable', `Its id is longer than ${longestId} characters.`);
  return hasOddCharacter(externalId) ? fault('unreadable_text', `Its id ${ODD}.`) : null;
}

function fault(code: string, message: string): ItemFault {
  return { externalId: null, code, message };
}

const ODD = 'contains a NUL or half a character, which cannot be stored';

function withoutOddFields(item: RemoteContent): RemoteContent {
  const odd = Object.entries(item).filter(([, value]) => hasOddCharacter(value));
  if (odd.length === 0) return item;
  const unread: UnreadField[] = [...(item.unread ?? [])];
  const good: RemoteContent = { ...item };
  const leave = (field: string) => unread.push({ field, message: `The ${field} ${ODD}.` });
  for (const name of contentTextNames.filter((each) => hasOddCharacter(item[each]))) {
    good[name] = '';
    leave(name);
  }
  if (hasOddCharacter(item.terms)) {
    good.terms = [];
    leave('terms');
  }
  if (hasOddCharacter(item.url)) {
    good.url = null;
    leave('url');
  }
  if (hasOddCharacter(item.externalStatus)) {
    good.externalStatus = '';
    leave('status');
  }
  if (item.birth !== null && hasOddCharacter(item.birth)) {
    good.birth = { date: null, author: null };
    leave('birth.author');
  }
  const entries = Object.entries(item.metadata);
  good.metadata = Object.fromEntries(entries.filter((entry) => !hasOddCharacter(entry)));
  for (const [name] of entries.filter(hasOddCharacter))
    leave(hasOddCharacter(name) ? 'meta' : `metadata.${name}`);
  // A raw value is only sent back, and not stored.
  return { ...good, unread };
}

function hasOddCharacter(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed();
  // JSON contains such a character only as an escape. A backslash of the text itself is doubled in JSON.
  return notText.test((JSON.stringify(value) ?? '').replaceAll('\\\\', ''));
}
