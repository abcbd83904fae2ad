/** A site, the servers that it is or was connected to, and the people on all sides. */
import { createRestoredDatabase } from '../../../src/adminServices.ts';
import type { Content } from '../../../src/database/generated/client.ts';
import type { RunBody } from '../../support/runBody.ts';
import { titled } from '../writings.ts';
import { ServerLife } from './serverLife.ts';
import type { SiteItem, SiteSide } from './siteSide.ts';
import { backedUp, type Step } from './steps.ts';
import { marksOf, pieceOf } from './texts.ts';

export class RestoredWorld {
  readonly side: SiteSide;
  /** The running server first, then the other server. */
  lives: ServerLife[];
  /**
   * Titles that people wrote, except those that a person replaced or deleted knowingly, or a restore removed.
   */
  readonly alive = new Set<string>();
  /** Pieces whose title was edited. Without a key their items cannot be recognised. */
  readonly retitled = new Set<string>();
  /** Whether a database was restored that may have had more than its backup. */
  databaseRestored = false;
  /** Whether a site was restored, so that ids may be reused for other items. */
  siteRestored = false;
  readonly violations: string[] = [];
  readonly #backedUp: Set<number>;
  readonly #siteBackups: (() => void)[] = [];
  /** Marks and pieces of items that a person gave up, so that a content may overwrite them. */
  readonly #givenUp = new Set<string>();
  /** Titles that a person on the server saw, and overwrote or deleted. */
  readonly #overwritten = new Set<string>();
  /** Keys of the contents whose conflicts are resolved in this step. */
  readonly #settled = new Set<string>();
  #marks = 100;

  private constructor(side: SiteSide, life: ServerLife, all: readonly Step[]) {
    this.side = side;
    this.lives = [life];
    this.#backedUp = backedUp(all);
    for (const { title } of side.items()) this.alive.add(title);
  }

  /** Starts a server and connects the site to it. `all` are the coming steps. */
  static async start(side: SiteSide, all: readonly Step[]): Promise<RestoredWorld> {
    return new RestoredWorld(side, await ServerLife.begin(side), all);
  }

  get life(): ServerLife {
    const [life] = this.lives;
    if (life === undefined) throw new Error('There is no server.');
    return life;
  }

  async stop(): Promise<void> {
    for (const life of this.lives) await life.end();
    await this.side.stop();
  }

  async do(step: Step, at: number): Promise<void> {
    await this.#backUp(at);
    this.side.pass();
    if (step.step.startsWith('site_') && step.step !== 'site_restored') this.#onSite(step);
    else await this.#watched(step.step, () => this.#elsewhere(step));
  }

  /** Reads and pushes until nothing is left to do. Returns the last run, which may have failed. */
  async settle(): Promise<RunBody> {
    let last = await this.#quietRun(false);
    for (let tries = 1; last.status !== 'success' && tries < 6; tries += 1)
      // Most items were replaced in a restore, and a person confirms that the site moved.
      last = await this.#quietRun(/another site|more than is plausible/.test(last.error ?? ''));
    return last;
  }

  /** Connects the site to the other server. */
  async switchServer(): Promise<void> {
    await this.life.settle();
    await this.life.stop();
    this.lives.reverse();
    await this.life.start();
    this.side.reconnect(this.life.tenant);
  }

