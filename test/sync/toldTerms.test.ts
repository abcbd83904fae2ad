/** A site tells of its terms and of itself. What it tells is right here without a reading, and stays right in the next one. */
import { beforeEach, describe, expect, it, test } from '@jest/globals';
import type { SyncEvent } from '../../src/database/generated/client.ts';
import { contentHash, sharedState } from '../../src/services/content/sharedState.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';
import { deliver, siteBody } from '../support/webhooks.ts';

const ways: Way[] = ['connector', 'password'];
const news = { taxonomy: 'category', slug: 'news', name: 'News' };
const green = { taxonomy: 'post_tag', slug: 'green', name: 'green' };
let server: TestServer;
let site: SyncedSite;
let at = 0;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

/** A time after every other, that is not ahead of the clock. */
const later = () => {
  at = Math.max(at + 1, Date.now());
  return new Date(at).toISOString();
};

/** Sends a message of the site, and returns its event. */
async function tell(topic: 'terms' | 'site', body: object): Promise<SyncEvent> {
  const answer = await deliver(server, site.tenant.site, topic, body);
  expect(answer).toMatchObject({ status: 202, body: { received: true, duplicate: false } });
  const id = BigInt(Number(answer.body.delivery_id));
  await eventually(async () =>
    expect(await server.db.webhookDelivery.findUniqueOrThrow({ where: { id } })).toMatchObject({
      status: 'processed',
      errorMessage: null,
    }),
  );
  const { siteId } = site.tenant.site;
  const events = await server.db.syncEvent.findMany({
    where: { siteId, eventType: 'webhook', details: { path: ['delivery_id'], equals: Number(id) } },
  });
  expect(events).toHaveLength(1);
  const [event] = events;
  if (!event) throw new Error('no event');
  return event;
}

const tellTerm = (body: object) => tell('terms', { at: later(), ...body });
const renamed = { taxonomy: 'category', external_id: '2', slug: 'reports', name: 'Reports & more' };

/** Renames the term on the site, without a message. */
function renameThere(id: number, changes: object): void {
  const term = site.wordpress.state.terms.find((each) => each.id === id);
  Object.assign(term ?? {}, changes);
}

const termsOf = async (id: number) => sharedState(await site.content(id)).terms;
const contentOf = async (externalId: string | number) => {
  const [content] = await site.contents({ externalId: String(externalId) });
  if (!content) throw new Error(`no content of ${externalId}`);
  return content;
};
const term = (externalId: string, taxonomy = 'category') =>
  server.db.siteTerm.findFirst({ where: { siteId: site.tenant.site.siteId, taxonomy, externalId } });
const runsEnded = () =>
  eventually(async () => {
    const active = {
      integrationId: site.tenant.integrationId,
      status: { in: ['queued', 'syncing'] as const },
    };
    expect(
      await server.db.syncRun.count({ where: { ...active, status: { in: [...active.status.in] } } }),
    ).toBe(0);
  });

