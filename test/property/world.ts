/**
 * A connected site and the people on both sides. Performs the steps of the property test and remembers what
 * people wrote.
 */
import type { Content } from '../../src/database/generated/client.ts';
import type { SiteRequest } from '../../src/simulation/wordpress/router.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { eventually } from '../support/eventually.ts';
import type { RunBody } from '../support/runBody.ts';
import type { TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';
import {
  type Moment,
  type PersonStep,
  type Run,
  type Step,
  type Trouble,
  termChoices,
  type Writing,
} from './steps.ts';

const types = ['post', 'page'];

export class World {
  readonly server: TestServer;
  readonly site: SyncedSite;
  /** Titles that people wrote, except those that a person replaced or deleted knowingly. */
  readonly alive = new Set<string>();
  /** The ended runs, in their order. */
  readonly runs: RunBody[] = [];
  #marks = 0;
  /** Whether a person acts on the server while a run may change the shown contents. */
  #unsettled = false;

  private constructor(server: TestServer, site: SyncedSite) {
    this.server = server;
    this.site = site;
  }

  static async start(server: TestServer, way: Way): Promise<World> {
    const site = await startSyncedSite(server, way);
    const { post } = site.wordpress.state.postTypes;
    if (post) post.meta = { subtitle: 'string' };
    return new World(server, site);
  }

  async do(step: Step): Promise<void> {
    const { wordpress } = this.site;
    if (step.step === 'run') await this.#run(step.run);
    else if (step.step === 'webhooks_arrive') await this.#deliver(step.twice, step.settled);
    else if (step.step === 'webhook_lost') (wordpress.webhooks as unknown[]).shift();
    else if (step.step === 'clock_moves') wordpress.clock.offsetMs = step.hours * 3_600_000;
    else if (step.step === 'zone_changes') wordpress.clock.gmtOffset = step.hours;
    else {
      this.#unsettled = await this.#isBusy();
      await this.#person(step);
    }
  }

  /** A run in both directions over all contents, without faults. */
  async quietRun(): Promise<RunBody> {
    await this.#endPause();
    const run = await this.#sync({ direction: 'both', full: true });
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
    await this.site.wordpress.stop();
    await this.server.as(this.site.tenant.owner).delete(this.site.path()).expect(204);
  }

  posts(): SimulatedPost[] {
    return this.site.wordpress.state.posts.filter(({ status }) => status !== 'auto-draft');
  }

  async #person(step: PersonStep): Promise<void> {
    if (step.step.startsWith('site_')) this.#onSite(step);
    else await this.#here(step);
  }

  #onSite(step: PersonStep): void {
    const { editor } = this.site.wordpress;
    if (step.step === 'site_creates') {
      const changes = { status: step.status, ...this.#texts(step.writing, null) };
      editor.create(step.type, { ...changes, title: changes.title ?? this.#newTitle() });
      return;
    }
    if (!('which' in step)) return;
    const there = this.posts().filter(({ type }) => types.includes(type));
    const able = there.filter(({ status }) => (status === 'trash') === (step.step === 'site_untrashes'));
    const post = pick(able, step.which);
    if (post === undefined) return;
    if (step.step === 'site_edits') {
      const changes = this.#texts(step.writing, post.content);
      if (changes.title !== undefined) this.alive.delete(post.title);
      editor.edit(post.id, { ...changes, ...(step.status === null ? {} : { status: step.status }) });
      const ids = this.#termIds(step.writing.terms ?? []);
      if (step.writing.terms !== undefined && post.type === 'post')
        editor.setTerms(post.id, 'post_tag', ids.tags);
    } else if (step.step === 'site_sets_terms') {
      if (post.type === 'post') editor.setTerms(post.id, 'category', [1 + (step.value % 2)]);
    } else if (step.step === 'site_sets_meta') {
      if (post.type === 'post') editor.setMeta(post.id, { subtitle: `Sub ${step.value}` });
    } else if (step.step === 'site_trashes') editor.trash(post.id);
    else if (step.step === 'site_untrashes') editor.untrash(post.id);
    else if (step.step === 'site_deletes') {
      this.alive.delete(post.title);
      editor.delete(post.id);
    }
  }

  async #here(step: PersonStep): Promise<void> {
    const owner = this.server.as(this.site.tenant.owner);
    if (step.step === 'user_creates') {
      const { title, content: body, ...rest } = this.#texts(step.writing, null);
      await this.site.write({
        content_type: step.type,
        status: step.status,
        title: title ?? this.#newTitle(),
        body: body ?? `<p>o${this.#mark()}</p>`,
        ...rest,
        ...this.#terms(step.type, step.writing),
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
      const { title, content: body, ...rest } = this.#texts(step.writing, content.body);
      const fields = {
        ...(title === undefined ? {} : { title }),
        ...(body === undefined ? {} : { body }),
        ...rest,
        ...this.#terms(content.contentType, step.writing),
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
    this.alive.delete(content.title);
    if (this.#unsettled) this.#giveUpOnSite(content);
  }

  #giveUpOnSite({ externalId }: Content): void {
    const post = this.posts().find(({ id }) => String(id) === externalId);
    if (post) this.alive.delete(post.title);
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
      for (const [id, title] of before) if (!now.has(id)) this.alive.delete(title);
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

  #texts(writing: Writing, body: string | null) {
    const { excerpt, slug } = writing;
    // An edited text keeps its piece, which identifies it.
    const piece = body === null ? `o${this.#mark()}` : (/o\d+/.exec(body)?.[0] ?? 'o0');
    return {
      ...(writing.title ? { title: this.#newTitle() } : {}),
      ...(writing.body || body === null
        ? {
            content: `<!-- wp:paragraph -->\n<p>${piece} "b${this.#mark()}" \\ 🎉</p>\n<!-- /wp:paragraph -->`,
          }
        : {}),
      ...(excerpt === undefined ? {} : { excerpt }),
      ...(slug === undefined ? {} : { slug }),
    };
  }

  #terms(type: string, { terms }: Writing) {
    return terms === undefined || type !== 'post'
      ? {}
      : { terms: terms.flatMap((at) => termChoices[at] ?? []) };
  }

  #termIds(chosen: number[]) {
    const slugs = chosen.map((at) => termChoices[at]?.slug);
    const { terms } = this.site.wordpress.state;
    return {
      tags: terms
        .filter((t) => t.taxonomy === 'post_tag' && slugs.some((s) => s === t.slug))
        .map(({ id }) => id),
    };
  }

  #newTitle(): string {
    const title = `T${this.#mark()} & more`;
    this.alive.add(title);
    return title;
  }

  #mark(): number {
    this.#marks += 1;
    return this.#marks;
  }
}

function pick<T>(all: readonly T[], which: number): T | undefined {
  // The newest first, so that most steps affect what was just created.
  return all[all.length - 1 - (which % Math.max(1, all.length))];
}

function disturbance({ fault, on, skip, times }: Trouble) {
  return { fault, when: (request: SiteRequest) => isOn(on, request), skip, times, ms: 100, retryAfterS: 0 };
}

function isOn(on: Trouble['on'], { method, target }: SiteRequest): boolean {
  if (!target.includes('wp-json')) return false;
  const writes = method !== 'GET' && /batch|items|posts|pages/.test(target);
  return on === 'any' || (on === 'writes') === writes;
}
