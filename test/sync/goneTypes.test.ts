/** A content type whose plugin is switched off on the site, and on again. */
import { describe, expect, it } from '@jest/globals';
import type { SimulatedType } from '../../src/simulation/wordpress/state.ts';
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

const everything = { direction: 'both' };
const firstBook = () => site.wordpress.state.posts.find(({ type }) => type === 'book')?.id ?? 0;
const books = () => site.contents({ contentType: 'book' });
const state = async () =>
  (await books()).map(({ id, title, body, syncState }) => ({ id, title, body, syncState }));
const readings = () => server.db.typeSync.findMany({ where: { contentType: 'book' } });

async function problems(): Promise<{ code: string; message: string }[]> {
  const answer = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
  return answer.body.problems;
}
async function events(action: string) {
  const answer = await server.as(site.tenant.owner).get(site.path('/events?limit=200')).expect(200);
  return answer.body.results.filter((event: { action: string }) => event.action === action);
}

/** Switches the plugin with the type `book` off. Returns how to switch it on again. */
function switchOff(): () => void {
  const { postTypes, taxonomies } = site.wordpress.state;
  const { book, genre } = { ...postTypes, ...taxonomies };
  delete postTypes.book;
  delete taxonomies.genre;
  return () => {
    postTypes.book = book as SimulatedType;
    taxonomies.genre = genre as SimulatedType;
  };
}

describe.each<Way>(['connector', 'password'])('by %s', (way) => {
  it('its contents stay, the other types are synced, and the problem is named', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(everything);
    const before = await state();
    expect(before.length).toBeGreaterThan(1);
    switchOff();
    const post = site.wordpress.editor.create('post', { title: 'Meanwhile', status: 'publish' });
    const run = await site.sync(everything);
    expect(run).toMatchObject({ status: 'partial', totals: { created: 1, deleted: 0, conflicts: 0 } });
    expect(run.error).toContain('The site does not have the type book any more');
    expect(await state()).toEqual(before);
    expect(await site.contents({ externalId: String(post.id) })).toHaveLength(1);
    expect(await events('type_gone')).toEqual([
      expect.objectContaining({
        event_type: 'sync',
        details: expect.objectContaining({ content_type: 'book' }),
      }),
      expect.objectContaining({ event_type: 'structure', details: { content_types: ['book'] } }),
    ]);
    expect(await problems()).toContainEqual(expect.objectContaining({ code: 'type_gone' }));

    // Nothing is left out by the next run: there is nothing to do for the type.
    expect(await site.sync(everything)).toMatchObject({
      status: 'success',
      totals: { failed: 0, deleted: 0 },
    });
    expect(await state()).toEqual(before);
    expect(await site.sync({ ...everything, full: true })).toMatchObject({ status: 'success' });
    expect(await state()).toEqual(before);
    expect(await events('type_gone')).toHaveLength(2);
    expect(await problems()).toContainEqual(expect.objectContaining({ code: 'type_gone' }));
  });

  it('its edits wait, and it is taken up again without a full reading', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(everything);
    const where = { siteId: site.tenant.site.siteId, contentType: 'book' };
    const [reading] = await server.db.typeSync.findMany({ where });
    const switchOn = switchOff();
    const [one, two] = await books();
    await site.edit(one?.id ?? 0, { title: 'Edited while it was off' });
    const off = await site.sync(everything);
    expect(off).toMatchObject({ status: 'partial', totals: { pushed: 0, deleted: 0 } });
    expect(off.error).toContain('1 edits of them wait');
    const again = await site.sync(everything);
    expect(again).toMatchObject({ status: 'partial', totals: { pushed: 0, failed: 1 } });
    expect(again.error).toContain('1 edits of them wait');

    switchOn();
    site.wordpress.editor.edit(Number(two?.externalId), { title: 'Edited on the site' });
    const on = await site.sync(everything);
    expect(on).toMatchObject({
      status: 'success',
      totals: { pushed: 1, deleted: 0, conflicts: 0, failed: 0 },
    });
    expect(await state()).toEqual([
      expect.objectContaining({ title: 'Edited while it was off', syncState: 'in_sync' }),
      expect.objectContaining({ title: 'Edited on the site', syncState: 'in_sync' }),
    ]);
    const [after] = await server.db.typeSync.findMany({ where });
    expect(after?.fullyReadAt).toEqual(reading?.fullyReadAt);
    expect(after?.readAt).not.toEqual(reading?.readAt);
    expect(await events('type_back')).toHaveLength(1);
    expect((await problems()).map(({ code }) => code)).not.toContain('type_gone');
    // The terms of its taxonomy are read again too.
    expect(await server.db.siteTerm.count({ where: { siteId: where.siteId, taxonomy: 'genre' } })).toBe(1);
  });

  it('a run for it alone is partial and says why', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(everything);
    switchOff();
    const ofBooks = { ...everything, content_types: ['book'] };
    for (let runs = 0; runs < 2; runs += 1) {
      const run = await site.sync(ofBooks);
      expect(run).toMatchObject({ status: 'partial', totals: { deleted: 0 } });
      expect(run.error).toContain('The site does not have the type book any more');
    }
  });

  it('the choices about it stay, and switching it off here ends the problem', async () => {
    site = await startSyncedSite(server, way);
    await site.sync(everything);
    const choose = (book: object) =>
      server
        .as(site.tenant.owner)
        .patch(site.path(), { config_json: { content_types: { post_types: { book } } } })
        .expect(200);
    await choose({ fetch_limit: 1 });
    const switchOn = switchOff();
    await site.sync({ direction: 'metadata' });
    expect((await problems()).map(({ code }) => code)).toContain('type_gone');
    await choose({ enabled: false });
    expect((await problems()).map(({ code }) => code)).not.toContain('type_gone');
    switchOn();
    await site.sync({ direction: 'metadata' });
    const answer = await server.as(site.tenant.owner).get(site.path('/content-types')).expect(200);
    expect(answer.body.content_types.post_types.book).toMatchObject({ enabled: false, fetch_limit: 1 });
  });
});

it('a type that the site still lists, but refuses, is another fault', async () => {
  site = await startSyncedSite(server, 'connector');
  await site.sync(everything);
  expect(firstBook()).toBeGreaterThan(0);
  const before = await readings();
  site.wordpress.setFault('connector_missing');
  const answer = await server.as(site.tenant.owner).post(site.path('/sync'), everything).expect(200);
  expect(answer.body.status).toBe('failed');
  expect(await events('type_gone')).toEqual([]);
  expect(await readings()).toEqual(before);
});
