import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { metadataWebhook, statusWebhook } from '../../src/platforms/wordpress/webhooks/bodies.ts';
import { contentKey, SERVER_ID } from '../support/identity.ts';
import type { Mariadb } from './support/mariadb.ts';
import {
  accept,
  type ConnectedSite,
  connectToRecorder,
  idOf,
  messages,
  type SentMessage,
  SITE_ID,
} from './support/outbox.ts';
import type { RecordingServer } from './support/recording-server.ts';
import { withRecorder } from './support/stage.ts';
import { shapesUnderTest, versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SITES = versionsUnderTest().flatMap((version) =>
  shapesUnderTest([
    { version, server: 'php-S' as const },
    { version, server: 'fpm' as const },
  ]),
);
const UTC = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** A classic edit form for posts, one private meta key, and one meta key that is not in REST. */
const MU_PLUGIN = `<?php
add_filter( 'use_block_editor_for_post', '__return_false' );
add_action( 'init', static function () {
	add_post_type_support( 'post', 'custom-fields' );
	foreach ( array( 'post', 'book' ) as $type ) {
		register_post_meta( $type, 'colour', array( 'type' => 'string', 'single' => true, 'show_in_rest' => true ) );
	}
	register_post_meta( 'post', 'inner', array( 'type' => 'string', 'single' => true, 'show_in_rest' => false ) );
} );`;

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(SITES)('webhooks on $version, $server', (options) => {
  let wordpress: Wordpress;
  let site: ConnectedSite;

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    writeFileSync(join(wordpress.root, 'wp-content/mu-plugins/outbox-test.php'), MU_PLUGIN);
    site = await connectToRecorder(wordpress, server);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(async () => {
    await site.clear();
    server.answerWith(accept);
  });

  /** Runs `change` and returns its messages. Each message must be one that the server accepts. */
  const toldOf = async (change: () => Promise<unknown>): Promise<SentMessage[]> => {
    await site.settled();
    server.answerWith(accept);
    await change();
    await site.settled();
    // The order of the two topics depends on the order of hooks. It does not matter here.
    const told = messages(server).sort(
      (one, other) =>
        Number(one.body.external_id) - Number(other.body.external_id) || (one.topic < other.topic ? 1 : -1),
    );
    for (const { topic, body } of told) {
      (topic === 'status' ? statusWebhook : metadataWebhook).parse(body);
    }
    return told;
  };
  const topics = (told: SentMessage[]) => told.map(({ topic, body }) => `${topic} ${body.external_id}`);
  const php = (code: string) => wordpress.php(code);

  test('a post created through REST has one signed message for each topic, with terms and meta', async () => {
    let id = 0;
    const told = await toldOf(async () => {
      id = await site.makePost({
        title: 'Fünf & <em>6</em> 🌉',
        excerpt: 'Kurz',
        slug: 'fuenf',
        categories: [2],
        meta: { colour: 'grün' },
      });
    });
    expect(topics(told)).toEqual([`status ${id}`, `metadata ${id}`]);
    expect(told[0]?.body).toEqual({
      external_id: String(id),
      post_type: 'post',
      status: 'publish',
      url: `${wordpress.url}/fuenf/`,
      modified_gmt: UTC,
    });
    expect(told[1]?.body).toEqual({
      external_id: String(id),
      post_type: 'post',
      title: 'Fünf & <em>6</em> 🌉',
      slug: 'fuenf',
      excerpt: 'Kurz',
      terms: [{ taxonomy: 'category', slug: 'news', name: 'News' }],
      meta: expect.objectContaining({ colour: 'grün' }),
      modified_gmt: UTC,
    });
    for (const { request, timestamp, id: webhookId } of told) {
      expect(request).toMatchObject({ method: 'POST' });
      expect(request.headers).toMatchObject({
        'content-type': 'application/json',
        'x-site-id': String(SITE_ID),
      });
      expect(request.headers['x-api-key']).toBeUndefined();
      expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60);
      expect(webhookId).toMatch(/^msg_[0-9a-f]{32}$/);
    }
    expect(told[0]?.id).not.toBe(told[1]?.id);
  });

  test('a post published in wp-admin has messages, and so has its later edit', async () => {
    let id = 0;
    const told = await toldOf(async () => {
      const page = await site.admin.get('/wp-admin/post-new.php');
      const form = site.admin.form(page, (candidate) => candidate.attributes.id === 'post');
      id = Number(form.fields.get('post_ID'));
      form.fields.set('post_title', 'From the admin');
      form.fields.set('content', 'Text');
      await site.admin.submit(page, form, { button: 'Publish' });
    });
    expect(topics(told)).toEqual([`status ${id}`, `metadata ${id}`]);
    expect(told[1]?.body).toMatchObject({ title: 'From the admin', slug: 'from-the-admin' });

    const edited = await toldOf(async () => {
      const page = await site.admin.get(`/wp-admin/post.php?post=${id}&action=edit`);
      const form = site.admin.form(page, (candidate) => candidate.attributes.id === 'post');
      form.fields.set('post_title', 'Another title');
      form.fields.set('tax_input[post_tag]', 'red, blue & more');
      await site.admin.submit(page, form, { button: 'Update' });
    });
    expect(topics(edited)).toEqual([`metadata ${id}`]);
    expect(edited[0]?.body).toMatchObject({
      title: 'Another title',
      terms: expect.arrayContaining([
        { taxonomy: 'post_tag', slug: 'blue-more', name: 'blue & more' },
        { taxonomy: 'post_tag', slug: 'red', name: 'red' },
      ]),
    });
  });

  test('wp_insert_post, several changes in one request, pages and books have messages', async () => {
    const told = await toldOf(() =>
      php(`
        $id = wp_insert_post( array( 'post_title' => 'One', 'post_status' => 'draft', 'post_type' => 'book' ) );
        wp_update_post( array( 'ID' => $id, 'post_title' => 'Two' ) );
        wp_update_post( array( 'ID' => $id, 'post_status' => 'publish' ) );
        update_post_meta( $id, 'colour', 'red' );
        update_post_meta( $id, 'colour', 'blue' );
        wp_set_object_terms( $id, 'poetry', 'genre' );
        wp_insert_post( array( 'post_title' => 'P', 'post_status' => 'private', 'post_type' => 'page' ) );
        return $id;`),
    );
    expect(told.map(({ topic, body }) => [topic, body.post_type])).toEqual([
      ['status', 'book'],
      ['metadata', 'book'],
      ['status', 'page'],
      ['metadata', 'page'],
    ]);
    expect(told[0]?.body).toMatchObject({ status: 'publish' });
    expect(told[1]?.body).toMatchObject({
      title: 'Two',
      terms: [{ taxonomy: 'genre', slug: 'poetry', name: 'Poetry' }],
      meta: { colour: 'blue' },
    });
    expect(told[2]?.body).toMatchObject({ status: 'private' });
  });

  test('trash, untrash and a permanent delete have messages', async () => {
    const id = await site.makePost({ slug: 'goes', meta: { colour: 'red' } });
    const key = contentKey(99);
    await php(`Sitebridge_Server::speaks( '${SERVER_ID}', ${SITE_ID} );
      return ( new Sitebridge_Item_Link( '${key}' ) )->find() === null && ( new Sitebridge_Item_Link( '${key}' ) )->adopt( ${id} );`);
    const trashed = await toldOf(() => site.rest('DELETE', `/wp/v2/posts/${id}`));
    expect(trashed.map(({ topic, body }) => [topic, body])).toEqual([
      [
        'status',
        { external_id: String(id), content_key: key, post_type: 'post', status: 'trash', modified_gmt: UTC },
      ],
    ]);
    const back = await toldOf(() => php(`return wp_untrash_post( ${id} ) !== false;`));
    expect(topics(back)).toEqual([`status ${id}`, `metadata ${id}`]);
    expect(back[0]?.body).toMatchObject({ status: 'draft' });
    expect(back[1]?.body).toMatchObject({ slug: 'goes', content_key: key });
    const gone = await toldOf(() => site.rest('DELETE', `/wp/v2/posts/${id}?force=true`));
    expect(gone.map(({ topic, body }) => [topic, body])).toEqual([
      [
        'status',
        {
          external_id: String(id),
          content_key: key,
          post_type: 'post',
          status: 'deleted',
          modified_gmt: UTC,
        },
      ],
    ]);
    // A post created, changed and deleted in one request. Nobody else saw it. A message about the delete is
    // harmless.
    const brief = await toldOf(() =>
      php(
        `$id = wp_insert_post( array( 'post_title' => 'x', 'post_status' => 'publish' ) ); wp_delete_post( $id, true ); return $id;`,
      ),
    );
    expect(brief.map(({ body }) => body.status)).toEqual(['deleted']);
  });

  test('changes of terms, meta or the featured image have messages; unsupported meta has none', async () => {
    const id = await site.makePost();
    const tagged = await toldOf(() => php(`return wp_set_object_terms( ${id}, 'green', 'post_tag' );`));
    expect(topics(tagged)).toEqual([`metadata ${id}`]);
    const untagged = await toldOf(() => php(`return wp_remove_object_terms( ${id}, 'green', 'post_tag' );`));
    expect(topics(untagged)).toEqual([`metadata ${id}`]);
    expect(await toldOf(() => php(`return wp_set_object_terms( ${id}, array(), 'post_tag' );`))).toEqual([]);

    const coloured = await toldOf(() => php(`return add_post_meta( ${id}, 'colour', 'red' );`));
    expect(topics(coloured)).toEqual([`metadata ${id}`]);
    expect(coloured[0]?.body).toMatchObject({ meta: { colour: 'red' } });
    const plain = await toldOf(() => php(`return delete_post_meta( ${id}, 'colour' );`));
    expect(topics(plain)).toEqual([`metadata ${id}`]);
    for (const key of ['_edit_lock', '_edit_last', '_wp_old_slug', '_secret', 'inner']) {
      expect(await toldOf(() => php(`return update_post_meta( ${id}, '${key}', '1' );`))).toEqual([]);
    }

    const picture = await php(
      `return wp_insert_attachment( array( 'post_title' => 'Picture', 'post_mime_type' => 'image/png' ), 'a.png' );`,
    );
    const shown = await toldOf(() => php(`return update_post_meta( ${id}, '_thumbnail_id', ${picture} );`));
    expect(topics(shown)).toEqual([`metadata ${id}`]);
    expect(shown[0]?.body).toMatchObject({ meta: { featured_media: picture } });
    const hidden = await toldOf(() => site.rest('POST', `/wp/v2/posts/${id}`, { featured_media: 0 }));
    expect(topics(hidden)).toEqual([`metadata ${id}`]);
    expect(hidden[0]?.body).toMatchObject({ meta: { featured_media: 0 } });
  });

  test('a new slug has a message with the new address', async () => {
    const id = await site.makePost({ slug: 'old-name' });
    const told = await toldOf(() => site.rest('POST', `/wp/v2/posts/${id}`, { slug: 'new-name' }));
    expect(topics(told)).toEqual([`status ${id}`, `metadata ${id}`]);
    expect(told[0]?.body).toMatchObject({ status: 'publish', url: `${wordpress.url}/new-name/` });
  });

  test('autosaves, revisions, auto-drafts, attachments and types without REST have no messages', async () => {
    const id = await site.makePost();
    const told = await toldOf(async () => {
      await site.rest('POST', `/wp/v2/posts/${id}/autosaves`, { title: 'Half', content: 'a sent' });
      await php(`return wp_save_post_revision( ${id} );`);
      await site.admin.get('/wp-admin/post-new.php');
      await php(`wp_insert_post( array( 'post_title' => 'n', 'post_status' => 'publish', 'post_type' => 'secret_note' ) );
        wp_insert_attachment( array( 'post_title' => 'A', 'post_mime_type' => 'image/png' ), 'b.png' ); return 1;`);
    });
    expect(told).toEqual([]);
  });

  test("the server's own edits have messages with their operation, or none", async () => {
    let id = 0;
    const told = await toldOf(async () => {
      const made = await site.signed(
        '/wp/v2/posts',
        { title: 'Pushed', status: 'publish' },
        { 'X-Sitebridge-Op': 'op-7' },
      );
      id = idOf(made);
    });
    expect(told.map(({ topic, body }) => [topic, body.external_id, body.op_id])).toEqual([
      ['status', String(id), 'op-7'],
      ['metadata', String(id), 'op-7'],
    ]);
    expect(await toldOf(() => site.signed(`/wp/v2/posts/${id}`, { title: 'Again' }))).toEqual([]);
    // The header alone does not prove that the server made the edit.
    const [edit] = await toldOf(() => site.rest('POST', `/wp/v2/posts/${id}`, { title: 'By hand' }));
    expect(edit?.body).not.toHaveProperty('op_id');
  });

  test('no message is stored while two-way sync is off', async () => {
    await site.admin.pressSettings('Save', { two_way_sync_enabled: null });
    try {
      const told = await toldOf(async () => {
        await site.makePost();
        expect(await site.rows()).toBe(0);
      });
      expect(told).toEqual([]);
    } finally {
      await site.admin.pressSettings('Save', { two_way_sync_enabled: '1' });
    }
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
