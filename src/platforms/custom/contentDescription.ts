import { z } from 'zod';
import type { JsonObject } from '../connection.ts';
import { headerName, jsonPointer, parameterName, requestPath } from './fields.ts';
import { PointerError, writePointer } from './jsonPointer.ts';
import { pagingSchema } from './pagingDescription.ts';

const text = jsonPointer.exactOptional();

const words = z
  .array(z.union([z.string().max(100), z.boolean(), z.int()]))
  .min(1)
  .max(50);

const map = z
  .strictObject({
    external_id: jsonPointer.meta({
      description: 'The id: a text or a whole number, unique in the list.',
    }),
    title: text.meta({ description: 'Required in every item.' }),
    slug: text.meta({ description: 'Empty if the item has none.' }),
    body: text.meta({ description: 'Required in every item.' }),
    excerpt: text.meta({ description: 'Empty if the item has none.' }),
    status: z
      .strictObject({
        at: jsonPointer,
        values: z
          .strictObject({ published: words, draft: words.exactOptional(), gone: words.exactOptional() })
          .meta({
            description:
              "The API's words for each status. Writes use the first word. Items with a `gone` status do not belong to the content.",
          }),
      })
      .exactOptional()
      .meta({ description: 'Required in every item. Without this mapping, every item counts as published.' }),
    url: text.meta({ description: 'Where people see the item.' }),
    modified_at: text.meta({
      description: 'ISO 8601, or seconds or milliseconds since 1970. A time without an offset counts as UTC.',
    }),
    content_key: text.meta({
      description:
        'Where the API stores our key of the content, a UUID. The key identifies the item permanently.',
    }),
    content_id: text.meta({
      description:
        'Where the API stores our number of the content. A restored database uses numbers again: use content_key.',
    }),
    created_at: text.meta({
      description: 'When the item was created. It tells the item from a later item with the same id.',
    }),
    terms: z
      .strictObject({
        at: jsonPointer.meta({ description: 'A list of terms.' }),
        taxonomy: z
          .string()
          .min(1)
          .max(100)
          .meta({ description: 'The name of their taxonomy here, such as tag.' }),
        slug: jsonPointer.meta({ description: 'Within a term; empty if a term is a plain text.' }),
        name: jsonPointer.exactOptional().meta({ description: 'Within a term; the slug by default.' }),
      })
      .exactOptional(),
    metadata: z.record(z.string().min(1).max(100), jsonPointer).exactOptional().meta({
      description: 'Further values by their names here. A value that the item lacks is left out.',
    }),
  })
  .meta({ description: 'Where the parts of an item are, as JSON pointers within the item.' });

const WRITABLE = [
  'title',
  'slug',
  'body',
  'excerpt',
  'status',
  'content_key',
  'content_id',
  'terms',
  'metadata',
] as const;
export type WritableField = (typeof WRITABLE)[number];

const at = jsonPointer
  .exactOptional()
  .meta({ description: 'Where the item is in the answer; the whole answer by default.' });
const type = z
  .strictObject({
    slug: z
      .string()
      .max(100)
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be of lower-case letters, digits, - and _'),
    label: z.string().min(1).max(200),
  })
  .meta({ description: 'The one content type of this description.' });

const list = z
  .strictObject({
    path: requestPath([]).meta({ description: 'Below base_url; may contain a query.' }),
    items: jsonPointer.meta({
      description: 'Where the list is in the answer; empty if the answer is the list.',
    }),
    total: jsonPointer
      .exactOptional()
      .meta({ description: 'Where an answer says how many items there are.' }),
    total_header: headerName
      .exactOptional()
      .meta({ description: 'The header with the number of items, such as X-Total-Count.' }),
    since_param: parameterName.exactOptional().meta({
      description:
        'The parameter that asks for items changed since a time in ISO 8601. Without it, all items are read.',
    }),
  })
  .meta({ description: 'The request that lists all items (GET).' });

const find = z
  .strictObject({
    param: parameterName.meta({ description: 'A parameter that filters the list.' }),
    by: z.enum(['slug', 'content_key', 'content_id']).meta({
      description:
        'With content_id, an item counts only if it also has exactly the title and body that were sent.',
    }),
  })
  .meta({
    description:
      'How to find the item of a create whose answer was lost, so that it is not created twice. If the map has content_key, the list is searched for the key as well.',
  });

