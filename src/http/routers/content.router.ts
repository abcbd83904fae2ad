import { RemoteError } from '../../errors.ts';
import type { ContentService } from '../../services/content.service.ts';
import type { ContentSyncService } from '../../services/contentSync.service.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams } from '../schemas/common.schema.ts';
import {
  contentBody,
  contentQuery,
  contentSchema,
  contentsResponse,
  pullContentRequest,
  pullContentResponse,
} from '../schemas/content.schema.ts';
import { integrationsPath } from './integrations.router.ts';

const tag = 'Content';
const editor = { kind: 'user', role: 'editor' } as const;
const throttle = 'integration';

/** What is synced. */
export function contentRoutes(contents: ContentService, contentSync: ContentSyncService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/v1/content',
      access: editor,
      throttle,
      tag,
      summary: 'The contents of the account, oldest first',
      request: { query: contentQuery },
      responses: { 200: { description: 'A page of contents', schema: contentsResponse } },
      handler: async ({ scope, query }) => {
        const { contents: page, nextAfter } = await contents.list(scope, {
          limit: query.limit,
          ...(query.site_id === undefined ? {} : { siteId: query.site_id }),
          ...(query.sync_state === undefined ? {} : { syncState: query.sync_state }),
          ...(query.status === undefined ? {} : { status: query.status }),
          ...(query.content_type === undefined ? {} : { contentType: query.content_type }),
          ...(query.cursor === undefined ? {} : { after: query.cursor }),
        });
        return {
          status: 200,
          body: {
            results: page.map(contentBody),
            next_cursor: nextAfter === null ? null : String(nextAfter),
          },
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/v1/content/:id',
      access: editor,
      throttle,
      tag,
      summary: 'One content',
      request: { params: idParams },
      responses: { 200: { description: 'The content', schema: contentSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: contentBody(await contents.get(scope, params.id)),
      }),
    }),
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/sync-wordpress-content`,
      access: editor,
      throttle,
      tag,
      summary: "Read one content's state from its site",
      request: { params: idParams, body: pullContentRequest },
      responses: { 200: { description: 'What it came to', schema: pullContentResponse } },
      handler: async ({ scope, params, body }) => {
        try {
          const { outcome, content } = await contentSync.pullStored(scope, params.id, body.content_id);
          const changed = outcome !== 'unchanged' && outcome !== 'outdated';
          return { status: 200, body: { success: true, content: content && contentBody(content), changed } };
        } catch (error) {
          if (!(error instanceof RemoteError)) throw error;
          const content = await contents.get(scope, body.content_id);
          const told = { code: error.code, message: error.message };
          return {
            status: 200,
            body: { success: false, content: contentBody(content), changed: false, error: told },
          };
        }
      },
    }),
  ];
}