describe.each(ways)('by %s, a term', (way) => {
  beforeEach(async () => {
    site = await startSyncedSite(server, way);
    await site.sync({ direction: 'from_external' });
  });

  it('that was renamed has its new name in all contents that hold it, and the next sync finds no change', async () => {
    const before = await site.contents();
    const holding = before.filter((content) =>
      sharedState(content).terms.some(({ slug }) => slug === 'news'),
    );
    expect(holding.length).toBeGreaterThan(3);
    renameThere(2, { slug: 'reports', name: 'Reports &amp; more' });
    const event = await tellTerm({ ...renamed, was: { slug: 'news' } });
    expect(event).toMatchObject({
      action: 'updated',
      success: true,
      contentId: null,
      details: { topic: 'terms', taxonomy: 'category', term: '2', contents: holding.length, changed: true },
    });
    const { slug, name } = renamed;
    for (const old of before) {
      const now = await site.content(old.id);
      const terms = sharedState(old).terms.map((each) =>
        each.slug === 'news' ? { ...each, slug, name } : each,
      );
      const state = { ...sharedState(old), terms };
      const hash = contentHash(state);
      expect(now).toEqual({ ...old, terms, baseHash: hash, remoteHash: hash, updatedAt: now.updatedAt });
    }
    expect(await term('2')).toMatchObject({ slug, name, parentId: null });
    const run = await site.sync({ direction: 'from_external', full: true });
    expect(run).toMatchObject({
      status: 'success',
      totals: { updated: 0, created: 0, conflicts: 0, deleted: 0 },
    });
    // A message that comes again changes nothing.
    expect(await tellTerm(renamed)).toMatchObject({ action: 'unchanged', details: { contents: 0 } });
  });

  it('that was deleted leaves all contents, and the term that posts got instead comes', async () => {
    const [post] = site.wordpress.state.posts.filter(({ type }) => type === 'post');
    const both = site.wordpress.editor.create('post', { title: 'In both', status: 'publish' });
    site.wordpress.editor.setTerms(both.id, 'category', [1, 2]);
    await site.sync({ direction: 'from_external' });
    site.wordpress.editor.delete(site.wordpress.editor.create('page', { title: 'x' }).id);
    const { terms, posts } = site.wordpress.state;
    terms.splice(
      terms.findIndex(({ id }) => id === 2),
      1,
    );
    for (const each of posts) {
      const left = (each.terms ?? []).filter((id) => id !== 2);
      if (each.terms?.includes(2)) each.terms = left.includes(1) ? left : [...left, 1];
    }
    const instead = { slug: 'uncategorized', name: 'Uncategorized' };
    const event = await tellTerm({ ...news, external_id: '2', deleted: true, instead });
    expect(event).toMatchObject({ action: 'updated', details: { deleted: true } });
    const other = { taxonomy: 'category', ...instead };
    expect(await termsOf((await contentOf(post?.id ?? 0)).id)).toEqual([green, other]);
    expect(await termsOf((await contentOf(both.id)).id)).toEqual([other]);
    const run = await site.sync({ direction: 'from_external', full: true });
    expect(run.totals).toMatchObject({ updated: 0, created: 0, conflicts: 0 });
    expect(await term('2')).toBeNull();
  });

  it('that was renamed leaves edits that wait, which are then pushed without a conflict', async () => {
    const [one, two, three] = await site.contents({ contentType: 'post' });
    if (!one || !two || !three) throw new Error('too few contents');
    const own = { taxonomy: 'post_tag', slug: 'own', name: 'Own' };
    await site.edit(one.id, { title: 'Ours' });
    await site.edit(two.id, { terms: [news, own] });
    await site.edit(three.id, { terms: [own] });
    const draft = await site.write({
      title: 'Draft',
      terms: [news, { ...own, taxonomy: 'category', slug: 'news/own' }],
    });
    renameThere(2, { slug: 'reports', name: 'Reports &amp; more' });
    await tellTerm({ ...renamed, was: { slug: 'news' } });
    const { taxonomy, slug, name } = renamed;
    const reports = { taxonomy, slug, name };
    expect(await termsOf(one.id)).toEqual([reports, green]);
    expect(await termsOf(two.id)).toEqual([reports, own]);
    expect(await termsOf(three.id)).toEqual([own]);
    expect(await termsOf(draft)).toEqual([reports, { ...own, taxonomy: 'category', slug: 'reports/own' }]);
    for (const { id } of [one, two, three])
      expect(await site.content(id)).toMatchObject({
        syncState: 'local_changes',
        syncedVersion: 1,
        localVersion: 2,
      });
    const run = await site.sync({ direction: 'both' });
    expect(run).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0, pushed: 3 } });
    const there = (id: string | null) => {
      const { posts, terms } = site.wordpress.state;
      const held = posts.find((post) => post.id === Number(id))?.terms ?? [];
      return terms
        .filter((each) => held.includes(each.id))
        .map((each) => each.slug)
        .sort();
    };
    expect(there(one.externalId)).toEqual(['green', 'reports']);
    expect(there(two.externalId)).toEqual(['own', 'reports']);
    expect(there(three.externalId).filter((each) => each !== 'uncategorized')).toEqual(['own']);
    expect(site.wordpress.state.posts.find(({ id }) => id === Number(one.externalId))?.title).toBe('Ours');
  });

  it('that was deleted leaves a content that was edited, unless the edit added the term', async () => {
    const [one, two] = await site.contents({ contentType: 'post' });
    const page = await site.write({ title: 'Never sent', terms: [news] });
    if (!one || !two) throw new Error('too few contents');
    const other = (await site.contents({ contentType: 'post', externalId: { not: null } })).at(-1);
    if (!other) throw new Error('no content');
    const poetry = { taxonomy: 'post_tag', slug: 'poetry', name: 'Poetry' };
    await site.edit(one.id, { title: 'Ours' });
    await site.edit(two.id, { terms: [poetry] });
    await tellTerm({ ...green, external_id: '3', deleted: true });
    expect(await termsOf(one.id)).toEqual([news]);
    expect(await termsOf(two.id)).toEqual([poetry]);
    expect(await termsOf(page)).toEqual([news]);
    await site.edit(other.id, { terms: [news, green] });
    await tellTerm({ ...green, external_id: '3', deleted: true });
    expect(await termsOf(other.id)).toEqual([news, green]);
    expect(await site.content(other.id)).toMatchObject({ syncState: 'local_changes' });
  });
});

