import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../connection.ts';
import type { ContentWrite } from '../contentWrite.ts';
import type { ContentTerm, RemoteContent } from '../remoteContent.ts';
import {
  type ContentDescription,
  type ContentMap,
  type WritableField,
  writtenFields,
} from './contentDescription.ts';
import { removePointer, writePointer } from './jsonPointer.ts';

/** The body that creates the item of a content: every field that is written. */
export function bodyForCreate(write: ContentWrite, content: ContentDescription): JsonObject {
  return bodyOf(write, content.map, writtenFields(content));
}

/**
 * The body that changes an item: every field for a PUT, or if the item on the site is unknown
 * (`write.onSite`), else the fields that differ from that item. null if nothing differs.
 */
export function bodyForUpdate(write: ContentWrite, content: ContentDescription): JsonObject | null {
  const { onSite } = write;
  const fields = writtenFields(content);
  if (content.update?.method === 'PUT' || onSite === null) return bodyOf(write, content.map, fields);
  const changed = fields.filter((field) => differs(field, write, onSite, content.map));
  return changed.length === 0 ? null : bodyOf(write, content.map, changed);
}

function differs(field: WritableField, write: ContentWrite, onSite: RemoteContent, map: ContentMap): boolean {
  switch (field) {
    case 'status':
      return write.status !== null && write.status !== onSite.status;
    case 'content_key':
      return write.contentKey !== onSite.contentKey;
    case 'content_id':
      return write.contentId !== onSite.legacyContentId;
    case 'terms':
      return !isDeepStrictEqual(ownTerms(write.terms, map), ownTerms(onSite.terms, map));
    case 'metadata':
      return Object.keys(map.metadata ?? {}).some(
        (name) =>
          Object.hasOwn(write.metadata, name) &&
          !isDeepStrictEqual(write.metadata[name], onSite.metadata[name]),
      );
    default:
      return write[field] !== onSite[field];
  }
}

function bodyOf(write: ContentWrite, map: ContentMap, fields: readonly WritableField[]): JsonObject {
  const body: JsonObject = {};
  const set = (pointer: string | undefined, value: JsonValue | undefined) => {
    if (pointer !== undefined && value !== undefined) writePointer(body, pointer, value);
  };
  for (const field of fields) {
    switch (field) {
      case 'status':
        set(map.status?.at, statusWord(write, map));
        break;
      case 'content_key':
        set(map.content_key, write.contentKey);
        break;
      case 'content_id':
        set(map.content_id, write.contentId);
        break;
      case 'terms':
        set(
          map.terms?.at,
          ownTerms(write.terms, map).map((term) => termBody(term, map)),
        );
        break;
      case 'metadata':
        for (const [name, pointer] of Object.entries(map.metadata ?? {})) {
          if (Object.hasOwn(write.metadata, name)) set(pointer, write.metadata[name]);
        }
        break;
      default:
        set(map[field], write[field]);
    }
  }
  for (const { field, raw } of write.onSite?.unread ?? []) leaveAsItWas(body, field, raw, map, fields);
  return body;
}

/** A PUT replaces the whole item, so a value that cannot be read is sent back as it was. */
function leaveAsItWas(
  body: JsonObject,
  field: string,
  raw: JsonValue | undefined,
  map: ContentMap,
  fields: readonly WritableField[],
): void {
  const [name, ...entry] = field.split('.');
  const written = fields.find((each) => each === name);
  if (written === undefined) return;
  const pointer = written === 'metadata' ? map.metadata?.[entry.join('.')] : pointerOf(written, map);
  if (pointer === undefined) return;
  if (raw === undefined) removePointer(body, pointer);
  else writePointer(body, pointer, raw);
}

function pointerOf(field: Exclude<WritableField, 'metadata'>, map: ContentMap): string | undefined {
  if (field === 'status') return map.status?.at;
  return field === 'terms' ? map.terms?.at : map[field];
}

/** The API's word for a status; undefined to leave the status, or if the API has no word for it. */
function statusWord(
  { status, onSite }: ContentWrite,
  { status: described }: ContentMap,
): JsonValue | undefined {
  const values = described?.values;
  if (values === undefined) return undefined;
  const all: JsonValue[] = [...values.published, ...(values.draft ?? [])];
  const kept = all.find((word) => String(word) === onSite?.externalStatus);
  // The API may have a finer word with the same meaning. That word is kept.
  if (status === null || (kept !== undefined && status === onSite?.status)) return kept;
  return status === 'published' ? values.published[0] : values.draft?.[0];
}

function ownTerms(terms: readonly ContentTerm[], map: ContentMap): ContentTerm[] {
  return terms.filter((term) => term.taxonomy === map.terms?.taxonomy);
}

function termBody({ slug, name }: ContentTerm, { terms }: ContentMap): JsonValue {
  if (terms === undefined || terms.slug === '') return slug;
  const body: JsonObject = {};
  writePointer(body, terms.slug, slug);
  if (terms.name !== undefined) writePointer(body, terms.name, name);
  return body;
}
