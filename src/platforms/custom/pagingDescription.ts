import { z } from 'zod';
import { jsonPointer, parameterName } from './fields.ts';

const maxPages = z
  .int()
  .min(1)
  .max(1_000_000)
  .exactOptional()
  .meta({ description: 'A list with more pages counts as endless; 10000 by default.' });
const size = z.int().min(1).max(10_000).exactOptional();

/** `config_json.content.paging`: how a list comes in pages. */
export const pagingSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('page'),
        param: parameterName
          .exactOptional()
          .meta({ description: 'The parameter with the number of the page; `page` by default.' }),
        first: z
          .int()
          .min(0)
          .max(1)
          .exactOptional()
          .meta({ description: 'The number of the first page; 1 by default.' }),
        size_param: parameterName
          .exactOptional()
          .meta({ description: 'The parameter with the number of items on a page.' }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({
        description:
          'Pages by number. The list ends with an empty page, with a page that is refused (400, 404, 410, 416), or with the last page again. Behind as many items as `list.total` counts, any refusal (4xx, 5xx) ends it.',
      }),
    z
      .strictObject({
        type: z.literal('offset'),
        param: parameterName
          .exactOptional()
          .meta({ description: 'The parameter with the number of items to skip; `offset` by default.' }),
        size_param: parameterName
          .exactOptional()
          .meta({ description: 'The parameter with the number of items on a page; `limit` by default.' }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({
        description:
          'Pages by the number of items to skip. The list ends with an empty page, with a page that is refused (400, 404, 410, 416), or with the last page again. Behind as many items as `list.total` counts, any refusal (4xx, 5xx) ends it.',
      }),
    z
      .strictObject({
        type: z.literal('cursor'),
        param: parameterName
          .exactOptional()
          .meta({ description: 'The parameter with the cursor; `cursor` by default.' }),
        next: jsonPointer.meta({
          description: 'Where an answer holds the next cursor. The list ends with an answer that holds none.',
        }),
        size_param: parameterName.exactOptional().meta({
          description:
            'The parameter with the number of items on a page, so that a page that is too large for the API is asked for in parts.',
        }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({ description: 'Pages by cursor: each answer holds the cursor of the next page.' }),
    z
      .strictObject({
        type: z.literal('link'),
        next: jsonPointer.exactOptional().meta({
          description:
            'Where an answer holds the URL of the next page; the header Link (RFC 8288) by default.',
        }),
        size_param: parameterName.exactOptional().meta({
          description:
            'The parameter with the number of items on a page, so that a page that is too large for the API is asked for in parts.',
        }),
        size: size.meta({ description: 'Sent as size_param; 100 by default.' }),
        max_pages: maxPages,
      })
      .meta({
        description: 'Pages by link: each answer holds the URL of the next page, on the same server.',
      }),
  ])
  .meta({ description: 'How a list comes in pages.' });
