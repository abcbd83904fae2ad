/** Fields of an item that cannot be read. The content keeps the values that it has here. */
import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../database/client.ts';
import type { Content, Prisma } from '../../database/generated/client.ts';
import { contentTextNames, textsOf } from '../../platforms/contentTexts.ts';
import type { RemoteContent } from '../../platforms/remoteContent.ts';
import { readBirth } from './birth.ts';
import { type ConflictRule, type MergeOutcome, mergeRemote, remoteFacts } from './merge.ts';
import { columnsWithDigits } from './roundedNumbers.ts';
import { contentHash, isHashOf, remoteState, type SharedState, sharedState } from './sharedState.ts';

/** The columns of a content that can take the place of a field. */
export const storedFields = {
  title: true,
  slug: true,
  body: true,
  excerpt: true,
  status: true,
  visibility: true,
  terms: true,
  metadata: true,
  externalUrl: true,
  externalStatus: true,
  externalModifiedAt: true,
  birth: true,
} as const satisfies Prisma.ContentSelect;

export type StoredFields = Pick<Content, keyof typeof storedFields>;

const ENTRY = 'metadata.';

/** The unread fields of an item that a content stores and sends. */
export function unreadFieldsOf({ unread = [] }: Pick<RemoteContent, 'unread'>): string[] {
  const facts = ['visibility', 'url', 'modifiedAt', 'birth.date', 'birth.author', 'contentType', 'meta'];
  return unread.flatMap(({ field }) => (facts.includes(field) ? [] : [field]));
}

/**
 * Returns the item with the stored values of the content in place of the fields that cannot be read, and of `more`
 * fields.
 */
export function withStoredFields(
  item: RemoteContent,
  stored: StoredFields,
  more: readonly string[] = [],
): RemoteContent {
  const fields = [...(item.unread ?? []).map(({ field }) => field), ...more];
  return fields.length === 0 ? item : replaced(item, stored, fields);
}

function replaced(item: RemoteContent, stored: StoredFields, fields: readonly string[]): RemoteContent {
  const own = sharedState(stored);
  let state: Omit<SharedState, 'status'> = item;
  for (const field of fields) {
    // The entries that could be read stay.
    if (field === 'metadata') state = { ...state, metadata: { ...own.metadata, ...state.metadata } };
    else state = withField(state, field, own);
  }
  const { terms, metadata } = state;
  return { ...item, ...textsOf(state), terms, metadata, ...storedFacts(item, stored, own, fields) };
}

/** The stored facts in place of those that cannot be read. */
function storedFacts(
  { birth }: RemoteContent,
  stored: StoredFields,
  own: SharedState,
  fields: readonly string[],
): Partial<RemoteContent> {
  const is = (field: string) => fields.includes(field);
  const status = own.status === 'published' ? 'published' : 'draft';
  const kept = readBirth(stored.birth);
  const born = birth && {
    date: is('birth.date') ? (kept?.date ?? null) : birth.date,
    author: is('birth.author') ? (kept?.author ?? null) : birth.author,
  };
  return {
    ...(is('status') ? { status, externalStatus: stored.externalStatus ?? '' } : {}),
    ...(is('visibility') ? { visibility: stored.visibility } : {}),
    ...(is('url') ? { url: stored.externalUrl } : {}),
    ...(is('modifiedAt') ? { modifiedAt: stored.externalModifiedAt?.toISOString() ?? null } : {}),
    birth: born,
  };
}

/**
 * Merges an item into a content as `mergeRemote` does. Fields that cannot be read change nothing, and fields that
 * can be read again are taken, as nobody has edited them here.
 */
export async function mergeItem(
  tx: Transaction,
  content: Content,
  item: RemoteContent & { status: 'draft' | 'published' },
  rule: ConflictRule,
): Promise<MergeOutcome> {
  const filled = withStoredFields(item, content);
  if (content.syncState === 'local_changes' && isStillBase(content, item)) {
    const data = { ...remoteFacts(filled), ...columnsStillBase(content, item, item.status) };
    await tx.content.update({ where: { id: content.id }, data });
    return 'unchanged';
  }
  const state = remoteState(filled, filled.status ?? item.status);
  const exact = content.syncState === 'local_changes' ? columnsWithDigits(content, state) : null;
  if (exact !== null) {
    await tx.content.update({ where: { id: content.id }, data: { ...remoteFacts(filled), ...exact } });
    return 'unchanged';
  }
  const outcome = await mergeRemote(tx, content, state, remoteFacts(filled), rule);
  const unreadFields = unreadFieldsOf(item);
  if (unreadFields.length + content.unreadFields.length > 0) {
    const where = { id: content.id, syncState: 'in_sync' } as const;
    await tx.content.updateMany({ where, data: { unreadFields } });
  }
  return outcome;
}

