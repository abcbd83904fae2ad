/**
 * The tests of content sync that every platform must pass. They use only the API and runs, and look at the stored
 * terms, which the API does not list. A driver starts
 * the simulated site and acts on it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunBody } from '../../support/runBody.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

/** An item on the simulated site, with the field names of the API. */
export interface SiteItem {
  external_id: string;
  content_type: string;
  title: string;
  slug: string;
  body: string;
  excerpt: string;
  external_status: string;
  /** `taxonomy:slug`, sorted. */
  terms: string[];
}

/** How a far side spoils its lists: it leaves items out, gives them twice, cuts pages short, or changes the order. */
export type Distortion = 'drops' | 'doubles' | 'shortens' | 'reorders';

/** A site that is connected to the server under test. */
interface DrivenSite {
  siteId: number;
  owner: { token: string };
  /** `/api/v1/integration/integrations/{id}`. */
  integration: string;
  /** All items that belong to the site's content. */
  list(): SiteItem[];
  /** `taxonomy:slug` of every term that the server stores of the site, sorted. */
  terms(): string[];
  /** Someone at the site publishes an item of the driver's type. Returns its id. */
  create(title: string): string;
  /** Someone at the site changes an item's title. With `undated` the site shows no date of the change. */
  retitle(id: string, title: string, options?: { undated: true }): void;
  /** Someone at the site makes a change that leaves no date at the items, by a name of `ContentDriver.undated`. */
  changeUndated(name: string): void;
  /** What else the site says about each item of the driver's type: its link, author and picture, by external id. */
  facts?(): Map<string, { url: string; author: number; picture: number }>;
  remove(id: string): void;
  /** From now on, the site spoils its lists in this way; with null, in none. */
  distort(how: Distortion | null): void;
  /** The site performs creates, but loses the response of at least one. */
  loseAnswers(): void;
  stop(): Promise<void>;
}

export interface ContentDriver {
  name: string;
  /** The content type that the tests create. */
  type: string;
  /** Terms that a new content of this type may have. */
  terms: { taxonomy: string; slug: string; name: string }[];
  /** The changes of the site that leave no date at the items. */
  undated: readonly string[];
  /** Whether an item of this type has an excerpt. */
  hasExcerpt: boolean;
  /** The note with which a new item stays a draft on the site, although it is ready; null if it is published. */
  staysDraft: string | null;
  /** Settings that the server needs. */
  environment?(): Promise<Record<string, string>>;
  start(server: TestServer): Promise<DrivenSite>;
  stop?(): Promise<void>;
}

interface ContentBody extends Record<string, unknown> {
  id: number;
  external_url: string | null;
  metadata: Record<string, unknown>;
  external_id: string | null;
  title: string;
  sync_state: string;
  terms: { taxonomy: string; slug: string }[];
}

interface EventBody extends Record<string, unknown> {
  action: string;
  details: { outcome?: string };
}