  async #quietRun(moved: boolean): Promise<RunBody> {
    return this.#watched('quiet run', async () => {
      const run = await this.life.run({ direction: 'both', full: true, ...(moved ? { moved } : {}) });
      await this.life.settle();
      return run;
    });
  }

  /** Runs `act`, which may write to the site, and checks its effects on both sides. */
  async #watched<T>(name: string, act: () => Promise<T>): Promise<T> {
    this.#settled.clear();
    const before = this.side.items();
    const result = await act();
    const taken = await this.life.look(this.#settled);
    this.violations.push(...taken.map((what) => `${name}: ${what}`));
    if (name !== 'site_restored') this.#compare(name, before);
    return result;
  }

  /**
   * Checks that the server's database had every text that it replaced on the site, and that each piece stayed
   * in its item.
   */
  #compare(name: string, before: readonly SiteItem[]): void {
    const now = new Map(this.side.items().map((item) => [item.id, item]));
    const isKnown = (mark: string) => this.life.known.has(mark) || this.#givenUp.has(mark);
    for (const item of before) {
      const found = now.get(item.id);
      if (found === undefined) {
        this.violations.push(`${name}: item ${item.id} is gone from the site.`);
        continue;
      }
      const [was, is] = [pieceOf(item.body), pieceOf(found.body)];
      if (was !== is && !this.#givenUp.has(was ?? ''))
        this.violations.push(`${name}: ${was} was replaced by ${is} in item ${item.id}.`);
      const replaced = [
        ...(item.title === found.title ? [] : marksOf(item.title)),
        ...(item.body === found.body ? [] : marksOf(item.body)),
      ];
      for (const mark of replaced)
        if (!isKnown(mark))
          this.violations.push(`${name}: ${mark} was replaced in item ${item.id}, and was not known here.`);
    }
  }

  async #backUp(at: number): Promise<void> {
    this.#siteBackups[at] = this.side.backup();
    if (!this.#backedUp.has(at)) return;
    await this.life.settle();
    await this.life.stop();
    for (const life of this.lives) await life.backUp(at);
    await this.life.start();
  }

  #onSite(step: Step): void {
    if (step.step === 'site_creates') {
      this.side.create({ title: this.#newTitle(), body: this.#newBody(`o${this.#mark()}`) });
      return;
    }
    if (!('which' in step)) return;
    const item = pick(this.side.items(), step.which);
    if (item === undefined) return;
    if (step.step === 'site_removes') {
      this.alive.delete(item.title);
      this.side.remove(item.id);
    } else if (step.step === 'site_edits') {
      const texts = this.#edited(step, item.body);
      if (texts.title !== undefined) this.alive.delete(item.title);
      this.side.edit(item.id, texts);
    }
  }

  async #elsewhere(step: Step): Promise<void> {
    const { life, side } = this;
    if (step.step === 'run') {
      if (step.lostAnswers > 0) side.loseAnswers(step.lostAnswers);
      await life.run({ direction: step.direction, full: step.full });
      side.calm();
      await life.settle();
    } else if (step.step === 'webhooks_arrive') {
      await side.deliverWebhooks(life.server.url);
      await life.settle();
    } else if (step.step === 'webhook_lost') side.loseWebhook();
    else if (step.step === 'site_restored') this.#restoreSite(step.back);
    else if (step.step === 'database_restored') await this.#restoreDatabase(step.back, step.told);
    else if (step.step === 'new_server') await this.#newServer();
    else if (step.step === 'other_server') await this.#otherServer();
    else await this.#here(step);
  }

  #restoreSite(back: number): void {
    const restore = this.#siteBackups.at(-1 - back);
    if (restore === undefined) return;
    const before = this.side.items();
    restore();
    this.siteRestored = true;
    // A restored connector has the server to which it was connected at the backup.
    this.side.reconnect(this.life.tenant);
    const after = this.side.items();
    // A person who restores a backup gives up the later titles of its pieces.
    for (const { title, body } of before)
      if (after.some((item) => pieceOf(item.body) === pieceOf(body) && item.title !== title))
        this.alive.delete(title);
    // A title that a person on the server overwrote may be overwritten again, as that edit may still be
    // waiting.
    for (const { title } of after) if (!this.#overwritten.has(title)) this.alive.add(title);
    this.#keepAlive();
  }

  async #restoreDatabase(back: number, told: boolean): Promise<void> {
    const at = this.#siteBackups.length - 1 - back;
    if (!this.life.hasBackup(at)) return;
    await this.life.settle();
    await this.life.stop();
    await this.life.restore(at);
    await this.life.start();
    this.databaseRestored = true;
    const { config, core } = this.life.server;
    if (told) await createRestoredDatabase(config, core).markAll();
    await this.life.look();
    this.#keepAlive();
  }

  /** The database is lost for good. The server at its address starts with an empty one. */
  async #newServer(): Promise<void> {
    await this.life.settle();
    const [lost, ...others] = this.lives;
    await lost?.end();
    this.lives = [await ServerLife.begin(this.side), ...others];
    this.#keepAlive();
  }

  async #otherServer(): Promise<void> {
    if (this.lives.length > 1) return this.switchServer();
    await this.life.settle();
    await this.life.stop();
    this.lives.unshift(await ServerLife.begin(this.side));
  }

  /** Titles that are neither on the site nor in a database were removed by the restore. */
  #keepAlive(): void {
    const contents = this.lives.flatMap((life) => life.contents);
    const titles = new Set([...contents, ...this.side.items()].map(({ title }) => title));
    for (const title of this.alive) if (!titles.has(title)) this.alive.delete(title);
  }

  async #here(step: Step): Promise<void> {
    const { life } = this;
    const owner = life.server.as(life.tenant.owner);
    if (step.step === 'user_creates') {
      await life.site.write({
        content_type: this.side.contentType,
        status: step.ready ? 'ready' : 'draft',
        title: this.#newTitle(),
        body: this.#newBody(`o${this.#mark()}`),
      });
      return;
    }
    if (!('which' in step)) return;
    // People do not see contents that were deleted here.
    const all = await life.site.contents({
      contentType: this.side.contentType,
      syncState: { not: 'excluded' },
    });
    const able =
      step.step === 'user_resolves' ? all.filter(({ syncState }) => syncState === 'conflict') : all;
    const content = pick(able, step.which);
    if (content === undefined) return;
    if (step.step === 'user_edits') {
      const { title, body } = this.#edited(step, content.body);
      if (title !== undefined) this.#overwrite(content.title);
      const fields = { ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { body }) };
      await may(owner.patch(`/api/v1/content/${content.id}`, fields));
    } else if (step.step === 'user_removes') {
      this.#overwrite(content.title);
      await may(owner.delete(`/api/v1/content/${content.id}`));
    } else if (step.step === 'user_resolves') await this.#resolve(content, step.keep);
  }

  /** A person reads both sides, and gives one of them up. */
  async #resolve(content: Content, keep: 'local' | 'remote'): Promise<void> {
    const { life } = this;
    const owner = life.server.as(life.tenant.owner);
    if (content.externalId !== null)
      await may(owner.post(life.site.path('/sync-wordpress-content'), { content_id: content.id }));
    this.#settled.add(content.key);
    if (keep === 'remote') this.#overwrite(content.title);
    else {
      const item = this.side.items().find(({ id }) => id === content.externalId);
      if (item !== undefined) {
        this.#overwrite(item.title);
        for (const mark of [...marksOf(item.title), ...marksOf(item.body)]) this.#givenUp.add(mark);
        if (pieceOf(item.body) !== pieceOf(content.body)) this.#givenUp.add(pieceOf(item.body) ?? '');
      }
    }
    await may(owner.post(`/api/v1/content/${content.id}/resolve-conflict`, { keep }));
  }

  #overwrite(title: string): void {
    this.alive.delete(title);
    this.#overwritten.add(title);
  }

  #edited(step: { title: boolean; body: boolean }, body: string): { title?: string; body?: string } {
    const piece = pieceOf(body);
    if (step.title && piece !== null) this.retitled.add(piece);
    return {
      ...(step.title ? { title: this.#newTitle() } : {}),
      ...(step.body ? { body: this.#newBody(piece ?? `o${this.#mark()}`) } : {}),
    };
  }

  #newTitle(): string {
    const title = titled(this.#mark());
    this.alive.add(title);
    return title;
  }

  #newBody(piece: string): string {
    return `<p>${piece} "b${this.#mark()}"</p>`;
  }

  #mark(): number {
    this.#marks += 1;
    return this.#marks;
  }
}

/**
 * Makes a call that may be refused, as its content may just have changed, but that may not fail otherwise.
 */
async function may(call: PromiseLike<{ status: number; text: string }>): Promise<void> {
  const { status, text } = await call;
  if (status >= 500 || status === 400) throw new Error(`Answered ${status}: ${text}`);
}

function pick<T>(all: readonly T[], which: number): T | undefined {
  // The newest first, so that most steps affect what was just created.
  return all[all.length - 1 - (which % Math.max(1, all.length))];
}
