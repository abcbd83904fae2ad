import type { EventType } from '../../database/generated/client.ts';

/** The actions of events, by the type of event. A new action is added here, and OpenAPI lists it. */
export const eventActions = {
  integration: ['created', 'updated', 'deleted', 'reconnected', 'disconnected', 'erased'],
  connection: ['tested', 'site_paused', 'connector_passed_over', 'answers_disturbed'],
  structure: ['pushed', 'fetched', 'outdated', 'type_gone', 'type_back'],
  sync: [
    'requested',
    'cancelled',
    'finished',
    'failed',
    'moved',
    'database_restored',
    'terms_failed',
    'term_changed',
    'links_changed',
    'links_read',
    'incomplete',
    'unknown_type',
    'type_gone',
  ],
  content: [
    'created',
    'edited',
    'removed',
    'excluded',
    'included',
    'pulled',
    'pull_failed',
    'fields_unread',
    'pushed',
    'push_failed',
    'being_edited',
    'already_there',
    'link_mismatch',
    'conflict',
    'conflict_resolved',
  ],
  webhook: [
    'created',
    'updated',
    'unchanged',
    'conflict',
    'settled_local',
    'settled_remote',
    'outdated',
    'deleted_remote',
    'echo',
    'unknown_content',
    'deferred',
    'announced',
    'link_mismatch',
    'excluded',
    'disconnected',
    'erased',
    'privacy_request',
    'taxonomy_not_synced',
    'links_changed',
    'held',
    'replayed',
    'dead',
  ],
  credentials: ['site_key_rotated', 'site_key_revoked', 'api_key_revealed', 'not_readable'],
} as const satisfies Record<EventType, readonly string[]>;

/** The action of a note about a write: the code of the note, which the site or its platform chooses. */
export type NoteAction = string & { readonly isNote: true };

export type EventAction<Type extends EventType = EventType> =
  | (typeof eventActions)[Type][number]
  | (Type extends 'content' ? NoteAction : never);

/** Makes the action of an event about a note from the code of the note. */
export function noteAction(code: string): NoteAction {
  return code as NoteAction;
}
