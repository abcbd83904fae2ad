import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type { Connection } from '../../../src/platforms/connection.ts';
import type { SiteStructure } from '../../../src/platforms/platform.ts';
import { metadataWebhook, statusWebhook } from '../../../src/platforms/wordpress/webhooks/bodies.ts';
import { createWordpressPlatform } from '../../../src/platforms/wordpress/wordpress.platform.ts';
import { signRequest } from '../../../src/security/requestSignature.ts';
import { testPace } from '../../support/contentCaller.ts';
import { SERVER_ID } from '../../support/identity.ts';
import { describeBatches } from './batchContract.ts';
import { describeClosedPosts } from './closedPostsContract.ts';
import { describeConnectorContent } from './connectorContentContract.ts';
import { describeLists } from './contentContract.ts';
import {
  BREAKS,
  type Break,
  ContractClient,
  type ContractShape,
  type ContractSite,
  type JsonAnswer,
  type Pair,
} from './contractSite.ts';
import { describeMedia } from './mediaContract.ts';
import { describeRewriting } from './rewritingContract.ts';
import { describeSignatures } from './signatureContract.ts';
import { describeTerms } from './termContract.ts';
import { describeWrites } from './writeContract.ts';

/**
 * The facts about WordPress and the connector plugin on which our code relies. Both the simulation and the
 * real programs must pass these tests. Otherwise the simulation would drift from the real ones.
 */

const listed = z.array(z.object({ id: z.int(), title: z.object({ raw: z.string() }) }));

const NEEDED = { edit_posts: true, edit_others_posts: true, publish_posts: true };

/** All of the contract, or the facts about the connector alone. */
export type ContractScope = 'whole' | 'connector';

const SHAPES_OF_THE_WHOLE_CONTRACT = [{}, { plainPermalinks: true }, { subdirectory: 'blog' }];

