/** The connector tells of changes that leave no date on the posts. They are right here by its messages alone. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { sharedState } from '../../src/services/content/sharedState.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { eventually } from '../support/eventually.ts';
import type { TestServer } from '../support/server.ts';
import { startTestServer } from '../support/server.ts';
import { connectSite, type SyncedTenant } from '../support/syncedSite.ts';

let server: TestServer;
let wordpress: SimulatedWordpress;
let site: SyncedTenant;

beforeEach(async () => {
  server = await startTestServer();
  wordpress = await startSimulatedWordpress({ siteId: 1, connector: { version: '0.6.0' } });
  site = await connectSite(server, wordpress, 'connector');
  expect((await wordpress.connect({ serverUrl: server.url })).structure?.status).toBe(200);
});
afterEach(async () => {
  await wordpress.stop();
  await server.stop();
});

/** Sends the waiting messages, and waits until nothing is left to do about them. Returns their topics. */
async function tell(): Promise<string[]> {
  const topics = wordpress.webhooks.map(({ topic }) => topic);
  for (const { status } of await wordpress.deliverWebhooks({ serverUrl: server.url }))
    expect(status).toBe(202);
  expect(wordpress.webhooks).toEqual([]);
  await eventually(async () => {
    const [jobs] = await server.db.$queryRaw<{ open: number }[]>`
      SELECT count(*)::int AS open FROM pgboss.job
      WHERE name IN ('webhook', 'content', 'sync') AND state IN ('created', 'active', 'retry')`;
    expect(jobs?.open).toBe(0);
  });
  return topics;
}

/** Expects that a reading of everything finds nothing that the messages have not told. */
async function expectEqual(): Promise<void> {
  const run = await site.sync({ direction: 'from_external', full: true });
  expect(run.totals).toMatchObject({ created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 });
}

async function contentOf(postId: number) {
  const [content] = await site.contents({ externalId: String(postId) });
  if (!content) throw new Error(`no content of ${postId}`);
  return content;
}

const slugsOf = async (postId: number) =>
  sharedState(await contentOf(postId))
    .terms.map(({ slug }) => slug)
    .sort();

it('renamed, moved and deleted terms', async () => {
  const { editor } = wordpress;
  const parent = editor.createTerm('category', { name: 'World' });
  const child = editor.createTerm('category', { name: 'Europe', parent: parent.id });
  const { id } = editor.create('post', { title: 'In Europe', status: 'publish' });
  editor.setTerms(id, 'category', [child.id]);
  await tell();
  await site.sync({ direction: 'from_external' });
  editor.editTerm(child.id, { name: 'Old world', slug: 'old-world' });
  expect(await tell()).toEqual(['terms']);
  expect(await slugsOf(id)).toEqual(['old-world']);
  await expectEqual();
  editor.editTerm(child.id, { description: 'Changes nothing here' });
  expect(await tell()).toEqual([]);
  editor.deleteTerm(child.id);
  expect(await tell()).toEqual(['terms']);
  expect(await slugsOf(id)).toEqual(['uncategorized']);
  await expectEqual();
});

it('deleted pictures and users, and the name of the site', async () => {
  const { editor, state } = wordpress;
  state.users.push({ id: 9, login: 'leaving', role: 'author', applicationPassword: null });
  const picture = editor.create('attachment', { title: 'Picture', status: 'inherit' });
  const { id } = editor.create('post', { title: 'With both', status: 'publish', author: 9 });
  Object.assign(state.posts.find((post) => post.id === id) ?? {}, { featured_media: picture.id });
  await tell();
  await site.sync({ direction: 'from_external' });
  expect((await contentOf(id)).metadata).toMatchObject({ featured_media: picture.id });
  editor.deletePicture(picture.id);
  expect(await tell()).toEqual(['metadata']);
  expect((await contentOf(id)).metadata).not.toHaveProperty('featured_media');
  editor.deleteUser(9, 1);
  expect(await tell()).toEqual(['site']);
  expect((await contentOf(id)).birth).toMatchObject({ author: '1' });
  editor.renameSite('Another name');
  expect(await tell()).toEqual(['site']);
  const { siteFacts } = await server.db.siteIntegration.findFirstOrThrow({
    where: { siteId: site.tenant.site.siteId },
  });
  expect(siteFacts).toMatchObject({ name: 'Another name', home: wordpress.url });
  await expectEqual();
});

it('of an older connector only by messages about each post', async () => {
  const { connector } = wordpress.state;
  if (connector) connector.version = '0.5.0';
  const [first] = wordpress.state.posts.filter(({ type }) => type === 'post');
  await site.sync({ direction: 'from_external' });
  wordpress.editor.renameSite('Untold');
  wordpress.editor.editTerm(2, { name: 'Untold' });
  expect(await tell()).toEqual([]);
  wordpress.editor.deleteTerm(2);
  expect(new Set(await tell())).toEqual(new Set(['metadata']));
  expect(await slugsOf(first?.id ?? 0)).toEqual(['green', 'uncategorized']);
});
