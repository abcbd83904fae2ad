import { z } from 'zod';
import { jsonPointer, parameterName } from './fields.ts';

const maxPages = z
  .int()
  .min(1)
  .max(1_000_000)
  .exactOptional()
  .meta({ description: 'A list longer than this is taken for one that never ends; 10000 by default.' });
const size = z.int().min(1).max(10_000).exactOptional();

/** `config_json.content.paging`: how a list comes in pages. */
export const pagingSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('page'),
        param: parameterName
          .exactOptional()
          .meta({ description: 'Holds the number of the page; `page` by default.' }),
        first: z.int().min(0).max(1).exactOptional().meta({ description: 'The first number; 1 by default.' }),
        size_param: parameterName.exactOptional().meta({ description: 'Holds how many items a page has.' }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({ description: 'By number. The list ends with an empty page, or one that is not there (404).' }),
    z
      .strictObject({
        type: z.literal('offset'),
        param: parameterName
          .exactOptional()
          .meta({ description: 'Holds how many to skip; `offset` by default.' }),
        size_param: parameterName
          .exactOptional()
          .meta({ description: 'Holds how many items a page has; `limit` by default.' }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({ description: 'By how many items to skip. The list ends with an empty page.' }),
    z
      .strictObject({
        type: z.literal('cursor'),
        param: parameterName.exactOptional().meta({ description: 'Holds the cursor; `cursor` by default.' }),
        next: jsonPointer.meta({
          description: 'Where an answer says what cursor comes next; the list ends where it says nothing.',
        }),
        max_pages: maxPages,
      })
      .meta({ description: 'By a cursor that each answer holds for the next.' }),
    z
      .strictObject({
        type: z.literal('link'),
        next: jsonPointer.exactOptional().meta({
          description:
            'Where an answer holds the URL of the next page; the header Link (RFC 8288) by default.',
        }),
        max_pages: maxPages,
      })
      .meta({ description: 'By the URL of the next page, on the same server.' }),
  ])
  .meta({ description: 'How a list comes in pages.' });