describe('a message about a term', () => {
  beforeEach(async () => {
    site = await startSyncedSite(server, 'connector');
    await site.sync({ direction: 'from_external' });
  });

  it('is ignored for a taxonomy that is not synced, and its event says so', async () => {
    const before = await site.contents();
    const told = { taxonomy: 'nav_menu', external_id: '9', slug: 'news', name: 'N', was: { slug: 'green' } };
    expect(await tellTerm(told)).toMatchObject({ action: 'taxonomy_not_synced', success: true });
    await server
      .as(site.tenant.owner)
      .patch(site.path(), {
        config_json: { content_types: { taxonomies: { category: { enabled: false } } } },
      })
      .expect(200);
    expect(await tellTerm({ ...renamed, was: { slug: 'news' } })).toMatchObject({
      action: 'taxonomy_not_synced',
    });
    expect(await site.contents()).toEqual(before);
    expect(await term('9', 'nav_menu')).toBeNull();
  });

  it('that is older than the last one changes nothing', async () => {
    const [first, second, third] = [later(), later(), later()];
    await tell('terms', { ...renamed, was: { slug: 'news' }, at: second });
    const before = await site.contents();
    expect(await tell('terms', { ...news, external_id: '2', at: first })).toMatchObject({
      action: 'outdated',
    });
    expect(await tell('terms', { ...renamed, deleted: true, at: first })).toMatchObject({
      action: 'outdated',
    });
    expect(await site.contents()).toEqual(before);
    expect(await term('2')).toMatchObject({ slug: 'reports' });
    await tell('terms', { ...renamed, deleted: true, at: third });
    expect(await tell('terms', { ...renamed, at: second })).toMatchObject({ action: 'outdated' });
    // The clock of the site was ahead, and was corrected.
    const ahead = new Date(Date.now() + 3 * 3_600_000).toISOString();
    await tell('terms', { ...green, external_id: '3', slug: 'blue', was: { slug: 'green' }, at: ahead });
    const told = await tell('terms', {
      ...green,
      external_id: '3',
      slug: 'red',
      at: new Date().toISOString(),
    });
    expect(told).toMatchObject({ action: 'updated' });
    expect((await term('3', 'post_tag'))?.slug).toBe('red');
  });

  it('that is older than the last reading changes nothing, and has the site read', async () => {
    const [early, between] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)];
    const runs = () => server.db.syncRun.count({ where: { integrationId: site.tenant.integrationId } });
    const count = await runs();
    renameThere(2, { slug: 'later', name: 'Later' });
    await site.sync({ direction: 'from_external' });
    const before = await site.contents();
    const late = { ...renamed, was: { slug: 'news' }, at: early.toISOString() };
    expect(await tell('terms', late)).toMatchObject({ action: 'outdated', success: true });
    expect((await site.contents()).map(({ terms }) => terms)).toEqual(before.map(({ terms }) => terms));
    expect(await term('2')).toMatchObject({ slug: 'later', name: 'Later' });
    await runsEnded();
    expect(await runs()).toBe(count + 2);
    // The reading has found no such term.
    const unknown = { taxonomy: 'category', external_id: '77', slug: 'gone', name: 'Gone' };
    expect(await tell('terms', { ...unknown, at: between.toISOString() })).toMatchObject({
      action: 'outdated',
    });
    await runsEnded();
    expect(await term('77')).toBeNull();
    // A late message that says what the reading has found has nothing read.
    const same = { ...renamed, slug: 'later', name: 'Later', at: between.toISOString() };
    expect(await tell('terms', same)).toMatchObject({ action: 'unchanged' });
    expect(await runs()).toBe(count + 3);
    expect(await tellTerm(renamed)).toMatchObject({ action: 'updated' });
  });

  it('whose parent is unknown has the site read', async () => {
    const parent = site.wordpress.editor.createTerm('category', { name: 'World' });
    const child = site.wordpress.editor.createTerm('category', { name: 'Europe', parent: parent.id });
    const told = {
      taxonomy: 'category',
      external_id: String(child.id),
      slug: 'europe',
      name: 'Europe',
      parent_external_id: String(parent.id),
      wanted: { by: 'a newer plugin' },
    };
    expect(await tellTerm(told)).toMatchObject({ action: 'updated' });
    await runsEnded();
    expect(await term(String(parent.id))).toMatchObject({ slug: 'world' });
    expect(await term(String(child.id))).toMatchObject({ slug: 'europe', parentId: String(parent.id) });
  });

  it('with a loop of parents ends, and has the site read', async () => {
    const one = {
      taxonomy: 'category',
      external_id: '71',
      slug: 'one',
      name: 'One',
      parent_external_id: '72',
    };
    await tellTerm(one);
    const two = {
      taxonomy: 'category',
      external_id: '72',
      slug: 'two',
      name: 'Two',
      parent_external_id: '71',
    };
    expect(await tellTerm(two)).toMatchObject({ action: 'updated' });
    await tellTerm({ ...two, external_id: '73', parent_external_id: '73', slug: 'three' });
    await runsEnded();
    const runs = await server.db.syncRun.count({ where: { integrationId: site.tenant.integrationId } });
    expect(runs).toBeGreaterThan(1);
    expect(await term('71')).toBeNull();
  });

  it('changes the paths in edits that name a term below the changed one', async () => {
    const { editor } = site.wordpress;
    const world = editor.createTerm('category', { name: 'World' });
    const europe = editor.createTerm('category', { name: 'Europe', parent: world.id });
    const planet = editor.createTerm('category', { name: 'Planet' });
    await site.sync({ direction: 'from_external' });
    const named = (slug: string) => ({ taxonomy: 'category', slug, name: slug });
    const id = await site.write({ title: 'Paths', terms: [named('world/europe/france'), named('world')] });
    const told = (of: { id: number }, slug: string, more: object) =>
      tellTerm({ taxonomy: 'category', external_id: String(of.id), slug, name: slug, ...more });
    const paths = async () => (await termsOf(id)).map(({ slug }) => slug);
    await told(world, 'earth', { was: { slug: 'world' } });
    expect(await paths()).toEqual(['earth/europe/france', 'earth']);
    await told(europe, 'europe', { parent_external_id: String(planet.id) });
    expect(await paths()).toEqual(['planet/europe/france', 'earth']);
    await told(planet, 'planet', { deleted: true });
    expect(await paths()).toEqual(['europe/france', 'earth']);
    expect(await term(String(europe.id))).toMatchObject({ parentId: null });
  });

  it('about a slug that another term has leaves the contents to a reading', async () => {
    const other = site.wordpress.editor.createTerm('category', { name: 'Other' });
    await site.sync({ direction: 'from_external' });
    const before = await site.contents();
    renameThere(2, { slug: 'older' });
    const told = { taxonomy: 'category', external_id: String(other.id), slug: 'news', name: 'Other' };
    await tellTerm({ ...told, was: { slug: 'other' } });
    const after = await site.contents();
    expect(after.map(({ terms }) => terms)).toEqual(before.map(({ terms }) => terms));
    await runsEnded();
    const [content] = await site.contents({ contentType: 'post' });
    expect(await termsOf(content?.id ?? 0)).toContainEqual({ ...news, slug: 'older' });
  });

  it('changes contents whose hash an earlier version of this server made', async () => {
    for (const content of await site.contents()) {
      const hash = contentHash(sharedState(content), 1);
      await server.db.content.update({
        where: { id: content.id },
        data: { baseHash: hash, remoteHash: hash, remoteTag: null },
      });
    }
    renameThere(2, { slug: 'reports', name: 'Reports &amp; more' });
    await tellTerm({ ...renamed, was: { slug: 'news' } });
    const run = await site.sync({ direction: 'from_external', full: true });
    expect(run.totals).toMatchObject({ updated: 0, conflicts: 0, created: 0 });
  });

  it('makes no conflict with an edit whose agreed state an earlier version of this server hashed', async () => {
    const [content] = await site.contents({ contentType: 'post', externalStatus: 'publish' });
    if (!content) throw new Error('no content');
    const hash = contentHash(sharedState(content), 1);
    await server.db.content.update({
      where: { id: content.id },
      data: { baseHash: hash, remoteHash: hash },
    });
    await site.edit(content.id, { title: 'Edited before the upgrade' });
    renameThere(2, { slug: 'reports', name: 'Reports &amp; more' });
    await tellTerm({ ...renamed, was: { slug: 'news' } });
    const run = await site.sync({ direction: 'both', full: true });
    expect(run).toMatchObject({ status: 'success', totals: { conflicts: 0, pushed: 1 } });
    expect(await termsOf(content.id)).toContainEqual({ ...news, slug: 'reports', name: 'Reports & more' });
  });

  it('of 50,000 contents is applied at once, with one event', async () => {
    const { siteId } = site.tenant.site;
    const [first] = await site.contents({ contentType: 'post' });
    if (!first) throw new Error('no content');
    await server.db.$executeRaw`
      INSERT INTO content (key, account_id, site_id, platform, content_type, title, slug, body, excerpt, status, terms,
        external_id, base_hash, remote_hash, sync_state, local_version, synced_version, updated_at)
      SELECT gen_random_uuid(), account_id, site_id, platform, content_type, title, slug, repeat(md5(n::text), 80), excerpt,
        status, terms, 'x' || n, base_hash, remote_hash, sync_state, 1, 1, now()
      FROM content, generate_series(1, 50000) AS n WHERE id = ${first.id}`;
    const events = await server.db.syncEvent.count({ where: { siteId } });
    const event = await tellTerm({ ...renamed, was: { slug: 'news' } });
    expect(event.details).toMatchObject({ contents: expect.any(Number) });
    expect(await server.db.syncEvent.count({ where: { siteId } })).toBe(events + 1);
    const [left] = await server.db.$queryRaw<{ left: number; done: number }[]>`
      SELECT count(*) FILTER (WHERE terms @> '[{"slug": "news"}]')::int AS left,
        count(*) FILTER (WHERE terms @> '[{"slug": "reports"}]')::int AS done
      FROM content WHERE site_id = ${siteId}`;
    expect(left).toEqual({ left: 0, done: Object(event.details).contents });
  }, 120_000);
});

