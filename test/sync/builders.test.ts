/** Posts that a page builder shows: their bodies are read only, and the rest of a write is still made. */
import { describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

const ELEMENTOR = { _elementor_edit_mode: 'builder' };
const posts = { direction: 'both', content_types: ['post'] };
const noChange = { created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 };

const postOf = (id: number) => site.wordpress.state.posts.find((post) => post.id === id);
const contentOf = async (id: number) => {
  const [content] = await site.contents({ externalId: String(id) });
  if (content === undefined) throw new Error(`There is no content of post ${id}.`);
  return content;
};
const shown = async (id: number) =>
  (await server.as(site.tenant.owner).get(`/api/v1/content/${id}`).expect(200)).body;
const firstPost = () => site.wordpress.state.posts.find(({ type }) => type === 'post')?.id ?? 0;

async function builtEvents() {
  const answer = await server
    .as(site.tenant.owner)
    .get(site.path('/events?success=false&limit=200'))
    .expect(200);
  return answer.body.results.filter(({ action }: { action: string }) => action === 'built_with_elementor');
}

describe.each<Way>(['connector', 'password'])('by %s', (way) => {
  it('an edit of the body is refused by name, and other edits are made', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(posts);
    const id = firstPost();
    site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
    site.wordpress.editor.edit(id, { title: 'Built' });
    const run = await site.sync(posts);
    expect(run).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
    const content = await contentOf(id);
    expect(await shown(content.id)).toMatchObject({ built_with: 'elementor' });

    const edit = (body: object) => server.as(site.tenant.owner).patch(`/api/v1/content/${content.id}`, body);
    const refused = await edit({ title: 'New', body: '<p>New</p>' }).expect(422);
    expect(refused.body).toMatchObject({
      code: 'built_with_elementor',
      errors: [{ field: 'body', code: 'built_with_elementor' }],
    });
    expect(await contentOf(id)).toMatchObject({ title: 'Built', syncState: 'in_sync' });
    // A client may send the body back as it got it.
    await edit({ title: 'New', body: content.body }).expect(200);
    const before = postOf(id)?.content;
    expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1, failed: 0 } });
    expect(postOf(id)).toMatchObject({ title: 'New', content: before });
    expect(await contentOf(id)).toMatchObject({ builtWith: 'elementor', syncState: 'in_sync' });
  });

  it('an edit from before the builder leaves the body out, with a note, and writes the rest', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(posts);
    const id = firstPost();
    const content = await contentOf(id);
    const before = postOf(id)?.content;
    await site.edit(content.id, {
      title: 'From here',
      body: '<p>From here</p>',
      terms: [{ taxonomy: 'post_tag', slug: 'green', name: 'green' }],
    });
    site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
    const run = await site.sync({ ...posts, direction: 'to_external' });
    expect(run).toMatchObject({ status: 'partial', totals: { pushed: 1, conflicts: 0, failed: 1 } });
    expect(run.error).toContain('Elementor shows its own layout');
    expect(postOf(id)).toMatchObject({ title: 'From here', content: before });
    expect(await contentOf(id)).toMatchObject({ builtWith: 'elementor', syncState: 'in_sync' });
    const [event, ...others] = await builtEvents();
    expect(event).toMatchObject({ content_id: content.id, external_id: String(id), success: false });
    expect(others).toEqual([]);
    expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { ...noChange, pushed: 0 } });
  });

  it('an edit of the body alone does not claim to be written', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(posts);
    const id = firstPost();
    const before = postOf(id)?.content;
    await site.edit((await contentOf(id)).id, { body: '<p>From here</p>' });
    site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
    expect(await site.sync(posts)).toMatchObject({ status: 'partial', totals: { failed: 1, conflicts: 0 } });
    expect(postOf(id)?.content).toBe(before);
  });

  it('the body is written again once the builder is switched off', async () => {
    site = await startSyncedSite(server, way);
    const id = firstPost();
    site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
    await site.sync(posts);
    site.wordpress.editor.edit(id, { title: 'Still built' });
    await site.sync(posts);
    expect((await contentOf(id)).builtWith).toBe('elementor');
    site.wordpress.editor.setProtectedMeta(id, { _elementor_edit_mode: '' });
    // Over core REST only a change of the post itself is noticed.
    if (way === 'password') site.wordpress.editor.edit(id, { title: 'Not built any more' });
    expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
    const content = await contentOf(id);
    expect(content.builtWith).toBeNull();
    await site.edit(content.id, { body: '<p>Shown</p>' });
    expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { pushed: 1 } });
    expect(postOf(id)?.content).toBe('<p>Shown</p>');
  });
});

it('the connector tells a builder that was switched on without any other change', async () => {
  site = await startSyncedSite(server, 'connector');
  await site.sync(posts);
  const id = firstPost();
  for (const [meta, builder] of [
    [{ _et_pb_use_builder: 'on' }, 'divi'],
    [{ _et_pb_use_builder: 'off' }, null],
    [{ _fl_builder_enabled: '1' }, 'beaver_builder'],
    [{ _fl_builder_enabled: '', _bricks_editor_mode: 'bricks' }, 'bricks'],
    [{ _bricks_editor_mode: 'wordpress', _ct_builder_json: '{"id":0}' }, 'oxygen'],
    [{ _ct_builder_json: '', _breakdance_data: '{"tree_json_string":"{}"}' }, 'breakdance'],
  ] as const) {
    site.wordpress.editor.setProtectedMeta(id, meta);
    // The connector's hash covers that there is a layout. That it was emptied is noticed with the save of the post.
    if (builder === 'breakdance') site.wordpress.editor.edit(id, {});
    expect(await site.sync(posts)).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
    expect((await contentOf(id)).builtWith).toBe(builder);
  }
});