/** `config_json.content`: how an API lists, reads and takes the items of one type. */
export const contentSchema = z
  .strictObject({
    type,
    list,
    paging: pagingSchema,
    item: z
      .strictObject({ path: requestPath(['id']), at })
      .exactOptional()
      .meta({ description: 'The request that reads one item (GET). Without it, the list is read instead.' }),
    create: z
      .strictObject({
        method: z.enum(['POST', 'PUT']).exactOptional().meta({ description: 'POST by default.' }),
        path: requestPath([]),
        at,
        find: find.exactOptional(),
      })
      .exactOptional()
      .meta({ description: 'The request that creates an item. It carries an Idempotency-Key.' }),
    update: z
      .strictObject({
        method: z
          .enum(['PATCH', 'PUT', 'POST'])
          .exactOptional()
          .meta({ description: 'PATCH by default. PUT sends every field, the others only changed fields.' }),
        path: requestPath(['id']),
        at,
      })
      .exactOptional()
      .meta({ description: 'The request that changes an item.' }),
    map,
    write: z
      .array(z.enum(WRITABLE))
      .min(1)
      .exactOptional()
      .meta({ description: 'The mapped fields that are written; all but terms and metadata by default.' }),
  })
  .superRefine((given, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (given.list.since_param !== undefined && given.map.modified_at === undefined) {
      issue(['map', 'modified_at'], 'is needed for list.since_param.');
    }
    const known = Object.values(given.map.status?.values ?? {})
      .flat()
      .map(String);
    if (new Set(known).size < known.length) {
      issue(['map', 'status', 'values'], 'has a word that means two things');
    }
    const by = given.create?.find?.by;
    if (by !== undefined && given.map[by] === undefined) {
      issue(['map', by], 'is needed for create.find.');
    }
    for (const field of given.write ?? []) {
      if (given.map[field] === undefined) issue(['write'], `names ${field}, which is not mapped`);
    }
    if (given.create === undefined && given.update === undefined) return;
    for (const { path, message } of [
      ...unwritable(writtenPointers(given)),
      ...unwritable(writtenTermPointers(given)),
    ]) {
      issue(['map', ...path], message);
    }
  })
  .meta({ description: 'The content of the API, if it has any.' });

export type ContentDescription = z.output<typeof contentSchema>;
export type ContentMap = ContentDescription['map'];

/** The mapped fields that are written. */
export function writtenFields({ map, write }: Pick<ContentDescription, 'map' | 'write'>): WritableField[] {
  const chosen = write ?? WRITABLE.filter((field) => field !== 'terms' && field !== 'metadata');
  return chosen.filter((field) => map[field] !== undefined);
}

interface WrittenPointer {
  path: string[];
  pointer: string;
}

/**
 * Tries the writes to these pointers. Returns those that cannot be written, alone or together with the
 * others.
 */
function unwritable(pointers: WrittenPointer[]): { path: string[]; message: string }[] {
  const body: JsonObject = {};
  return pointers.flatMap(({ path, pointer }) => {
    try {
      // First alone, as an update may send a single field; then together with the others.
      writePointer({}, pointer, '');
      writePointer(body, pointer, '');
      return [];
    } catch (error) {
      if (!(error instanceof PointerError)) throw error;
      return [{ path, message: error.message }];
    }
  });
}

function writtenTermPointers(given: Pick<ContentDescription, 'map' | 'write'>): WrittenPointer[] {
  const { terms } = given.map;
  // A term that is a plain text has no pointers within it.
  if (terms === undefined || terms.slug === '' || !writtenFields(given).includes('terms')) return [];
  return [
    { path: ['terms', 'slug'], pointer: terms.slug },
    ...(terms.name === undefined ? [] : [{ path: ['terms', 'name'], pointer: terms.name }]),
  ];
}

function writtenPointers(given: Pick<ContentDescription, 'map' | 'write'>) {
  const { map } = given;
  return writtenFields(given).flatMap((field): WrittenPointer[] => {
    if (field === 'metadata') {
      return Object.entries(map.metadata ?? {}).map(([name, pointer]) => ({ path: [field, name], pointer }));
    }
    if (field === 'status' || field === 'terms') {
      return [{ path: [field, 'at'], pointer: map[field]?.at ?? '' }];
    }
    return [{ path: [field], pointer: map[field] ?? '' }];
  });
}
