import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AdminSession } from './support/admin-session.ts';
import { installConnector, signedGet } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { jsonFetch, signatureHeaders, signedFetch } from './support/signed-request.ts';
import { withMariadb } from './support/stage.ts';
import { phpUnderTest, shapesUnderTest, versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress, type WordpressOptions } from './support/wordpress.ts';

const KEY = `sbk_${'Aa0-_'.repeat(9).slice(0, 43)}`;
const SIGNED = { siteId: 7, key: KEY };
const PING = '/sitebridge/v1/ping';
const STRUCTURE = '/sitebridge/v1/structure';

/** Each way to serve WordPress once, with at least two values of each option. */
const SHAPES: Omit<WordpressOptions, 'version'>[] = [
  { server: 'php-S' },
  { server: 'fpm', subdirectory: 'blog' },
  { server: 'fpm', plainPermalinks: true },
  { server: 'php-S', subdirectory: 'a/b', plainPermalinks: true },
];
const SITES = versionsUnderTest().flatMap((version) =>
  shapesUnderTest(SHAPES).map((shape) => ({
    ...shape,
    version,
    name: `${version}, ${shape.server}, /${shape.subdirectory ?? ''}, ${shape.plainPermalinks ? 'plain' : 'pretty'} permalinks`,
  })),
);

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(SITES)('connector on $name', (options) => {
  let wordpress: Wordpress;
  let admin: AdminSession;

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    admin = await installConnector(wordpress);
  });
  afterAll(async () => {
    await wordpress.stop();
  });

  test('without a stored key every request is refused, also one with an empty key', async () => {
    for (const key of [KEY, '']) {
      await expectRefusal(signedGet(wordpress, PING, { ...SIGNED, key }), 401, 'sitebridge_not_configured');
    }
  });

  describe('with a key stored', () => {
    beforeAll(async () => {
      const view = await admin.pressSettings('Save', {
        server_url: 'https://sitebridge.example.com/',
        site_id: '7',
        api_key: KEY,
        user_id: String(wordpress.users.editor),
      });
      expect(view.inputError).toBeNull();
    });

    test('a signed ping returns the identity and the versions of the site', async () => {
      const answer = await signedGet(wordpress, PING, { ...SIGNED, nonce: 'a-nonce-of-mine' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.json).toEqual({
        ok: true,
        nonce: 'a-nonce-of-mine',
        site_id: 7,
        plugin_version: '0.6.0',
        links: 'key',
        signatures: ['v1', 'v2'],
        last_operation: null,
        wordpress_version: wordpress.version,
        php_version: expect.stringMatching(new RegExp(`^${phpUnderTest() ?? '8.2'}\\.\\d+`)),
        name: 'Brücke & Söhne',
        home_url: wordpress.url,
        site_url: wordpress.url,
        rest_url: options.plainPermalinks
          ? `${wordpress.url}/index.php?rest_route=/`
          : `${wordpress.url}/wp-json/`,
        multisite: false,
        time: expect.any(Number),
        user: {
          id: wordpress.users.editor,
          roles: ['editor'],
          capabilities: {
            edit_posts: true,
            edit_others_posts: true,
            publish_posts: true,
            manage_categories: true,
            upload_files: true,
          },
        },
      });
    });

    test('a query with encoded characters is signed as it is sent', async () => {
      const url = `${wordpress.restUrl(PING)}${options.plainPermalinks ? '&' : '?'}q=%C3%BC%27a+b&x[]=1`;
      expect((await signedFetch(url, SIGNED)).status).toBe(200);
      const headers = signatureHeaders(url, SIGNED);
      await expectRefusal(jsonFetch(`${url}2`, { headers }), 401, 'sitebridge_bad_signature');
    });

    test('an unsigned request is refused, also from a logged-in administrator', async () => {
      await expectRefusal(jsonFetch(wordpress.restUrl(PING)), 401, 'sitebridge_signature_missing');
      await expectRefusal(jsonFetch(wordpress.restUrl(STRUCTURE)), 401, 'sitebridge_signature_missing');
      const page = await admin.get(new URL(wordpress.restUrl(PING)).href.slice(wordpress.url.length));
      expect(JSON.parse(page.html)).toMatchObject({ code: 'sitebridge_signature_missing' });
    });

    test('a wrong key, a changed method, a missing or a malformed part are a bad signature', async () => {
      const url = wordpress.restUrl(PING);
      const right = signatureHeaders(url, SIGNED);
      const bad: Record<string, string>[] = [
        signatureHeaders(url, { ...SIGNED, key: `${KEY}x` }),
        signatureHeaders(url, { ...SIGNED, key: '' }),
        signatureHeaders(url, { ...SIGNED, method: 'POST' }),
        signatureHeaders(url, { ...SIGNED, body: 'x' }),
        { ...right, 'X-Sitebridge-Nonce': 'another' },
        { ...right, 'X-Sitebridge-Nonce': '' },
        { ...right, 'X-Sitebridge-Timestamp': '' },
        { ...right, 'X-Sitebridge-Timestamp': String(Number(right['X-Sitebridge-Timestamp']) + 1) },
        { ...right, 'X-Sitebridge-Signature': String(right['X-Sitebridge-Signature']).slice(3) },
        { ...right, 'X-Sitebridge-Signature': String(right['X-Sitebridge-Signature']).toUpperCase() },
      ];
      for (const headers of bad) {
        await expectRefusal(jsonFetch(url, { headers }), 401, 'sitebridge_bad_signature');
      }
      // The refused requests did not use up the nonce. The signature does not cover this header, so the header
      // must not change the method.
      const overridden = { ...right, 'X-HTTP-Method-Override': 'DELETE' };
      expect((await jsonFetch(url, { headers: overridden })).status).toBe(200);
    });

    test('a request more than five minutes off is refused, with the site’s time', async () => {
      const now = Math.floor(Date.now() / 1000);
      for (const timestamp of [now - 310, now + 310, 'yesterday']) {
        const answer = signedGet(wordpress, PING, { ...SIGNED, timestamp });
        const { data } = await expectRefusal(answer, 401, 'sitebridge_timestamp_out_of_range');
        expect(Math.abs(Number(data.server_time) - now)).toBeLessThan(60);
      }
      expect((await signedGet(wordpress, PING, { ...SIGNED, timestamp: now - 240 })).status).toBe(200);
    });

    test('only one of eight requests at once with the same nonce is accepted', async () => {
      const headers = signatureHeaders(wordpress.restUrl(PING), SIGNED);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => jsonFetch(wordpress.restUrl(PING), { headers })),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(401)]);
      const refused = answers.find((answer) => answer.status === 401);
      expect(refused?.json).toMatchObject({ code: 'sitebridge_nonce_replayed' });
      expect(refused?.headers.get('cache-control')).toBe('no-store');
    });

    test('a request for another site is refused after its signature was found right', async () => {
      await expectRefusal(
        signedGet(wordpress, PING, { ...SIGNED, siteId: 8 }),
        403,
        'sitebridge_site_mismatch',
      );
      const wrong = signedGet(wordpress, PING, { siteId: 8, key: 'x' });
      await expectRefusal(wrong, 401, 'sitebridge_bad_signature');
    });

    test('expired nonces are deleted', async () => {
      await wordpress.query("INSERT INTO wp_sitebridge_nonces VALUES (REPEAT('0', 64), 1)");
      expect((await signedGet(wordpress, PING, SIGNED)).status).toBe(200);
      const rows = await wordpress.query(
        'SELECT COUNT(*) AS expired FROM wp_sitebridge_nonces WHERE expires < 100',
      );
      expect(rows).toEqual([{ expired: 0 }]);
    });

    test("the structure equals WordPress's own database", async () => {
      const answer = await signedGet(wordpress, STRUCTURE, SIGNED);
      expect(answer.status).toBe(200);
      const posts = await wordpress.query(
        `SELECT post_type AS slug, COUNT(*) AS count FROM wp_posts
         WHERE post_status NOT IN ('auto-draft', 'inherit', 'trash') GROUP BY post_type`,
      );
      const terms = await wordpress.query(
        'SELECT taxonomy AS slug, COUNT(*) AS count FROM wp_term_taxonomy GROUP BY taxonomy',
      );
      const of = (rows: typeof posts, slug: string) => rows.find((row) => row.slug === slug)?.count;
      expect(of(posts, 'book')).toBe(3);
      expect(of(terms, 'genre')).toBe(2);
      expect(answer.json).toEqual({
        post_types: {
          book: {
            label: 'Books',
            count: of(posts, 'book'),
            rest_base: 'books',
            hierarchical: true,
            taxonomies: ['genre'],
          },
          page: {
            label: 'Pages',
            count: of(posts, 'page'),
            rest_base: 'pages',
            hierarchical: true,
            taxonomies: [],
          },
          post: {
            label: 'Posts',
            count: of(posts, 'post'),
            rest_base: 'posts',
            hierarchical: false,
            taxonomies: ['category', 'post_tag'],
          },
        },
        taxonomies: {
          category: {
            label: 'Categories',
            count: of(terms, 'category'),
            rest_base: 'categories',
            hierarchical: true,
            post_types: ['post'],
          },
          genre: {
            label: 'Genres',
            count: of(terms, 'genre'),
            rest_base: 'genres',
            hierarchical: true,
            post_types: ['book'],
          },
          post_tag: {
            label: 'Tags',
            count: of(terms, 'post_tag'),
            rest_base: 'tags',
            hierarchical: false,
            post_types: ['post'],
          },
        },
        plugin_connection_enabled: true,
        two_way_sync_enabled: true,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
    });

    test('a signed request to core routes acts as the mapped user, a badly signed one as nobody', async () => {
      const url = wordpress.restUrl(`/wp/v2/users/me${options.plainPermalinks ? '&' : '?'}context=edit`);
      const me = await signedFetch(url, SIGNED);
      expect(me.json).toMatchObject({ id: wordpress.users.editor });
      expect(me.headers.get('cache-control')).toBe('no-store');
      await expectRefusal(signedFetch(url, { ...SIGNED, key: 'x' }), 401, 'sitebridge_bad_signature');
      // A public read, which WordPress allows to any visitor.
      const posts = wordpress.restUrl('/wp/v2/posts');
      expect((await jsonFetch(posts)).status).toBe(200);
      await expectRefusal(signedFetch(posts, { ...SIGNED, key: 'x' }), 401, 'sitebridge_bad_signature');
    });

    test('a signed write acts as the mapped user, and the signature covers its body', async () => {
      const url = wordpress.restUrl('/wp/v2/posts');
      const body = JSON.stringify({ title: 'Von außen', status: 'publish' });
      const made = await signedFetch(url, { ...SIGNED, method: 'POST', body });
      expect(made.status).toBe(201);
      expect(made.json).toMatchObject({ author: wordpress.users.editor, status: 'publish' });
      const headers = {
        ...signatureHeaders(url, { ...SIGNED, method: 'POST', body }),
        'Content-Type': 'application/json',
      };
      const changed = jsonFetch(url, { method: 'POST', headers, body: body.replace('Von', 'Vom') });
      await expectRefusal(changed, 401, 'sitebridge_bad_signature');
      // The signature does not allow what an editor may not do.
      expect((await signedGet(wordpress, '/wp/v2/settings', SIGNED)).status).toBe(403);
    });

    test('a signature gives no access to admin pages', async () => {
      const url = `${wordpress.url}/wp-admin/index.php?rest_route=/`;
      const answer = await fetch(url, { headers: signatureHeaders(url, SIGNED), redirect: 'manual' });
      expect(answer.status).toBe(302);
      expect(answer.headers.get('location')).toContain('wp-login.php');
    });

    test('with the connection switched off only ping and structure work', async () => {
      await admin.pressSettings('Save', { plugin_connection_enabled: null });
      try {
        await expectRefusal(
          signedGet(wordpress, '/wp/v2/posts', SIGNED),
          403,
          'sitebridge_connection_disabled',
        );
        expect((await signedGet(wordpress, PING, SIGNED)).status).toBe(200);
        const structure = await signedGet(wordpress, STRUCTURE, SIGNED);
        expect(structure.json).toMatchObject({ plugin_connection_enabled: false });
      } finally {
        await admin.pressSettings('Save', { plugin_connection_enabled: '1' });
      }
    });

    test('the error code of another plugin that closes the REST API is passed on', async () => {
      wordpress.setMuPlugin('rest-restricted', true);
      try {
        const answer = await signedGet(wordpress, PING, SIGNED);
        expect(answer).toMatchObject({ status: 401, json: { code: 'rest_cannot_access' } });
      } finally {
        wordpress.setMuPlugin('rest-restricted', false);
      }
    });

    test('a deleted mapped user makes every request fail', async () => {
      await wordpress.php(`require_once ABSPATH . 'wp-admin/includes/user.php';
        return wp_delete_user( ${wordpress.users.editor}, 1 );`);
      await expectRefusal(signedGet(wordpress, PING, SIGNED), 403, 'sitebridge_user_invalid');
    });

    test('PHP logged nothing about the plugin', () => {
      expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
    });
  });
});

/** Expects that the response is exactly this refusal of the connector. Returns its JSON. */
async function expectRefusal(
  pending: ReturnType<typeof jsonFetch>,
  status: number,
  code: string,
): Promise<{ data: Record<string, unknown> }> {
  const answer = await pending;
  const isSigned = code !== 'sitebridge_signature_missing' && code !== 'sitebridge_connection_disabled';
  expect(answer.json).toEqual({
    ...(isSigned ? { key: expect.stringMatching(/^([0-9a-f]{8})?$/), seen: expect.anything() } : {}),
    code,
    message: expect.stringMatching(/\w/),
    data: expect.objectContaining({ status, plugin_version: '0.6.0' }),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.json as { data: Record<string, unknown> };
}
