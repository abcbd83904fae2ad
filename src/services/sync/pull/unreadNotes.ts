/** Notes about fields that could not be read: one for each kind of fault in a reading, however many items have it. */
import { z } from 'zod';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import type { EventInput } from '../../events/eventLog.ts';

const notesAtMost = 20;
/** How many items a note names. */
const namedAtMost = 20;

export const unreadNote = z.object({
  field: z.string(),
  message: z.string(),
  /** How many items have such a field, and the first few of them. */
  items: z.int(),
  externalIds: z.array(z.string()),
});
export type UnreadNote = z.output<typeof unreadNote>;

/** Adds the unread fields of some items or terms to the notes of their reading. */
export function noted(
  before: readonly UnreadNote[],
  items: ReadonlyArray<Pick<RemoteContent, 'externalId' | 'unread'>>,
): UnreadNote[] {
  const notes = new Map(before.map((note) => [`${note.field} ${note.message}`, { ...note }]));
  for (const { externalId, unread = [] } of items) {
    for (const { field, message } of unread) {
      if (message === undefined) continue;
      const key = `${field} ${message}`;
      const note = notes.get(key) ?? { field, message, items: 0, externalIds: [] };
      if (!notes.has(key) && notes.size >= notesAtMost) continue;
      const isNamed = note.externalIds.length < namedAtMost;
      notes.set(key, {
        ...note,
        items: note.items + 1,
        externalIds: isNamed ? [...note.externalIds, externalId] : note.externalIds,
      });
    }
  }
  return [...notes.values()];
}

/** The event about a note. `owner`: the fields that all events of the run have. */
export function noteEvent(
  owner: Pick<EventInput, 'accountId' | 'siteId' | 'integrationId'>,
  reading: { runId: number } & ({ contentType: string } | { taxonomy: string }),
  note: UnreadNote,
): EventInput {
  const { field, message, items, externalIds } = note;
  const others = items - externalIds.length;
  const isOfItems = 'contentType' in reading;
  const noun = isOfItems ? 'Item' : 'Term';
  const named = `${noun}${items === 1 ? '' : 's'} ${externalIds.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  return {
    ...owner,
    type: 'content',
    action: 'fields_unread',
    success: false,
    externalId: externalIds[0] ?? null,
    error: `${message} It stays as it is here. ${named}.`,
    details: {
      ...(isOfItems ? { content_type: reading.contentType } : { taxonomy: reading.taxonomy }),
      field,
      items,
      external_ids: externalIds,
      cause: 'run',
      run_id: reading.runId,
    },
  };
}