/** Describes all tests for one driver. */
export function describeContentSync(driver: ContentDriver): void {
  describe(driver.name, () => {
    let server: TestServer;
    let site: DrivenSite;

    beforeAll(async () => {
      // A sync call must wait until the run ends, also on a busy machine.
      server = await startTestServer({ SYNC_WAIT_S: '120', ...(await driver.environment?.()) });
    });
    beforeEach(async () => {
      site = await driver.start(server);
    });
    afterEach(() => site.stop());
    afterAll(async () => {
      await server.stop();
      await driver.stop?.();
    });

    const owner = () => server.as(site.owner);

    /** Starts a run and waits for its end. */
    async function sync(body: object): Promise<RunBody> {
      return (await owner().post(`${site.integration}/sync`, body).expect(200)).body;
    }
    const pull = (more: object = {}) => sync({ direction: 'from_external', ...more });
    const push = () => sync({ direction: 'to_external' });

    async function events(query: string): Promise<EventBody[]> {
      return (await owner().get(`${site.integration}/events?${query}`).expect(200)).body.results;
    }
    /** All contents of the site that the server stores. */
    async function contents(): Promise<ContentBody[]> {
      const { body } = await owner().get(`/api/v1/content?site_id=${site.siteId}&limit=200`).expect(200);
      expect(body.next_cursor).toBeNull();
      return body.results;
    }
    async function content(id: number): Promise<ContentBody> {
      return (await owner().get(`/api/v1/content/${id}`).expect(200)).body;
    }
    /** The stored content of an item of the driver's type, by its external id. */
    async function storedAs(externalId: string): Promise<ContentBody> {
      const found = (await contents()).find(
        (each) => each.content_type === driver.type && each.external_id === externalId,
      );
      if (!found) throw new Error(`Nothing is stored of ${driver.type} ${externalId}.`);
      return found;
    }
    /** Creates a content on the server, as a user would. Returns its id. */
    async function write(fields: object): Promise<number> {
      const made = await owner()
        .post('/api/v1/content', {
          site_id: site.siteId,
          content_type: driver.type,
          terms: driver.terms,
          ...fields,
        })
        .expect(201);
      return made.body.id;
    }
    const edit = (id: number, fields: object) => owner().patch(`/api/v1/content/${id}`, fields).expect(200);
    /** An item that was in sync, then got the title `Ours` on the server. */
    async function editedHere(): Promise<{ id: number; externalId: string }> {
      const externalId = site.create('Agreed');
      await pull();
      const { id } = await storedAs(externalId);
      await edit(id, { title: 'Ours' });
      return { id, externalId };
    }
    const resolve = (id: number, keep: 'local' | 'remote') =>
      owner().post(`/api/v1/content/${id}/resolve-conflict`, { keep }).expect(200);

    const titled = (title: string) => site.list().filter((item) => item.title === title);
    function onSite(externalId: string | null): SiteItem {
      const found = site
        .list()
        .find((item) => item.content_type === driver.type && item.external_id === externalId);
      if (!found) throw new Error(`The site has no ${driver.type} ${externalId}.`);
      return found;
    }

    /** Expects that the stored contents equal the site's items. */
    async function expectInStep(): Promise<void> {
      const stored = (await contents()).filter((each) => each.sync_state !== 'deleted_remote');
      expect(
        stored
          .map(({ external_id, content_type, title, slug, body, excerpt, external_status, terms }) => ({
            external_id,
            content_type,
            title,
            slug,
            body,
            excerpt,
            external_status,
            terms: terms.map((term) => `${term.taxonomy}:${term.slug}`).sort(),
          }))
          .sort(byTypeAndId),
      ).toEqual(site.list().sort(byTypeAndId));
      expect(stored.map((each) => each.sync_state)).toEqual(stored.map(() => 'in_sync'));
      const terms = await server.db.siteTerm.findMany({ where: { siteId: site.siteId } });
      expect(terms.map(({ taxonomy, slug }) => `${taxonomy}:${slug}`).sort()).toEqual(site.terms());
    }

    /** Expects that links, authors and pictures are those of the site, if it has them. */
    async function expectFacts(): Promise<void> {
      const facts = site.facts?.();
      if (facts === undefined) return;
      const stored = (await contents()).filter((each) => each.content_type === driver.type);
      const here = stored.map(({ external_id, external_url, metadata }) => [
        external_id,
        { url: external_url, author: metadata.author ?? 0, picture: metadata.featured_media ?? 0 },
      ]);
      expect(Object.fromEntries(here)).toEqual(Object.fromEntries(facts));
    }

    describe('a content that is deleted on the server', () => {
      const list = async (query: string) =>
        (await owner().get(`/api/v1/content?site_id=${site.siteId}&limit=200${query}`).expect(200)).body
          .results;

      it('stays away, whatever its item does, until it is included again', async () => {
        const externalId = site.create('Unwanted');
        await pull();
        const { id } = await storedAs(externalId);
        const before = (await contents()).length;
        await owner().delete(`/api/v1/content/${id}`).expect(204);
        expect(await content(id)).toMatchObject({
          sync_state: 'excluded',
          external_id: externalId,
          title: '',
          slug: '',
          body: '',
          excerpt: '',
          terms: [],
          metadata: {},
        });
        for (const run of [{ full: true }, {}]) {
          expect(await pull(run)).toMatchObject({ status: 'success', totals: { created: 0, updated: 0 } });
          expect(await contents()).toHaveLength(before - 1);
        }
        site.retitle(externalId, 'Still unwanted');
        expect(await pull()).toMatchObject({ status: 'success', totals: { created: 0, updated: 0 } });
        expect(await push()).toMatchObject({ status: 'success', totals: { pushed: 0 } });
        expect(titled('Still unwanted')).toHaveLength(1);
        expect(await list('&sync_state=excluded')).toMatchObject([{ id, title: '' }]);
        const status = await owner().get(`${site.integration}/sync-status`).expect(200);
        expect(status.body.content.total).toBe(before - 1);

        const included = await owner().post(`/api/v1/content/${id}/include`).expect(200);
        expect(included.body).toMatchObject({ id, sync_state: 'in_sync', title: 'Still unwanted' });
        await expectInStep();
      });

      it('stays away after its item is deleted as well', async () => {
        const externalId = site.create('Unwanted');
        await pull();
        const { id } = await storedAs(externalId);
        await owner().delete(`/api/v1/content/${id}`).expect(204);
        site.remove(externalId);
        for (const run of [{}, { full: true }, {}])
          expect(await pull(run)).toMatchObject({ status: 'success', totals: { deleted: 0 } });
        expect(await content(id)).toMatchObject({ sync_state: 'excluded', title: '' });
      });

      it('stays away when the response to its create was lost', async () => {
        const id = await write({ title: 'Half made', body: '<p>half</p>', status: 'ready' });
        site.loseAnswers();
        await push();
        const made = titled('Half made').length;
        await owner().delete(`/api/v1/content/${id}`).expect(204);
        await owner().post(`${site.integration}/test-connection`).expect(200);
        await pull({ full: true });
        await sync({ direction: 'both' });
        expect(titled('Half made')).toHaveLength(made);
        expect((await contents()).filter(({ title }) => title === 'Half made')).toEqual([]);
      });
    });

    describe('a pull', () => {
      it('stores every item with all its fields', async () => {
        const count = site.list().length;
        const run = await pull();
        expect(run).toMatchObject({
          status: 'success',
          error: null,
          totals: { pulled: count, created: count, failed: 0 },
          progress: { done: count },
        });
        await expectInStep();
        const status = await owner().get(`${site.integration}/sync-status`).expect(200);
        expect(status.body).toMatchObject({
          sync_status: 'success',
          content: { total: count, in_sync: count },
          last_run: { id: run.id },
        });
      });

      it('changes nothing the second time', async () => {
        await pull();
        const before = await contents();
        expect(await pull()).toMatchObject({
          status: 'success',
          totals: { created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 },
        });
        expect(await contents()).toEqual(before);
      });

      it('finds edited, new and deleted items', async () => {
        const [edited, removed] = [site.create('To be edited'), site.create('To be removed')];
        await pull();
        site.retitle(edited, 'Edited "there" \\ 🎉');
        site.remove(removed);
        site.create('Brand new');
        expect(await pull()).toMatchObject({
          status: 'success',
          totals: { created: 1, updated: 1, deleted: 1, failed: 0 },
        });
        await expectInStep();
        expect(await storedAs(removed)).toMatchObject({
          title: 'To be removed',
          sync_state: 'deleted_remote',
        });
        const told = await events('event_type=content&limit=3');
        expect(told.map(({ details }) => details.outcome).sort()).toEqual([
          'created',
          'deleted_remote',
          'updated',
        ]);
      });

      it('reads every item again with `full`, and finds changes without a date', async () => {
        const id = site.create('Dated');
        await pull();
        site.retitle(id, 'Undated', { undated: true });
        const count = site.list().length;
        expect(await pull({ full: true })).toMatchObject({
          status: 'success',
          totals: { pulled: count, created: 0, updated: 1, unchanged: count - 1, deleted: 0 },
        });
        await expectInStep();
      });

      it('finds a change without a date in the next sync', async () => {
        const id = site.create('Dated');
        await pull();
        site.retitle(id, 'Undated', { undated: true });
        expect(await pull()).toMatchObject({
          status: 'success',
          totals: { created: 0, updated: 1, deleted: 0, failed: 0 },
        });
        await expectInStep();
        expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 0 } });
      });

      it.each([...driver.undated])('finds in the next sync, although it leaves no date: %s', async (name) => {
        site.create('Dated');
        await pull();
        await expectFacts();
        const before = JSON.stringify([site.list(), [...(site.facts?.() ?? [])]]);
        site.changeUndated(name);
        expect(JSON.stringify([site.list(), [...(site.facts?.() ?? [])]])).not.toBe(before);
        expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
        await expectInStep();
        await expectFacts();
        expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 0 } });
      });

      it('stores an item without a field that cannot be stored, and reports item and field', async () => {
        const bad = site.create('Good');
        const count = site.list().length;
        // PostgreSQL stores no NUL in text.
        site.retitle(bad, 'a\u0000b');
        const run = await pull();
        expect(run).toMatchObject({ status: 'success', totals: { created: count, failed: 0 } });
        expect(await events('success=false')).toContainEqual(
          expect.objectContaining({
            event_type: 'content',
            action: 'fields_unread',
            external_id: bad,
            error_message: expect.stringContaining('The title'),
          }),
        );
        site.retitle(bad, 'Good again');
        expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 1 } });
        await expectInStep();
      });
    });

    describe.each<Distortion>(['drops', 'doubles', 'shortens', 'reorders'])(
      'a site whose list %s items',
      (how) => {
        const count = async (where: string) =>
          (await contents()).filter((each) => each.sync_state === where).length;

        /** A run is a success only if everything was read. If not, the run says how much was read. */
        async function expectHonest(run: RunBody): Promise<void> {
          if (run.status === 'success') await expectInStep();
          else
            expect(run).toMatchObject({ status: 'partial', error: expect.stringMatching(/read \d+ of \d+/) });
        }

        it('gives a success only with everything, loses nothing here, and is in step after it is mended', async () => {
          const ids = Array.from({ length: 7 }, (_, index) => site.create(`Number ${index}`));
          await sync({ direction: 'metadata' });
          site.distort(how);
          await expectHonest(await pull());
          await expectHonest(await pull());
          await expectHonest(await pull({ full: true }));
          site.distort(null);
          expect(await pull()).toMatchObject({ status: 'success', error: null });
          await expectInStep();

          site.distort(how);
          site.remove(ids[2] ?? '');
          await expectHonest(await pull({ full: true }));
          await expectHonest(await pull());
          // Only the item that is really gone may count as deleted.
          expect(await count('deleted_remote')).toBeLessThanOrEqual(1);
          site.distort(null);
          expect(await pull()).toMatchObject({ status: 'success', error: null });
          await expectInStep();
          expect(await count('deleted_remote')).toBe(1);
        });
      },
    );

    describe('a push', () => {
      it('creates the contents that are ready, and no draft', async () => {
        const draft = await write({ title: 'Not yet' });
        const fields = {
          title: 'Ready "quoted" \\ 🎉',
          body: '<p>Body – “quoted” & 日本語</p>',
          slug: 'my-slug',
          ...(driver.hasExcerpt ? { excerpt: 'Short' } : {}),
        };
        const id = await write({ ...fields, status: 'ready' });
        const noted = driver.staysDraft !== null;
        expect(await push()).toMatchObject({
          status: noted ? 'partial' : 'success',
          error: noted ? expect.stringContaining(`${driver.type} content ${id}: `) : null,
          totals: { pushed: 1, created: 1, failed: noted ? 1 : 0 },
        });
        const told = (await events('success=false')).filter(({ event_type }) => event_type === 'content');
        expect(told.map(({ action, content_id }) => [action, content_id])).toEqual(
          noted ? [[driver.staysDraft, id]] : [],
        );
        const pushed = await content(id);
        expect(pushed).toMatchObject({ status: noted ? 'draft' : 'published', sync_state: 'in_sync' });
        expect(onSite(pushed.external_id)).toMatchObject(fields);
        expect(onSite(pushed.external_id).terms).toEqual(
          driver.terms.map(({ taxonomy, slug }) => `${taxonomy}:${slug}`).sort(),
        );
        expect(await content(draft)).toMatchObject({ external_id: null, sync_state: 'local_only' });
        expect(titled('Not yet')).toEqual([]);
      });

      it('updates the same item after an edit, and pushes nothing twice', async () => {
        const id = await write({ title: 'First', status: 'ready' });
        await push();
        const { external_id } = await content(id);
        await edit(id, { title: 'Second', body: '<p>more</p>' });
        expect((await push()).totals).toMatchObject({ pushed: 1, created: 0 });
        expect((await push()).totals).toMatchObject({ pushed: 0 });
        expect(onSite(external_id)).toMatchObject({ title: 'Second', body: '<p>more</p>' });
        expect(titled('First')).toEqual([]);
        // A pull must not see the pushed edit as a change of the site.
        expect(await pull({ full: true })).toMatchObject({ status: 'success', totals: { conflicts: 0 } });
        expect(await content(id)).toMatchObject({ title: 'Second', sync_state: 'in_sync', external_id });
      });

      it('ends with one item for each content when responses get lost', async () => {
        await sync({ direction: 'metadata' });
        const titles = Array.from({ length: 5 }, (_, each) => `Lost ${each}`);
        const ids: number[] = [];
        for (const title of titles) ids.push(await write({ title, status: 'ready' }));
        site.loseAnswers();
        const noted = driver.staysDraft === null ? 0 : titles.length;
        expect(await push()).toMatchObject({
          status: noted > 0 ? 'partial' : 'success',
          totals: { failed: noted },
        });
        for (const title of titles) expect(titled(title)).toHaveLength(1);
        for (const id of ids) {
          const { external_id, sync_state, title } = await content(id);
          expect(sync_state).toBe('in_sync');
          expect(onSite(external_id)).toMatchObject({ title });
        }
      });

      it('overwrites no item that changed on the site, until a user resolves for `local`', async () => {
        const { id, externalId } = await editedHere();
        site.retitle(externalId, 'Theirs');
        expect((await sync({ direction: 'both' })).totals).toMatchObject({ conflicts: 1, pushed: 0 });
        expect(onSite(externalId).title).toBe('Theirs');
        expect(await content(id)).toMatchObject({ title: 'Ours', sync_state: 'conflict' });
        await sync({ direction: 'both' });
        const told = (await events('limit=100')).filter(({ action }) => action === 'conflict');
        // One conflict event, however many runs meet the conflict.
        expect(told).toMatchObject([{ event_type: 'content', content_id: id, external_id: externalId }]);
        await resolve(id, 'local');
        await push();
        expect(onSite(externalId).title).toBe('Ours');
        expect(await content(id)).toMatchObject({ title: 'Ours', sync_state: 'in_sync' });
      });

      it('finds a conflict without a pull, and takes the site’s item when a user resolves for `remote`', async () => {
        const { id, externalId } = await editedHere();
        site.retitle(externalId, 'Theirs');
        expect((await push()).totals).toMatchObject({ conflicts: 1, pushed: 0 });
        expect(onSite(externalId).title).toBe('Theirs');
        await resolve(id, 'remote');
        expect(await content(id)).toMatchObject({ title: 'Theirs', sync_state: 'in_sync' });
      });

      it('reports an item that was deleted on the site, and does not create it again', async () => {
        const { id, externalId } = await editedHere();
        site.remove(externalId);
        expect((await push()).totals).toMatchObject({ deleted: 1, pushed: 0 });
        expect(await content(id)).toMatchObject({ title: 'Ours', sync_state: 'deleted_remote' });
        expect(titled('Ours')).toEqual([]);
      });
    });
  });
}

function byTypeAndId(
  one: { content_type: unknown; external_id: unknown },
  other: { content_type: unknown; external_id: unknown },
): number {
  return (
    String(one.content_type).localeCompare(String(other.content_type)) ||
    Number(one.external_id) - Number(other.external_id)
  );
}
