import { RemoteError } from '../../errors.ts';
import type { ContentService } from '../../services/content/content.service.ts';
import type { ContentEditService } from '../../services/content/contentEdit.service.ts';
import type { ContentSyncService } from '../../services/sync/pull/contentSync.service.ts';
import type { SiteStateService } from '../../services/sync/pull/siteState.service.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams } from '../schemas/common.schema.ts';
import {
  contentBody,
  contentQuery,
  contentSchema,
  contentsResponse,
  editContentRequest,
  newContentRequest,
  pullContentRequest,
  pullContentResponse,
  resolveConflictRequest,
} from '../schemas/content.schema.ts';
import { integrationsPath } from './integrations.router.ts';

const tag = 'Content';
const editor = { kind: 'user', role: 'editor' } as const;
const throttle = 'integration';

/** The routes of the contents that are synced. */
export function contentRoutes(
  contents: ContentService,
  edits: ContentEditService,
  siteState: SiteStateService,
  contentSync: ContentSyncService,
): Route[] {
  return [
    ...readRoutes(contents),
    ...editRoutes(edits),
    ...siteStateRoutes(contents, edits, siteState, contentSync),
  ];
}

function readRoutes(contents: ContentService): Route[] {
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
  ];
}

function editRoutes(edits: ContentEditService): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/content',
      access: editor,
      throttle,
      tag,
      takesLargeBody: true,
      summary: 'Create a content. Once its status is ready, the next sync publishes it on its site',
      request: { body: newContentRequest },
      responses: { 201: { description: 'The content', schema: contentSchema } },
      handler: async ({ scope, body }) => {
        const { site_id: siteId, content_type: contentType, ...edit } = body;
        return {
          status: 201,
          body: contentBody(await edits.create(scope, { siteId, contentType, ...edit })),
        };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/api/v1/content/:id',
      access: editor,
      throttle,
      tag,
      takesLargeBody: true,
      summary:
        'Edit a content; absent fields stay as they are. The body of a content that is built_with a page builder is refused',
      request: { params: idParams, body: editContentRequest },
      responses: { 200: { description: 'The content', schema: contentSchema } },
      handler: async ({ scope, params, body }) => ({
        status: 200,
        body: contentBody(await edits.update(scope, params.id, body)),
      }),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/v1/content/:id',
      access: editor,
      throttle,
      tag,
      summary: 'Delete a content here. The item on its site stays, and no sync brings the content back',
      request: { params: idParams },
      responses: { 204: { description: 'Deleted', schema: null } },
      handler: async ({ scope, params }) => {
        await edits.remove(scope, params.id);
        return { status: 204 };
      },
    }),
  ];
}

/** The routes that take over the state of the site. */
function siteStateRoutes(
  contents: ContentService,
  edits: ContentEditService,
  siteState: SiteStateService,
  contentSync: ContentSyncService,
): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/content/:id/resolve-conflict',
      access: editor,
      throttle,
      tag,
      summary: 'Resolve a conflict: keep the edits here, or take the state of the site',
      request: { params: idParams, body: resolveConflictRequest },
      responses: { 200: { description: 'The content', schema: contentSchema } },
      handler: async ({ scope, params, body }) => ({
        status: 200,
        body: contentBody(
          body.keep === 'local'
            ? await edits.keepLocal(scope, params.id)
            : await siteState.keepRemote(scope, params.id),
        ),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/v1/content/:id/include',
      access: editor,
      throttle,
      tag,
      summary: 'Take an excluded content back: its item is read again',
      request: { params: idParams },
      responses: { 200: { description: 'The content', schema: contentSchema } },
      handler: async ({ scope, params }) => ({
        status: 200,
        body: contentBody(await siteState.include(scope, params.id)),
      }),
    }),
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/sync-wordpress-content`,
      access: editor,
      throttle,
      tag,
      summary: 'Read the state of one content from its site',
      request: { params: idParams, body: pullContentRequest },
      responses: { 200: { description: 'The outcome', schema: pullContentResponse } },
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
