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
      description: 'The id: a text or a whole number, unlike any other of the list.',
    }),
    title: text.meta({ description: 'Must be there in every item.' }),
    slug: text.meta({ description: 'Empty where it is absent.' }),
    body: text.meta({ description: 'Must be there in every item.' }),
    excerpt: text.meta({ description: 'Empty where it is absent.' }),
    status: z
      .strictObject({
        at: jsonPointer,
        values: z
          .strictObject({ published: words, draft: words.exactOptional(), gone: words.exactOptional() })
          .meta({
            description:
              "The API's words for each status; the first of each is what is written. `gone` items are no content.",
          }),
      })
      .exactOptional()
      .meta({ description: 'Must be there in every item; without it all is published.' }),
    url: text.meta({ description: 'Where people see the item.' }),
    modified_at: text.meta({
      description: 'ISO 8601, or seconds or milliseconds since 1970. Without an offset it is taken for UTC.',
    }),
    content_key: text.meta({
      description: 'Where the API keeps our key of the content, a UUID: by it an item is known for ever.',
    }),
    content_id: text.meta({
      description:
        'Where the API keeps our number of the content. Numbers come back with a restored database: use content_key.',
    }),
    created_at: text.meta({
      description: 'When the item was made; by it an item is told from another that got its id.',
    }),
    terms: z
      .strictObject({
        at: jsonPointer.meta({ description: 'A list of terms.' }),
        taxonomy: z.string().min(1).max(100).meta({ description: 'What they are called here, such as tag.' }),
        slug: jsonPointer.meta({ description: 'Within a term; empty where a term is a text.' }),
        name: jsonPointer.exactOptional().meta({ description: 'Within a term; the slug by default.' }),
      })
      .exactOptional(),
    metadata: z.record(z.string().min(1).max(100), jsonPointer).exactOptional().meta({
      description: 'Further values by the names that they have here; absent where they are absent.',
    }),
  })
  .meta({ description: 'Where the parts of an item are, by JSON pointers within it.' });

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
  .meta({ description: 'Where in the answer the item is; the whole answer by default.' });
const type = z
  .strictObject({
    slug: z
      .string()
      .max(100)
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be of lower-case letters, digits, - and _'),
    label: z.string().min(1).max(200),
  })
  .meta({ description: 'The one content type that this description makes.' });

const list = z
  .strictObject({
    path: requestPath([]).meta({ description: 'Below base_url; a query may belong to it.' }),
    items: jsonPointer.meta({ description: 'Where in the answer the list is; empty for the answer itself.' }),
    total: jsonPointer
      .exactOptional()
      .meta({ description: 'Where an answer says how many items there are.' }),
    total_header: headerName
      .exactOptional()
      .meta({ description: 'The header that says so, as X-Total-Count.' }),
    since_param: parameterName.exactOptional().meta({
      description:
        'The parameter that asks for what has changed since a time in ISO 8601. Without it everything is read.',
    }),
  })
  .meta({ description: 'The request that lists all items (GET).' });

const find = z
  .strictObject({
    param: parameterName.meta({ description: 'A parameter of the list that narrows it.' }),
    by: z.enum(['slug', 'content_key', 'content_id']).meta({
      description: 'By content_id an item is taken only where it has the very title and body that were sent.',
    }),
  })
  .meta({
    description:
      'How to look for what became of a create that was not answered, so that it is not done twice.',
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
      .meta({ description: 'The request that reads one (GET). Without it the list is read instead.' }),
    create: z
      .strictObject({
        method: z.enum(['POST', 'PUT']).exactOptional().meta({ description: 'POST by default.' }),
        path: requestPath([]),
        at,
        find: find.exactOptional(),
      })
      .exactOptional()
      .meta({ description: 'The request that makes one; it bears an Idempotency-Key.' }),
    update: z
      .strictObject({
        method: z
          .enum(['PATCH', 'PUT', 'POST'])
          .exactOptional()
          .meta({ description: 'PATCH by default. A PUT sends every field, others what has changed.' }),
        path: requestPath(['id']),
        at,
      })
      .exactOptional()
      .meta({ description: 'The request that changes one.' }),
    map,
    write: z
      .array(z.enum(WRITABLE))
      .min(1)
      .exactOptional()
      .meta({ description: 'What is written of what is mapped; all but terms and metadata by default.' }),
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

/** What is written of what is mapped. */
export function writtenFields({ map, write }: Pick<ContentDescription, 'map' | 'write'>): WritableField[] {
  const chosen = write ?? WRITABLE.filter((field) => field !== 'terms' && field !== 'metadata');
  return chosen.filter((field) => map[field] !== undefined);
}

interface WrittenPointer {
  path: string[];
  pointer: string;
}

/** Tries what writing will do: those pointers that cannot be written to beside the others. */
function unwritable(pointers: WrittenPointer[]): { path: string[]; message: string }[] {
  const body: JsonObject = {};
  return pointers.flatMap(({ path, pointer }) => {
    try {
      // Alone, as an update may send one field alone; then beside the others.
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
  // A term that is a text is written as it is.
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