describe('a message about the site itself', () => {
  beforeEach(async () => {
    site = await startSyncedSite(server, 'connector');
    await site.wordpress.connect({ serverUrl: server.url });
  });
  const told = (more: object = {}) =>
    tell('site', { ...siteBody, home: site.wordpress.url, at: later(), ...more });
  const integration = () =>
    server.db.siteIntegration.findUniqueOrThrow({ where: { id: site.tenant.integrationId } });
  const runs = () => server.db.syncRun.count({ where: { integrationId: site.tenant.integrationId } });

  it('is stored, and a changed base of the links has the site read', async () => {
    expect(await told({ name: 'A site', more: 1 })).toMatchObject({ action: 'updated' });
    expect(await integration()).toMatchObject({
      siteFacts: {
        home: site.wordpress.url,
        permalink_structure: '/%postname%/',
        time_zone: 'Europe/Berlin',
      },
      linksChangedAt: null,
    });
    expect(await told({ name: 'Another name' })).toMatchObject({ action: 'updated' });
    expect(await told({ name: 'Another name' })).toMatchObject({ action: 'unchanged' });
    expect(await runs()).toBe(0);
    const event = await told({ name: 'Another name', permalink_structure: '/%year%/%postname%/' });
    expect(event).toMatchObject({ action: 'links_changed', success: true });
    expect(await runs()).toBe(1);
    await runsEnded();
    const old = { ...siteBody, home: site.wordpress.url };
    expect(await tell('site', old)).toMatchObject({ action: 'outdated' });
    expect((await integration()).siteFacts).toMatchObject({ permalink_structure: '/%year%/%postname%/' });
  });

  it('has all links read if nothing is known of the site, and contents have links', async () => {
    await site.sync({ direction: 'from_external' });
    expect(await told()).toMatchObject({ action: 'links_changed' });
  });

  it('has the site read if many posts have changed', async () => {
    await site.sync({ direction: 'from_external' });
    await told();
    await runsEnded();
    const [post] = site.wordpress.state.posts.filter(({ type }) => type === 'post');
    Object.assign(post ?? {}, { author: 99 });
    const before = await runs();
    await told({ posts_changed: true });
    await runsEnded();
    expect(await runs()).toBe(before + 1);
    expect((await contentOf(post?.id ?? 0)).birth).toMatchObject({ author: '99' });
  });

  it('whose slugs are part of the links has links read after a term was renamed', async () => {
    await site.sync({ direction: 'from_external' });
    await told({ permalink_structure: '/%category%/%postname%/' });
    await runsEnded();
    const before = await runs();
    await tellTerm({ ...green, external_id: '3', slug: 'blue', was: { slug: 'green' } });
    expect(await runs()).toBe(before);
    await tellTerm({ ...renamed, was: { slug: 'news' } });
    expect(await runs()).toBe(before + 1);
    await runsEnded();
  });

  it('with another home than the confirmed one is held, and is a problem', async () => {
    const body = { ...siteBody, home: 'https://copy.example', at: later() };
    const answer = await deliver(server, site.tenant.site, 'site', body);
    expect(answer.status).toBe(202);
    const id = BigInt(Number(answer.body.delivery_id));
    expect(await server.db.webhookDelivery.findUniqueOrThrow({ where: { id } })).toMatchObject({
      status: 'held',
      senderHome: 'https://copy.example',
    });
    expect((await integration()).siteFacts).toBeNull();
    const { body: status } = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
    expect(status.problems).toContainEqual(expect.objectContaining({ code: 'cloned_site' }));
  });
});

test.each([
  ['terms', { slug: 'a/b' }, 'slug'],
  ['terms', { slug: '' }, 'slug'],
  ['terms', { external_id: 0 }, 'external_id'],
  ['terms', { at: 'today' }, 'at'],
  ['terms', { was: 'a' }, 'was'],
  ['site', { home: 'javascript:alert(1)' }, 'home'],
  ['site', { permalink_structure: null }, 'permalink_structure'],
] as const)('a message %s with %j is refused by its field', async (topic, wrong, field) => {
  site = await startSyncedSite(server, 'connector');
  const good = topic === 'terms' ? { ...renamed, at: later() } : siteBody;
  const answer = await deliver(server, site.tenant.site, topic, { ...good, ...wrong });
  expectProblem(answer, 400, { code: 'invalid_input' });
  expect(JSON.stringify(answer.body.errors)).toContain(`"${field}`);
  expect(await server.db.webhookDelivery.count({ where: { siteId: site.tenant.site.siteId } })).toBe(0);
});