/** Checks the facts against the site that `start` returns: the whole contract in three configurations. */
export function describeWordpress(
  name: string,
  start: (shape: ContractShape) => Promise<ContractSite>,
  scope: ContractScope = 'whole',
): void {
  const describeCore = (about: string, facts: () => void): void => {
    if (scope === 'whole') describe(about, facts);
  };
  describe.each<ContractShape>(scope === 'whole' ? SHAPES_OF_THE_WHOLE_CONTRACT : [{}])(
    `${name} %j`,
    (shape) => {
      let site: ContractSite;
      let stop: () => Promise<void> = async () => undefined;
      const outbound = new OutboundClient({ allow: ['127.0.0.0/8'] });
      const platform = createWordpressPlatform({ outbound, clock: Date.now });

      beforeAll(async () => {
        site = await start(shape);
        stop = site.stop;
      });
      afterEach(() => site.mend());
      afterAll(async () => {
        outbound.close();
        await stop();
      });

      function rest(route: string, query = ''): string {
        if (shape.plainPermalinks)
          return `${site.url}/?rest_route=${route}${query === '' ? '' : `&${query}`}`;
        return `${site.url}/wp-json${route}${query === '' ? '' : `?${query}`}`;
      }

      async function get(url: string, headers: Record<string, string> = {}): Promise<JsonAnswer> {
        const answer = await fetch(url, { headers });
        const json: unknown = await answer.json();
        return { status: answer.status, headers: answer.headers, json };
      }

      function as(pair: Pair): Record<string, string> {
        const text = `${pair.username}:${pair.application_password}`;
        return { Authorization: `Basic ${Buffer.from(text).toString('base64')}` };
      }

      function signed(
        url: string,
        {
          method = 'GET',
          ...changes
        }: {
          method?: string;
          siteId?: number;
          siteKey?: string;
          now?: number;
          nonce?: string;
        } = {},
      ) {
        const { pathname, search, searchParams } = new URL(url);
        const route = searchParams.get('rest_route') ?? pathname.replace(/^.*?\/wp-json(?=\/)/, '');
        const context = {
          version: 'v2' as const,
          siteId: site.siteId,
          siteKey: site.siteKey,
          serverId: SERVER_ID,
          now: Date.now(),
          nonce: randomBytes(8).toString('hex'),
        };
        return signRequest({ method, target: pathname + search, route }, { ...context, ...changes });
      }

      function connection(changes: Partial<Connection> = {}): Connection {
        return {
          siteId: site.siteId,
          siteKey: site.siteKey,
          serverId: SERVER_ID,
          siteUrl: site.url,
          credentials: {},
          config: {},
          ...changes,
        };
      }

      async function structure(changes: Partial<Connection> = {}): Promise<SiteStructure> {
        if (platform.readStructure === undefined) throw new Error('WordPress reads no structure.');
        return platform.readStructure(connection(changes));
      }

      describeCore('finding the REST API', () => {
        it('the home page links to it', async () => {
          const home = await fetch(`${site.url}/`);
          const root = shape.plainPermalinks ? `${site.url}/index.php?rest_route=/` : `${site.url}/wp-json/`;
          expect(home.headers.get('link')).toContain(`<${root}>; rel="https://api.w.org/"`);
          expect(await home.text()).toMatch(/<meta name="generator" content="WordPress [\d.]+/);
        });

        it('its root has the site, its home and its namespaces, and only the requested fields', async () => {
          const { status, json } = await get(rest('/', '_fields=name,home,namespaces,authentication'));
          expect(status).toBe(200);
          expect(json).toMatchObject({
            name: expect.any(String),
            home: site.url,
            namespaces: expect.arrayContaining(['wp/v2', 'sitebridge/v1']),
            authentication: { 'application-passwords': expect.anything() },
          });
          // The list of all routes makes the root large.
          expect(json).not.toHaveProperty('routes');
        });

        it('/wp-json/ exists with pretty permalinks only, the parameter always works', async () => {
          const pretty = await fetch(`${site.url}/wp-json/`);
          expect(pretty.status).toBe(shape.plainPermalinks ? 404 : 200);
          for (const path of ['/?rest_route=/', '/index.php?rest_route=/']) {
            expect((await get(site.url + path)).json).toMatchObject({ home: site.url });
          }
        });

        it('a missing route is a 404 rest_no_route', async () => {
          expect(await get(rest('/no/such/route'))).toMatchObject({
            status: 404,
            json: { code: 'rest_no_route', message: expect.any(String), data: { status: 404 } },
          });
        });
      });

      describeCore('application passwords', () => {
        const ME = ['/wp/v2/users/me', 'context=edit&_fields=id,roles,capabilities'] as const;

        it('a wrong password is refused in one of two ways when a sign-in is required', async () => {
          const wrong = { ...site.editor, application_password: 'wrong' };
          const { status, json } = await get(rest(...ME), as(wrong));
          expect(status).toBe(401);
          expect(json).toMatchObject({
            code: expect.stringMatching(/^(rest_not_logged_in|incorrect_password)$/),
          });
        });

        it('a request without a password is rest_not_logged_in', async () => {
          expect(await get(rest(...ME))).toMatchObject({ status: 401, json: { code: 'rest_not_logged_in' } });
        });

        it('the right password gives the user with the capabilities that they have', async () => {
          const { status, json } = await get(rest(...ME), as(site.editor));
          expect(status).toBe(200);
          expect(json).toMatchObject({ id: expect.any(Number), roles: ['editor'], capabilities: NEEDED });
          const spaced = {
            ...site.editor,
            application_password: site.editor.application_password.replace(/^(....)/, '$1 '),
          };
          expect((await get(rest(...ME), as(spaced))).status).toBe(200);
        });

        it('a low role lacks the capabilities in the list', async () => {
          const { status, json } = await get(rest(...ME), as(site.subscriber));
          expect(status).toBe(200);
          expect(json).not.toMatchObject({ capabilities: { edit_posts: expect.anything() } });
        });

        it('XML-RPC tells a right password from a wrong one, as it reads them from the body', async () => {
          const ask = async ({ username, application_password }: Pair) => {
            const params = [username, application_password]
              .map((text) => `<param><value><string>${text}</string></value></param>`)
              .join('');
            const answer = await fetch(`${site.url}/xmlrpc.php`, {
              method: 'POST',
              headers: { 'Content-Type': 'text/xml' },
              body: `<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>${params}</params></methodCall>`,
            });
            return { status: answer.status, text: await answer.text() };
          };
          expect(await ask(site.editor)).toMatchObject({
            status: 200,
            text: expect.stringContaining('<name>blogid</name>'),
          });
          const wrong = await ask({ ...site.editor, application_password: 'wrong' });
          expect(wrong).toMatchObject({ status: 200, text: expect.stringContaining('<int>403</int>') });
          expect(wrong.text).not.toContain('blogid');
        });
      });

      describeCore('content', () => {
        it.each([
          ['/wp/v2/posts', 'context=edit&per_page=1', 'rest_forbidden_context'],
          ['/wp/v2/types', 'context=edit', 'rest_cannot_view'],
          ['/wp/v2/taxonomies', 'context=edit', 'rest_cannot_view'],
          ['/wp/v2/statuses', 'context=edit', 'rest_cannot_view'],
          ['/wp/v2/categories', 'context=edit', 'rest_forbidden_context'],
        ])('%s for editing is closed: 401 to nobody, 403 to a subscriber', async (route, query, code) => {
          expect(await get(rest(route, query))).toMatchObject({ status: 401, json: { code } });
          expect(await get(rest(route, query), as(site.subscriber))).toMatchObject({
            status: 403,
            json: { code },
          });
        });

        it('WordPress itself refuses a POST to the post 0, and so proves that writes reach it', async () => {
          const answer = await fetch(rest('/wp/v2/posts/0'), {
            method: 'POST',
            headers: { ...as(site.editor), 'Content-Type': 'application/json' },
            body: '{}',
          });
          expect(answer.status).toBe(404);
          expect(await answer.json()).toMatchObject({
            code: 'rest_post_invalid_id',
            data: { status: 404 },
          });
        });

        it('a signed POST to the ping is answered as a GET, or by rest_no_route before 0.6.0', async () => {
          const url = rest('/sitebridge/v1/ping');
          const answer = await fetch(url, { method: 'POST', headers: signed(url, { method: 'POST' }) });
          const json: unknown = await answer.json();
          if (answer.status === 200) expect(json).toMatchObject({ ok: true, site_id: site.siteId });
          else expect(json).toMatchObject({ code: 'rest_no_route', data: { status: 404 } });
        });

        it('statuses other than published are an invalid parameter without the permission', async () => {
          expect(await get(rest('/wp/v2/posts', 'status=any'))).toMatchObject({
            status: 400,
            json: { code: 'rest_invalid_param' },
          });
        });

        it('any status counts more posts than published ones, in X-WP-Total', async () => {
          const query = 'context=edit&per_page=1&_fields=id';
          const published = await get(rest('/wp/v2/posts', query), as(site.editor));
          const any = await get(rest('/wp/v2/posts', `${query}&status=any`), as(site.editor));
          expect(any).toMatchObject({ status: 200, json: [{ id: expect.any(Number) }] });
          expect(Number(any.headers.get('x-wp-total'))).toBeGreaterThan(
            Number(published.headers.get('x-wp-total')),
          );
        });

        it('a page holds at most 100', async () => {
          expect(await get(rest('/wp/v2/posts', 'per_page=101'))).toMatchObject({ status: 400 });
        });

        it('statuses are listed, without internal ones and the trash', async () => {
          const { json } = await get(rest('/wp/v2/statuses', 'context=edit'), as(site.editor));
          expect(Object.keys(Object(json)).sort()).toEqual([
            'draft',
            'future',
            'pending',
            'private',
            'publish',
            'shelved',
            'trash',
          ]);
        });

        it('types and taxonomies have their names, bases and relations', async () => {
          const types = await get(rest('/wp/v2/types', 'context=edit'), as(site.editor));
          expect(types.json).toMatchObject({
            post: {
              name: 'Posts',
              rest_base: 'posts',
              rest_namespace: 'wp/v2',
              hierarchical: false,
              taxonomies: ['category', 'post_tag'],
            },
            film: { rest_base: 'films', rest_namespace: 'cinema/v1', taxonomies: ['mood'] },
            attachment: { rest_base: 'media' },
            wp_block: { rest_base: 'blocks' },
          });
          const taxonomies = await get(rest('/wp/v2/taxonomies', 'context=edit'), as(site.editor));
          expect(taxonomies.json).toMatchObject({
            category: { name: 'Categories', rest_base: 'categories', hierarchical: true, types: ['post'] },
            mood: { rest_base: 'moods', rest_namespace: 'cinema/v1', types: ['film'] },
          });
        });
      });

      describeCore('one post', () => {
        // The fields that our code requests.
        const FIELDS =
          'context=edit&_embed=wp:term&_fields=id,type,status,slug,link,modified_gmt,title.raw,content.raw,' +
          'excerpt.raw,meta,featured_media,_links.wp:term,_embedded.wp:term';

        /** The id of a post with terms, a post in the trash, or a page. */
        async function idOf(base: string, status: string): Promise<number> {
          const { json } = await get(
            rest(`/wp/v2/${base}`, `context=edit&status=${status}&per_page=100&_fields=id,title`),
            as(site.editor),
          );
          const posts = listed.parse(json);
          const [post] = posts.filter(({ title }) => title.raw !== 'Hello world!');
          if (post === undefined) throw new Error(`No ${status} ${base}.`);
          return post.id;
        }

        it('has raw values and embedded terms, by signature and by application password', async () => {
          const url = rest(`/wp/v2/posts/${await idOf('posts', 'publish')}`, FIELDS);
          const bySignature = await get(url, signed(url));
          expect(bySignature.status).toBe(200);
          expect(bySignature.json).toEqual({
            id: expect.any(Number),
            type: 'post',
            status: 'publish',
            slug: expect.stringMatching(/^post-\d/),
            link: expect.stringContaining(site.url),
            modified_gmt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
            title: { raw: expect.stringMatching(/^post \d/i) },
            content: { raw: expect.stringMatching(/^<!-- wp:paragraph -->\n<p>Text \d/) },
            excerpt: { raw: '' },
            featured_media: 0,
            meta: expect.anything(),
            // WordPress returns all links when a request asks for one.
            _links: expect.objectContaining({
              'wp:term': expect.arrayContaining([expect.objectContaining({ embeddable: true })]),
            }),
            _embedded: {
              'wp:term': [
                [expect.objectContaining({ taxonomy: 'category', slug: 'news', name: 'News' })],
                [expect.objectContaining({ taxonomy: 'post_tag', slug: 'green', name: 'green' })],
              ],
            },
          });
          expect((await get(url, as(site.editor))).json).toEqual(bySignature.json);
        });

        it('can be read in the trash too', async () => {
          const id = await idOf('posts', 'trash');
          expect(await get(rest(`/wp/v2/posts/${id}`, FIELDS), as(site.editor))).toMatchObject({
            status: 200,
            json: { id, status: 'trash' },
          });
        });

        it('for editing is closed: 401 to nobody, 403 to a subscriber', async () => {
          const url = rest(`/wp/v2/posts/${await idOf('posts', 'publish')}`, FIELDS);
          expect(await get(url)).toMatchObject({ status: 401, json: { code: 'rest_forbidden_context' } });
          expect(await get(url, as(site.subscriber))).toMatchObject({
            status: 403,
            json: { code: 'rest_forbidden_context' },
          });
        });

        it('is in webhooks as in the REST API, and the server accepts these webhooks', async () => {
          const id = await idOf('posts', 'publish');
          const { json } = await get(rest(`/wp/v2/posts/${id}`, FIELDS), as(site.editor));
          const shown = z
            .object({
              status: z.string(),
              link: z.string(),
              slug: z.string(),
              modified_gmt: z.string(),
              title: z.object({ raw: z.string() }),
              excerpt: z.object({ raw: z.string() }),
            })
            .parse(json);
          const head = { external_id: String(id), post_type: 'post', modified_gmt: `${shown.modified_gmt}Z` };
          const status: unknown = JSON.parse(await site.postMessage('status', id));
          expect(status).toEqual({ ...head, status: shown.status, url: shown.link });
          const metadata: unknown = JSON.parse(await site.postMessage('metadata', id));
          expect(metadata).toEqual({
            ...head,
            title: shown.title.raw,
            slug: shown.slug,
            excerpt: shown.excerpt.raw,
            terms: expect.any(Array),
            meta: expect.any(Object),
          });
          expect(statusWebhook.safeParse(status)).toMatchObject({ success: true });
          expect(metadataWebhook.safeParse(metadata)).toMatchObject({ success: true });
        });

        it('is a 404 rest_post_invalid_id when its id is missing or of another type', async () => {
          for (const id of [2_000_000_000, await idOf('pages', 'publish')]) {
            expect(await get(rest(`/wp/v2/posts/${id}`, FIELDS), as(site.editor))).toMatchObject({
              status: 404,
              json: { code: 'rest_post_invalid_id', data: { status: 404 } },
            });
          }
        });

        it('is read by our platform, with the same result with and without the connector', async () => {
          const externalId = String(await idOf('posts', 'publish'));
          const type = { slug: 'post', structure: null };
          const read = async (as: Connection, id: string, of = type) =>
            (await platform.content?.open(as, testPace()))?.read(of, [id]);
          const found = await read(connection(), externalId);
          expect(found?.items[0]).toMatchObject({
            externalId,
            contentType: 'post',
            status: 'published',
            externalStatus: 'publish',
            body: expect.stringMatching(/^<!-- wp:paragraph -->\n<p>Text \d/),
            terms: [
              { taxonomy: 'category', slug: 'news', name: 'News' },
              { taxonomy: 'post_tag', slug: 'green', name: 'green' },
            ],
          });
          const gone = { items: [], faults: [] };
          expect(await read(connection(), '2000000000')).toEqual({ ...gone, gone: ['2000000000'] });
          const page = { slug: 'page', structure: null };
          expect(await read(connection(), externalId, page)).toEqual({ ...gone, gone: [externalId] });
          await site.break('connector_missing');
          const credentials = { ...site.editor };
          const again = await read(connection({ credentials }), externalId);
          const own = { tag: null, contentKey: null, legacyContentId: null };
          expect({ ...again?.items[0], ...own }).toEqual({ ...found?.items[0], ...own });
        });
      });

      describe('the connector', () => {
        const PING = '/sitebridge/v1/ping';

        it('refuses an unsigned request, and its response has the version', async () => {
          expect(await get(rest(PING))).toMatchObject({
            status: 401,
            json: {
              code: 'sitebridge_signature_missing',
              data: { status: 401, plugin_version: site.pluginVersion },
            },
          });
        });

        it.each([
          ['another key', { siteKey: `sbk_${'x'.repeat(43)}` }, 401, 'sitebridge_bad_signature'],
          ['an empty key', { siteKey: '' }, 401, 'sitebridge_bad_signature'],
          ['a time ten minutes ago', { now: Date.now() - 600_000 }, 401, 'sitebridge_timestamp_out_of_range'],
          ['another site', { siteId: 99_999 }, 403, 'sitebridge_site_mismatch'],
        ])('refuses a request signed with %s', async (_, changes, status, code) => {
          for (const route of [PING, '/sitebridge/v1/structure', '/wp/v2/posts']) {
            const url = rest(route);
            expect(await get(url, signed(url, changes))).toMatchObject({ status, json: { code } });
          }
        });

        it('returns its time when the caller’s time is off', async () => {
          const url = rest(PING);
          const { json } = await get(url, signed(url, { now: Date.now() - 600_000 }));
          expect(json).toMatchObject({ data: { server_time: expect.any(Number) } });
        });

        it('accepts each nonce once', async () => {
          const url = rest(PING);
          const headers = signed(url);
          expect((await get(url, headers)).status).toBe(200);
          expect(await get(url, headers)).toMatchObject({
            status: 401,
            json: { code: 'sitebridge_nonce_replayed' },
          });
        });

        it('answers a signed ping with the nonce, the versions, the home and the user', async () => {
          const url = rest(PING);
          const { status, json } = await get(url, signed(url, { nonce: 'my-nonce' }));
          expect(status).toBe(200);
          expect(json).toEqual({
            ok: true,
            nonce: 'my-nonce',
            site_id: site.siteId,
            plugin_version: site.pluginVersion,
            links: 'key',
            signatures: ['v1', 'v2'],
            last_operation: null,
            wordpress_version: expect.stringMatching(/^\d+\.\d+/),
            php_version: expect.any(String),
            name: 'Brücke & Söhne',
            home_url: site.url,
            site_url: site.url,
            rest_url: shape.plainPermalinks ? `${site.url}/index.php?rest_route=/` : `${site.url}/wp-json/`,
            multisite: false,
            time: expect.any(Number),
            user: {
              id: expect.any(Number),
              roles: ['editor'],
              capabilities: { ...NEEDED, manage_categories: true, upload_files: true },
            },
          });
        });

        it('signs a request to a core route in as the mapped user', async () => {
          const url = rest('/wp/v2/users/me', 'context=edit&_fields=id');
          expect(await get(url, signed(url))).toMatchObject({
            status: 200,
            json: { id: expect.any(Number) },
          });
        });

        it.each([
          ['GET', '/wp/v2/settings'],
          ['GET', '/wp/v2/users'],
          ['GET', '/'],
          ['POST', '/wp/v2/users'],
          ['DELETE', '/wp/v2/posts/1'],
        ])('refuses a signed %s %s', async (method, route) => {
          const url = rest(route);
          const headers = signed(url, { method });
          const response = await fetch(url, { method, headers });
          expect(response.status).toBe(403);
          expect(await response.json()).toMatchObject({ code: 'sitebridge_route_refused' });
        });
      });

      describeCore('our platform', () => {
        it('connects through the connector, and reports plain permalinks', async () => {
          const result = await platform.testConnection(connection());
          expect(result).toMatchObject({
            success: true,
            code: 'ok',
            remote: { canonical_url: site.url, plugin_version: site.pluginVersion },
          });
          const told = result.checks.flatMap((check) => check.code ?? []);
          expect(told).toEqual(shape.plainPermalinks ? ['plain_permalinks'] : []);
        });

        it('does not connect with a wrong key', async () => {
          const result = await platform.testConnection(connection({ siteKey: `sbk_${'x'.repeat(43)}` }));
          expect(result).toMatchObject({ code: 'bad_credentials', stage: 'signed_ping' });
        });

        it('connects by application password without a connector, and reads the same structure', async () => {
          const byConnector = await structure();
          await site.break('connector_missing');
          const credentials = { ...site.editor };
          expect(await platform.testConnection(connection({ credentials }))).toMatchObject({
            success: true,
            code: 'ok',
          });
          const byCore = await structure({ credentials });
          expect(byCore.post_types).toEqual(byConnector.post_types);
          expect(byCore.taxonomies).toEqual(byConnector.taxonomies);
          expect([byConnector.plugin_connection_enabled, byCore.plugin_connection_enabled]).toEqual([
            true,
            false,
          ]);
          expect(Object.keys(byCore.post_types).sort()).toEqual(['book', 'film', 'page', 'post']);
        });

        it.each([
          ['a wrong password', () => ({ ...site.editor, application_password: 'wrong' }), 'bad_credentials'],
          ['an unknown user', () => ({ ...site.editor, username: 'nobody' }), 'bad_credentials'],
          ['a low role', () => ({ ...site.subscriber }), 'insufficient_role'],
        ])('reports %s when there is no connector', async (_, pair, code) => {
          await site.break('connector_missing');
          expect((await platform.testConnection(connection({ credentials: pair() }))).code).toBe(code);
        });

        it('reports that application passwords are off', async () => {
          await site.break('connector_missing');
          await site.break('application_passwords_off');
          const result = await platform.testConnection(connection({ credentials: { ...site.editor } }));
          expect(result.code).toBe('application_passwords_off');
        });

        it.each(Object.entries(BREAKS))('reports %s as %s', async (what, code) => {
          await site.break(isBreak(what) ? what : 'fatal');
          const result = await platform.testConnection(connection());
          expect(result.code).toBe(code);
          const told = result.checks.some((check) => check.ok && check.code === 'dirty_json');
          expect(told).toBe(what === 'dirty_json');
        });
      });

      const client = () => new ContractClient(site, shape.plainPermalinks === true);
      describeSignatures(client);
      describeRewriting(() => site, outbound);
      if (scope === 'whole') {
        describeLists(client);
        describeWrites(client);
        describeTerms(client);
        describeMedia(client);
        describeBatches(client);
      }
      describeConnectorContent(client);
      describeClosedPosts(client);
    },
  );
}

function isBreak(text: string): text is Break {
  return text in BREAKS;
}
