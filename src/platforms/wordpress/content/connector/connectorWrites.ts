import type { JsonObject } from '../../../connection.ts';
import type { ContentWrite, WriteOutcome } from '../../../contentWrite.ts';
import type { ItemFault, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import type { BatchSender, ItemAnswer } from '../batch.ts';
import { bodyNotes } from '../builders.ts';
import { refusedItem } from '../faultText.ts';
import type { MediaLibrary } from '../media.ts';
import { isSameSlug, sentSlug } from '../slugs.ts';
import { readUuid } from '../uuid.ts';
import { differingTaxonomies, extraFields, statusField } from '../writeFields.ts';
import { readItem } from './connectorItems.ts';

/** What writes through the connector need. */
export interface ConnectorWriting {
  sender: BatchSender;
  media: MediaLibrary;
}

/** A write with its body for the connector. */
export interface PreparedWrite {
  write: ContentWrite;
  body: JsonObject;
  notes: ItemFault[];
}

/** Makes the bodies of writes for the connector. Images are uploaded first. Throws RemoteError. */
export async function prepareWrites(
  media: MediaLibrary,
  type: string,
  writes: readonly ContentWrite[],
): Promise<PreparedWrite[]> {
  const prepared: PreparedWrite[] = [];
  for (const write of writes) {
    const { fields, notes } = await extraFields(write, write.onSite, media);
    prepared.push({ write, body: { ...bodyOf(type, write), ...fields }, notes });
  }
  return prepared;
}

/**
 * Sends writes to the connector's item routes: `POST items/{key}`, or `PUT items/{number}` for a connector
 * before 0.4.0, which knows no other method. The connector knows the item of each key or number, so a repeated write changes the same item
 * or is refused. Returns the answers in the order of the writes. Throws RemoteError.
 */
export function sendWrites(
  sender: BatchSender,
  knownBy: 'key' | 'number',
  writes: readonly PreparedWrite[],
): Promise<ItemAnswer[]> {
  return sender.send(
    writes.map(({ write, body }) => ({
      method: knownBy === 'key' ? 'POST' : 'PUT',
      route: `sitebridge/v1/items/${knownBy === 'key' ? write.contentKey : write.contentId}`,
      query: '',
      body,
      repeatable: true,
    })),
  );
}

function bodyOf(type: string, write: ContentWrite): JsonObject {
  const status = statusField(write, write.onSite);
  const slug = write.externalId === null ? sentSlug(write) : write.slug;
  const isSent = (field: string) => !write.unread?.includes(field);
  return {
    type,
    op_id: write.opId,
    id: write.externalId === null ? null : Number(write.externalId),
    expected_hash: write.expectedTag,
    ...(isSent('title') ? { title: write.title } : {}),
    ...(slug === '' || !isSent('slug') ? {} : { slug }),
    ...(isSent('body') && write.builtWith === null ? { content: write.body } : {}),
    ...(isSent('excerpt') ? { excerpt: write.excerpt } : {}),
    ...(status === undefined ? {} : { status }),
    ...(write.despiteEditor ? { despite_editor: true } : {}),
    ...(isSent('terms')
      ? {
          terms: write.terms.map(({ taxonomy, slug: termSlug, name }) => ({
            taxonomy,
            slug: termSlug,
            name,
          })),
        }
      : {}),
  };
}

/** The outcome of a write. */
export function outcomeOf({ write, notes }: PreparedWrite, answer: ItemAnswer | undefined): WriteOutcome {
  const { externalId } = write;
  if (answer === undefined || answer.lost !== null) {
    const { code = 'lost', message = 'The site did not answer.', retryable = true } = answer?.lost ?? {};
    return { result: 'failed', fault: { externalId, code, message }, retryable };
  }
  const { status, value } = answer;
  if (status === 409) return conflictOf(write, value, notes);
  if (status === 423 && isRecord(value) && value.code === BEING_EDITED) {
    return { result: 'being_edited', externalId, by: personIn(value) };
  }
  if (status < 200 || status > 299 || !isRecord(value) || !isRecord(value.item)) {
    const retryable = status >= 500 || status === 429 || status === 408;
    return { result: 'failed', fault: refusedItem(externalId, value), retryable };
  }
  const { post: remote, fault } = readItem(value.item, false);
  if (remote === null) return { result: 'failed', fault, retryable: false };
  const told = (Array.isArray(value.notes) ? value.notes : []).map((note: unknown) =>
    refusedItem(null, note),
  );
  // The connector too leaves the body out. One note is enough, and ours says more.
  const others = told.filter(({ code }) => !code.startsWith('built_with_'));
  return {
    result: 'written',
    created: value.created === true,
    remote,
    notes: [...notes, ...others, ...notesOnBody(write, remote)].map((note) => ({
      ...note,
      externalId: remote.externalId,
    })),
  };
}

/** The code of the connector for a write to a post that a person edits. */
const BEING_EDITED = 'sitebridge_being_edited';

const LONGEST_NAME = 100;

/** The name of the person who edits the post; null if the refusal does not tell it. */
function personIn({ data }: Record<string, unknown>): string | null {
  const name = isRecord(data) && typeof data.user === 'string' ? data.user : '';
  const plain = name.toWellFormed().replaceAll('\0', '').slice(0, LONGEST_NAME).trim();
  return plain === '' ? null : plain;
}

function notesOnBody(write: ContentWrite, remote: RemoteContent): ItemFault[] {
  return bodyNotes(remote.builtWith === undefined ? write.builtWith : remote.builtWith, write, remote);
}

function conflictOf(write: ContentWrite, value: unknown, notes: ItemFault[]): WriteOutcome {
  const data = isRecord(value) && isRecord(value.data) ? value.data : {};
  if (isRecord(value) && value.code === 'sitebridge_link_mismatch') {
    const { externalId } = write;
    const otherId = typeof data.other_post_id === 'number' ? String(data.other_post_id) : null;
    return { result: 'link_mismatch', externalId, otherKey: readUuid(data.key), otherId };
  }
  const remote = itemIn(value);
  // An earlier try of this write, whose answer was lost, has itself changed the hash.
  if (remote !== null && holds(remote, write)) {
    return { result: 'written', created: false, remote, notes: [...notes, ...notesOnBody(write, remote)] };
  }
  return { result: 'conflict', remote };
}

/** The item that a refusal holds; null if it holds none. */
export function itemIn(value: unknown): RemoteContent | null {
  const data = isRecord(value) && isRecord(value.data) ? value.data : {};
  return isRecord(data.item) ? readItem(data.item, false).post : null;
}

/** Does the site already hold exactly what the write contains? */
function holds(remote: RemoteContent, write: ContentWrite): boolean {
  return (
    remote.title === write.title &&
    (remote.body === write.body || (remote.builtWith ?? write.builtWith) !== null) &&
    remote.excerpt === write.excerpt &&
    (write.slug === '' || isSameSlug(remote.slug, write.slug)) &&
    (write.status === null || remote.status === write.status) &&
    differingTaxonomies(write.terms, remote).size === 0
  );
}
