import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { type Core, createCore } from '../src/adminServices.ts';
import { readConfig } from '../src/config.ts';
import { type OpenDatabase, openDatabase } from '../src/database/open.ts';
import { type Started, startProgram } from './processes.ts';
import { owner } from './seed.ts';
import { signIn } from './signIn.ts';

const integrations = '/api/v1/integration/integrations';
/** About 108 bytes long. */
export const paragraph =
  '<!-- wp:paragraph -->\n<p>Lorem ipsum dolor sit amet, consectetur adipisici elit.</p>\n<!-- /wp:paragraph -->\n';
const root = join(import.meta.dirname, '..');

/** A connected site. */
export interface ConnectedSite {
  accountId: number;
  siteId: number;
  key: string;
  integrationId: number;
}

const run = z.object({
  status: z.string(),
  error: z.string().nullable(),
  totals: z.record(z.string(), z.number()),
  duration_ms: z.number(),
});
/** A run that has ended. */
export type Run = z.output<typeof run>;

/** API and worker as separate processes, with an embedded database. */
export class SyncServer {
  readonly core: Core;
  readonly #folder: string;
  readonly #database: OpenDatabase;
  #api: Started | null = null;
  #worker: Started | null = null;
  #accountId = 0;
  #token = '';

  private constructor(folder: string, database: OpenDatabase, core: Core) {
    this.#folder = folder;
    this.#database = database;
    this.core = core;
  }

  /** Starts database and API, but no worker. All data is in `folder`. */
  static async open(folder: string): Promise<SyncServer> {
    const config = readConfig({ DATA_DIR: folder });
    const logger = pino({ level: 'silent' });
    const database = await openDatabase(config, logger);
    const server = new SyncServer(folder, database, createCore(config, logger, database.url));
    try {
      await server.#start();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { email: ownerEmail, password: ownerPassword } = owner;
    const made = await this.core.accounts.createAccount({ name: 'Bench', ownerEmail, ownerPassword });
    this.#accountId = made.accountId;
    this.#api = await startProgram(process.execPath, ['src/main.ts'], {
      ...this.#settings(),
      ROLE: 'api',
      PORT: '0',
      SYNC_WAIT_S: '250',
    });
    this.#token = await signIn(this.#api.url);
  }

  /** Replaces the worker by a new one, started like `npm run worker`. Returns its process id. */
  async startWorker(): Promise<number> {
    await this.#worker?.stop();
    const { scripts } = z
      .object({ scripts: z.object({ worker: z.string() }) })
      .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    this.#worker = await startProgram('sh', ['-c', scripts.worker], this.#settings(), /worker is running/);
    return this.#worker.pid;
  }

  #settings(): Record<string, string> {
    return {
      DATA_DIR: this.#folder,
      DATABASE_URL: this.#database.url,
      LOG_LEVEL: 'warn',
      OUTBOUND_ALLOW: '127.0.0.0/8',
      THROTTLE_INTEGRATION: '999999999/min',
    };
  }

  /** Creates a site with a key and an integration. `fields` are further fields of the integration. */
  async addSite(url: string, fields: object = {}): Promise<ConnectedSite> {
    const scope = { accountId: this.#accountId, userId: null, siteId: null, role: 'owner' } as const;
    const { id: siteId } = await this.core.sites.create(scope, { name: 'Site', url });
    const key = await this.core.sites.rotateKey(scope, siteId);
    const body = { site_id: siteId, platform: 'wordpress', api_key: key, ...fields };
    const { id } = z.object({ id: z.number() }).parse(await this.#post(integrations, body));
    return { accountId: this.#accountId, siteId, key, integrationId: id };
  }

  /** Starts a run and waits for its end. Throws when the run does not succeed. */
  async sync(site: ConnectedSite, body: { direction: string; content_types?: string[] }): Promise<Run> {
    const ended = run.parse(await this.#post(`${integrations}/${site.integrationId}/sync`, body));
    if (ended.status === 'success') return ended;
    throw new Error(`A run ended as ${ended.status}: ${ended.error}`);
  }

  /** Deletes everything read from a site except its structure. The next run then reads all contents again. */
  async forgetContents({ siteId }: ConnectedSite): Promise<void> {
    const { db } = this.core;
    await db.$executeRaw`DELETE FROM content WHERE site_id = ${siteId}`;
    await db.$executeRaw`DELETE FROM type_sync WHERE site_id = ${siteId}`;
    await db.$executeRaw`DELETE FROM sync_event WHERE site_id = ${siteId}`;
    await db.$executeRawUnsafe('VACUUM ANALYZE content, sync_event');
  }

  /** Creates `count` contents that are ready to be pushed, in place of those from an earlier call. */
  async makeReady({ siteId, accountId }: ConnectedSite, count: number): Promise<void> {
    const { db } = this.core;
    const slug = { startsWith: 'pushed-' };
    await db.content.deleteMany({ where: { siteId, slug } });
    await db.content.createMany({
      data: Array.from({ length: count }, (_, each) => ({
        accountId,
        siteId,
        contentType: 'post',
        title: `Pushed ${each}`,
        slug: `pushed-${each}`,
        body: paragraph.repeat(26),
        excerpt: `Excerpt ${each}`,
        status: 'ready' as const,
        terms: [
          { taxonomy: 'category', slug: `category-${1 + (each % 20)}`, name: `Category ${1 + (each % 20)}` },
          { taxonomy: 'post_tag', slug: `tag-${1 + (each % 80)}`, name: `Tag ${1 + (each % 80)}` },
        ],
      })),
    });
  }

  async #post(path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${this.#api?.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status === 200 || answer.status === 201) return JSON.parse(text);
    throw new Error(`${path} answered ${answer.status}: ${text}`);
  }

  async close(): Promise<void> {
    await this.#worker?.stop();
    await this.#api?.stop();
    await this.core.db.$disconnect();
    await this.#database.close();
  }
}
