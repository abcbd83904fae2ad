/**
 * A connected site and the people on both sides. Performs the steps of the property test and remembers what
 * people wrote.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Content } from '../../src/database/generated/client.ts';
import type { ConflictRule } from '../../src/services/content/merge.ts';
import type { SiteRequest } from '../../src/simulation/wordpress/router.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { eventually } from '../support/eventually.ts';
import type { RunBody } from '../support/runBody.ts';
import type { TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';
import { SiteCopy } from './siteCopy.ts';
import { pictures, SiteEditors, types } from './siteEditors.ts';
import type { CopyStep, Moment, PersonStep, Run, Step, Trouble } from './steps.ts';
import { pick, pieceOf, termsOf, Writings } from './writings.ts';

const picture = {
  type: 'attachment',
  status: 'inherit',
  content: '',
  modified_gmt: '2026-01-01T00:00:00',
} as const;

export class World {
  readonly server: TestServer;
  readonly site: SyncedSite;
  readonly writings = new Writings();
  readonly rule: ConflictRule;
  readonly violations: string[] = [];
  readonly #editors: SiteEditors;
  readonly #copy: SiteCopy;
  /** The ended runs, in their order. */
  readonly runs: RunBody[] = [];
  /** Whether a person acts on the server while a run may change the shown contents. */
  #unsettled = false;

  private constructor(server: TestServer, site: SyncedSite, rule: ConflictRule) {
    this.server = server;
    this.site = site;
    this.rule = rule;
    this.#editors = new SiteEditors(site.wordpress, this.writings);
    this.#copy = new SiteCopy(site.wordpress, server.url);
  }

  static async start(server: TestServer, way: Way, rule: ConflictRule): Promise<World> {
    const site = await startSyncedSite(server, way, { sync_settings: { conflict: rule } });
    const { post } = site.wordpress.state.postTypes;
    if (post) post.meta = { subtitle: 'string' };
    const { connector, posts } = site.wordpress.state;
    if (connector !== null) connector.version = '0.6.0';
    for (const [at, id] of pictures.entries()) {
      posts.push({ ...picture, id, slug: `picture-${id}`, title: `Picture ${id}` });
      const post = posts[at];
      if (post !== undefined) post.featured_media = id;
    }
    if (way === 'connector') {
      const { test } = await site.wordpress.connect({ serverUrl: server.url });
      if (test.status !== 200) throw new Error(`Connecting answered ${test.status}.`);
    }
    return new World(server, site, rule);
  }

  async do(step: Step): Promise<void> {
    const { wordpress } = this.site;
    if (step.step === 'run') await this.#run(step.run);
    else if (step.step === 'webhooks_arrive') await this.#deliver(step.twice, step.settled);
    else if (step.step === 'webhook_lost') (wordpress.webhooks as unknown[]).shift();
    else if (step.step === 'clock_moves') wordpress.clock.offsetMs = step.hours * 3_600_000;
    else if (step.step === 'zone_changes') wordpress.clock.gmtOffset = step.hours;
    else if (isOfCopy(step)) await this.#watchCopy(step);
    else {
      this.#unsettled = await this.#isBusy();
      await this.#person(step);
    }
  }

  /** Nothing that a copy does changes a content here. A later run would hide that it did. */
  async #watchCopy(step: CopyStep): Promise<void> {
    await this.settle();
    const before = await this.site.contents();
    await this.#copy.do(step);
    await this.settle();
    const changed = (await this.site.contents()).filter(
      (content, at) => !isDeepStrictEqual(content, before[at]),
    );
    this.violations.push(...changed.map(({ id }) => `${step.step} of the copy changed content ${id}.`));
  }

  /** A run in both directions without faults. `full`: over all contents, not only the changed ones. */
  async quietRun(full: boolean): Promise<RunBody> {
    await this.#endPause();
    const run = await this.#sync({ direction: 'both', full });
    this.runs.push(run);
    return run;
  }

  /** Starts a run and waits for its end. */
  #sync(body: object): Promise<RunBody> {
    const { owner } = this.site.tenant;
    return eventually(async () => {
      const answer = await this.server.as(owner).post(this.site.path('/sync'), body);
      // A run that was just cancelled is still being cleared away.
      if (answer.status !== 200) throw new Error(`A sync answered ${answer.status}: ${answer.text}`);
      return answer.body;
    });
  }

  /** Waits until all received webhooks are processed. Failed jobs are retried at once. */
  async settle(): Promise<void> {
    await this.#endPause();
    await eventually(async () => {
      await this.server.db.$executeRaw`
        UPDATE pgboss.job SET start_after = now() WHERE state = 'retry' AND name IN ('webhook', 'content')`;
      if (await this.#isBusy()) throw new Error('Webhooks are still being worked on.');
    });
  }

  /** Stops the WordPress and deletes the integration. */
  async stop(): Promise<void> {
    await this.#copy.stop();
    await this.site.wordpress.stop();
    await this.server.as(this.site.tenant.owner).delete(this.site.path()).expect(204);
  }

  posts(): SimulatedPost[] {
    return this.#editors.posts();
  }

  async #person(step: PersonStep): Promise<void> {
    if (step.step.startsWith('site_')) this.#editors.do(step);
    else await this.#here(step);
  }

  async #here(step: PersonStep): Promise<void> {
    const owner = this.server.as(this.site.tenant.owner);
    if (step.step === 'user_creates') {
      const { title, content: body, ...rest } = this.writings.texts(step.writing, null);
      await this.site.write({
        content_type: step.type,
        status: step.status,
        title: title ?? this.writings.newTitle(pieceOf(body)),
        body,
        ...rest,
        ...termsOf(step.type, step.writing),
      });
      return;
    }
    if (!('which' in step)) return;
    // People do not see contents that were deleted here.
    const all = await this.site.contents({
      contentType: { in: types },
      syncState: { not: 'excluded' },
    });
    // In the order of the site's ids. Contents without an id come last.
    const place = ({ externalId }: Content) =>
      externalId === null ? Number.MAX_SAFE_INTEGER : Number(externalId);
    all.sort((one, other) => place(one) - place(other));
    const content = pick(
      step.step === 'user_resolves' ? all.filter(({ syncState }) => syncState === 'conflict') : all,
      step.which,
    );
    if (content === undefined) return;
    if (step.step === 'user_edits') {
      const { title, content: body, ...rest } = this.writings.texts(step.writing, content.body);
      const fields = {
        ...(title === undefined ? {} : { title }),
        ...(body === undefined ? {} : { body }),
        ...rest,
        ...termsOf(content.contentType, step.writing),
        ...(step.status === null ? {} : { status: step.status }),
      };
      if (Object.keys(fields).length === 0) return;
      if (title !== undefined) this.#seenHere(content);
      await this.#may(owner.patch(`/api/v1/content/${content.id}`, fields));
    } else if (step.step === 'user_sets_meta') {
      if (content.contentType !== 'post') return;
      const metadata = { ...(content.metadata as object), subtitle: `Here ${step.value}` };
      await this.#may(owner.patch(`/api/v1/content/${content.id}`, { metadata }));
    } else if (step.step === 'user_removes') {
      this.#seenHere(content);
      await this.#may(owner.delete(`/api/v1/content/${content.id}`));
    } else if (step.step === 'user_pulls') {
      if (content.externalId !== null) await this.#look(content);
    } else if (step.step === 'user_resolves') await this.#resolve(content, step);
  }

  async #resolve(content: Content, { keep, looks }: { keep: 'local' | 'remote'; looks: boolean }) {
    if (keep === 'remote') this.#seenHere(content);
    else {
      if (looks) await this.#look(content);
      // The title on the site is given up. It may be newer than the title that the server last read.
      this.#giveUpOnSite(content);
    }
    const path = `/api/v1/content/${content.id}/resolve-conflict`;
    await this.#may(this.server.as(this.site.tenant.owner).post(path, { keep }));
  }

  async #look({ id }: Content): Promise<void> {
    const path = this.site.path('/sync-wordpress-content');
    await this.#may(this.server.as(this.site.tenant.owner).post(path, { content_id: id }));
  }

  /**
   * Makes a call that may be refused, as its content may just have changed, but that may not fail otherwise.
   */
  async #may(call: PromiseLike<{ status: number; text: string }>): Promise<void> {
    const { status, text } = await call;
    if (status >= 500 || status === 400) throw new Error(`Answered ${status}: ${text}`);
  }

  /**
   * A person on the server replaces or deletes the shown title. During a run, the title on the site may be
   * the shown one.
   */
  #seenHere(content: Content): void {
    this.writings.alive.delete(content.title);
    if (this.#unsettled) this.#giveUpOnSite(content);
  }

  #giveUpOnSite({ externalId }: Content): void {
    const post = this.posts().find(({ id }) => String(id) === externalId);
    if (post) this.writings.alive.delete(post.title);
  }

  async #run(run: Run): Promise<void> {
    const { wordpress } = this.site;
    await this.#endPause();
    for (const trouble of run.troubles) wordpress.disturb(disturbance(trouble));
    const before = new Map(this.posts().map((post) => [post.id, post.title]));
    const acts: Promise<void>[] = [];
    const during = ({ on, at }: Moment, act: () => Promise<void>) => {
      const when = (request: SiteRequest): boolean => {
        const due = isOn(on, request);
        if (due) asked += 1;
        if (!due || asked !== at) return false;
        acts.push(act());
        return true;
      };
      let asked = 0;
      wordpress.disturb({ fault: 'latency', ms: 200, when });
    };
    if (run.cut?.by === 'death') during(run.cut, () => this.#kill());
    if (run.cut?.by === 'cancelling') during(run.cut, () => this.#cancel());
    const { meanwhile } = run;
    if (meanwhile !== null)
      during(meanwhile, async () => {
        this.#unsettled = true;
        for (const step of meanwhile.steps) await this.#person(step);
      });
    this.runs.push(await this.#sync({ direction: run.direction, full: run.full }));
    await Promise.all(acts);
    wordpress.calm();
    // This fault deletes posts while a run reads them.
    const now = new Set(this.posts().map(({ id }) => id));
    if (run.troubles.some(({ fault }) => fault === 'page_shrinks'))
      for (const [id, title] of before) if (!now.has(id)) this.writings.alive.delete(title);
  }

  /** Treats the worker as dead, as when its heartbeat stops. Its job goes back to the queue. */
  async #kill(): Promise<void> {
    const { integrationId } = this.site.tenant;
    await this.server.db.$transaction(async (tx) => {
      const runs = await tx.syncRun.findMany({ where: { integrationId, status: 'syncing' } });
      for (const { id } of runs) {
        await tx.syncRun.update({ where: { id }, data: { attempt: { increment: 1 } } });
        await tx.$executeRaw`
          UPDATE pgboss.job SET state = 'retry', start_after = now()
          WHERE name = 'sync' AND state = 'active' AND (data->>'runId')::int = ${id}`;
      }
    });
  }

  async #cancel(): Promise<void> {
    const { integrationId, owner } = this.site.tenant;
    const run = await this.server.db.syncRun.findFirst({ where: { integrationId, status: 'syncing' } });
    if (run) await this.#may(this.server.as(owner).post(this.site.path(`/runs/${run.id}/cancel`)));
  }

  async #deliver(twice: boolean, settled: boolean): Promise<void> {
    const { wordpress } = this.site;
    if (twice) wordpress.disturb({ fault: 'duplicate_webhook' });
    await wordpress.deliverWebhooks({ serverUrl: this.server.url });
    wordpress.calm();
    if (settled) await this.settle();
  }

  /** A site that failed too often is paused until a connection test passes. */
  async #endPause(): Promise<void> {
    const { integrationId, owner } = this.site.tenant;
    const { pausedUntil } = await this.server.db.siteIntegration.findUniqueOrThrow({
      where: { id: integrationId },
    });
    if (pausedUntil === null) return;
    await this.server.as(owner).post(this.site.path('/test-connection')).expect(200);
  }

  async #isBusy(): Promise<boolean> {
    const { integrationId } = this.site.tenant;
    const [jobs] = await this.server.db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pgboss.job
      WHERE state IN ('created', 'active', 'retry')
        AND (name = 'webhook' OR (name = 'content' AND (data->>'integrationId')::int = ${integrationId}))`;
    return (jobs?.waiting ?? 0) > 0;
  }
}

function isOfCopy(step: Step): step is CopyStep {
  return step.step.startsWith('copy_');
}

function disturbance({ fault, on, skip, times }: Trouble) {
  return { fault, when: (request: SiteRequest) => isOn(on, request), skip, times, ms: 100, retryAfterS: 0 };
}

function isOn(on: Trouble['on'], { method, target }: SiteRequest): boolean {
  if (!target.includes('wp-json')) return false;
  const writes = method !== 'GET' && /batch|items|posts|pages/.test(target);
  return on === 'any' || (on === 'writes') === writes;
}