describe('over core REST', () => {
  const rendering = () => site.wordpress.state.requests.filter(({ target }) => target.includes('rendered'));

  it('no reading lets the site render posts, unless it names a builder', async () => {
    site = await startSyncedSite(server, 'password');
    await site.sync(posts);
    site.wordpress.editor.edit(firstPost(), { title: 'Changed' });
    await site.sync(posts);
    expect(rendering()).toEqual([]);
  });

  it('a full reading renders nothing, and a reading of changes only what has changed', async () => {
    site = await startSyncedSite(server, 'password');
    const id = firstPost();
    site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
    await site.sync({ ...posts, full: true });
    expect(rendering()).toEqual([]);
    expect((await contentOf(id)).builtWith).toBeNull();
    site.wordpress.editor.edit(id, { title: 'Changed' });
    await site.sync(posts);
    expect(rendering().length).toBeGreaterThan(0);
    expect((await contentOf(id)).builtWith).toBe('elementor');
    await site.sync({ ...posts, full: true });
    expect((await contentOf(id)).builtWith).toBe('elementor');
  });

  /** A site with Elementor and this number of posts more, whose bodies are as long as they are read. */
  async function startBuilt(count: number): Promise<number[]> {
    site = await startSyncedSite(server, 'password');
    const { editor } = site.wordpress;
    const ids = Array.from(
      { length: count },
      (_, n) => editor.create('post', { title: `Extra ${n}`, status: 'publish', content: `Text ${n}` }).id,
    );
    editor.setProtectedMeta(ids[0] ?? 0, ELEMENTOR);
    await site.sync(posts);
    return ids;
  }

  it('a host that renders few posts at once tells the builder of each, and is not paused', async () => {
    const ids = await startBuilt(16);
    const { editor } = site.wordpress;
    site.wordpress.weaken({ by: 'gateway_timeout', mostItems: 5, onlyRendering: true });
    for (const [n, id] of ids.entries()) {
      if (n % 2 === 0) editor.setProtectedMeta(id, ELEMENTOR);
      editor.edit(id, { title: `Changed ${n}` });
    }
    expect(await site.sync(posts)).toMatchObject({ status: 'success', error: null });
    for (const [n, id] of ids.entries())
      expect((await contentOf(id)).builtWith).toBe(n % 2 === 0 ? 'elementor' : null);
  });

  it('a theme that shortens every list hides no builder, so no body is written over a layout', async () => {
    const ids = await startBuilt(8);
    site.wordpress.setFault('lists_shortened');
    for (const [n, id] of ids.entries()) {
      if (n % 2 === 1) site.wordpress.editor.setProtectedMeta(id, ELEMENTOR);
      await site.edit((await contentOf(id)).id, { title: `From here ${n}`, body: `From here ${n}` });
    }
    const bodies = ids.map((id) => postOf(id)?.content);
    await site.sync({ ...posts, direction: 'to_external' });
    for (const [n, id] of ids.entries())
      expect(postOf(id)).toMatchObject({
        title: `From here ${n}`,
        content: n === 0 || n % 2 === 1 ? bodies[n] : `From here ${n}`,
      });
  });

  it('the body of a post that cannot be rendered is left out with a note, and other bodies are written', async () => {
    const ids = await startBuilt(6);
    const [, , dying = 0] = ids;
    const post = postOf(dying);
    if (post) post.content = 'A body [dies-here]';
    await site.sync({ ...posts, full: true });
    site.wordpress.editor.setProtectedMeta(dying, ELEMENTOR);
    site.wordpress.weaken({
      by: 'critical_error',
      mostItems: null,
      diesOn: '[dies-here]',
      onlyRendering: true,
    });
    for (const [n, id] of ids.entries())
      await site.edit((await contentOf(id)).id, { title: `From here ${n}`, body: `From here ${n}` });
    const run = await site.sync({ ...posts, direction: 'to_external' });
    expect(run).toMatchObject({ status: 'partial', totals: { pushed: 6, conflicts: 0 } });
    expect(run.error).toContain('cannot render this item');
    expect(postOf(dying)).toMatchObject({ title: 'From here 2', content: 'A body [dies-here]' });
    for (const n of [1, 3, 4, 5]) expect(postOf(ids[n] ?? 0)?.content).toBe(`From here ${n}`);
  });

  it('the marks in a raw body are seen at once', async () => {
    site = await startSyncedSite(server, 'password');
    const [one, two] = site.wordpress.state.posts.filter(({ type }) => type === 'post');
    if (one) one.content = '[et_pb_section][/et_pb_section]';
    if (two) two.content = '<!-- wp:fl-builder/layout --><p>Text</p><!-- /wp:fl-builder/layout -->';
    await site.sync(posts);
    expect((await contentOf(one?.id ?? 0)).builtWith).toBe('divi');
    expect((await contentOf(two?.id ?? 0)).builtWith).toBe('beaver_builder');
    if (one) site.wordpress.editor.edit(one.id, { content: '<p>Plain</p>' });
    await site.sync(posts);
    expect((await contentOf(one?.id ?? 0)).builtWith).toBeNull();
  });
});