/**
 * Does the site still have the state on which both sides last agreed, as far as the state can and could be read?
 * An edit here of a field that cannot be read hides the agreed value, so the item's tag or date decides. Returns
 * false if every field can and could be read.
 */
export function isStillBase(content: Content, item: RemoteContent): boolean {
  const unread = unreadFieldsOf(item);
  if (item.status === null || unread.length + content.unreadFields.length === 0) return false;
  const state = stateWithout(content, item, item.status);
  if (isHashOf(content.baseHash, state)) return true;
  if (unread.length === 0) return false;
  const sameTag = item.tag !== null && item.tag === content.remoteTag;
  const isDated = !item.unread?.some(({ field }) => field === 'modifiedAt');
  const known = content.externalModifiedAt?.toISOString() ?? null;
  const sameDate = isDated && known !== null && item.modifiedAt === known;
  return sameTag || sameDate || contentHash(state) === contentHash(sharedState(content));
}

/**
 * Prepares the write of a content over an item. A field that cannot be read, and was not edited here, is on both
 * sides as it is stored here, so it is not sent. A field that can be read again is on both sides as the site has it.
 */
export function overItem(
  content: Content,
  item: RemoteContent,
): { onSite: RemoteContent; state: SharedState } {
  const { unread = [] } = item;
  if (unread.length + content.unreadFields.length === 0) return { onSite: item, state: sharedState(content) };
  const now = unreadFieldsOf(item);
  const isUnedited =
    item.status !== null && isHashOf(content.baseHash, stateWithout(content, item, item.status));
  const edited = isUnedited ? [] : now.filter((field) => !content.unreadFields.includes(field));
  const left = unread.filter(({ field }) => !edited.includes(field));
  const onSite =
    left.length === 0
      ? item
      : replaced(
          item,
          content,
          left.map(({ field }) => field),
        );
  const healed = content.unreadFields.filter((field) => !now.includes(field));
  return {
    onSite: { ...onSite, unread: left },
    state: healed.reduce((state, field) => withField(state, field, item), sharedState(content)),
  };
}

/** The columns of a content whose item `isStillBase`. */
function columnsStillBase(content: Content, item: RemoteContent, status: 'draft' | 'published') {
  const now = unreadFieldsOf(item);
  const { state } = overItem(content, item);
  const columns = {
    ...textsOf(state),
    terms: state.terms.map((term) => ({ ...term })),
    metadata: state.metadata,
  };
  // The agreed value of an edited field is in the base hash alone.
  if (!isHashOf(content.baseHash, stateWithout(content, item, status))) {
    return { ...columns, unreadFields: now.filter((field) => content.unreadFields.includes(field)) };
  }
  const filled = withStoredFields(item, content);
  const baseHash = contentHash(remoteState(filled, filled.status ?? status));
  return { ...columns, baseHash, remoteHash: baseHash, unreadFields: now };
}

/** The state of the item, with the content's own values in all fields that cannot or could not be read. */
function stateWithout(content: Content, item: RemoteContent, status: 'draft' | 'published'): SharedState {
  const filled = withStoredFields(item, content, content.unreadFields);
  return remoteState(filled, filled.status ?? status);
}

/** The state with one field of another state. */
function withField<State extends Omit<SharedState, 'status'>>(
  state: State,
  field: string,
  from: Omit<SharedState, 'status'>,
): State {
  const text = contentTextNames.find((name) => name === field);
  if (text !== undefined) return { ...state, [text]: from[text] };
  if (field === 'terms') return { ...state, terms: from.terms };
  if (field === 'metadata') return { ...state, metadata: { ...state.metadata, ...from.metadata } };
  if (!field.startsWith(ENTRY)) return state;
  const name = field.slice(ENTRY.length);
  const { [name]: _, ...others } = state.metadata;
  const value = Object.hasOwn(from.metadata, name) ? from.metadata[name] : undefined;
  return { ...state, metadata: value === undefined ? others : { ...others, [name]: value } };
}

/** The unread fields of a content that an edit leaves unread. */
export function unreadAfterEdit(
  { unreadFields }: Content,
  before: SharedState,
  after: SharedState,
): string[] {
  return unreadFields.filter((field) => {
    if (!field.startsWith(ENTRY))
      return isDeepStrictEqual(Reflect.get(before, field), Reflect.get(after, field));
    const name = field.slice(ENTRY.length);
    return isDeepStrictEqual(before.metadata[name], after.metadata[name]);
  });
}

/** The state of a content without the metadata whose value on the site could not be read. */
export function withoutUnread(content: Content): SharedState {
  const state = sharedState(content);
  const { unreadFields } = content;
  const entries = Object.entries(state.metadata).filter(
    ([name]) => !unreadFields.includes(`${ENTRY}${name}`),
  );
  return { ...state, metadata: unreadFields.includes('metadata') ? {} : Object.fromEntries(entries) };
}
