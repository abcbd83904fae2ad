import type { Content } from '../../../src/database/generated/client.ts';
import type { TestTenant } from '../../support/builders.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import type { RunBody } from '../../support/runBody.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type SyncedTenant, syncedTenant } from '../../support/syncedSite.ts';
import type { SiteSide } from './siteSide.ts';
import { marksOf, pieceOf } from './texts.ts';

/** All servers of the property have the same address. */
const PUBLIC_URL = 'https://sitebridge.example';

/** What the test remembers of a server's database. */
interface Memory {
  /** Marks of all texts that the database has held. */
  known: Set<string>;
  /** The piece of each content, by the content's key. */
  pieces: Map<string, string>;
}

interface Backup extends Memory {
  database: TestDatabase;
}

/** A server with its database, through stops, starts and restored backups. */
export class ServerLife {
  readonly #side: SiteSide;
  #database: TestDatabase;
  #server: TestServer | null = null;
  #tenant: TestTenant | null = null;
  #memory: Memory = { known: new Set(), pieces: new Map() };
  /** The backups, by the step before which they were taken. */
  readonly #backups = new Map<number, Backup>();
  /** The server's contents at the last look. */
  contents: Content[] = [];

  private constructor(side: SiteSide, database: TestDatabase) {
    this.#side = side;
    this.#database = database;
  }

  /** Starts a server with an empty database and connects the site to it. */
  static async begin(side: SiteSide): Promise<ServerLife> {
    const life = new ServerLife(side, await createTestDatabase());
    await life.start();
    life.#tenant = await side.connect(life.server);
    return life;
  }

  get server(): TestServer {
    if (this.#server === null) throw new Error('The server is stopped.');
    return this.#server;
  }

  get tenant(): TestTenant {
    if (this.#tenant === null) throw new Error('The server has no tenant yet.');
    return this.#tenant;
  }

  get site(): SyncedTenant {
    return syncedTenant(this.server, this.tenant);
  }

  get known(): ReadonlySet<string> {
    return this.#memory.known;
  }

  async start(): Promise<void> {
    const environment = { SYNC_WAIT_S: '120', PUBLIC_URL, ...this.#side.environment };
    this.#server = await startTestServer(environment, { database: this.#database });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  /** Ends the server for good, with its database and every backup. */
  async end(): Promise<void> {
    await this.stop();
    for (const { drop } of [this.#database, ...[...this.#backups.values()].map(({ database }) => database)])
      await drop();
  }

  hasBackup(at: number): boolean {
    return this.#backups.has(at);
  }

  /** Takes a backup. The server must be stopped. */
  async backUp(at: number): Promise<void> {
    this.#backups.set(at, { database: await copyTestDatabase(this.#database), ...copied(this.#memory) });
  }

  /** Restores a backup. The server must be stopped. */
  async restore(at: number): Promise<void> {
    const backup = this.#backups.get(at);
    if (backup === undefined) throw new Error(`There is no backup of step ${at}.`);
    await this.#database.drop();
    this.#database = await copyTestDatabase(backup.database);
    this.#memory = copied(backup);
  }

  /**
   * Reads the contents of the database. Returns the contents that have become another one. A person resolved
   * those in `settled`, so they may.
   */
  async look(settled: ReadonlySet<string> = new Set()): Promise<string[]> {
    this.contents = await this.site.contents();
    const taken: string[] = [];
    const { known, pieces } = this.#memory;
    for (const { id, key, title, body } of this.contents) {
      for (const mark of [...marksOf(title), ...marksOf(body)]) known.add(mark);
      const [piece, before] = [pieceOf(body), pieces.get(key)];
      if (piece === null) continue;
      if (before !== undefined && before !== piece && !settled.has(key))
        taken.push(`Content ${id} was ${before} and has become ${piece}.`);
      pieces.set(key, piece);
    }
    return taken;
  }

  /** Starts a run and waits for its end. */
  async run(body: object): Promise<RunBody> {
    await this.#endPause();
    return this.site.sync(body);
  }

  /**
   * Waits until the server has done all its jobs: for received webhooks, and for reads that it starts by
   * itself.
   */
  async settle(): Promise<void> {
    await this.#endPause();
    await eventually(async () => {
      await this.server.db.$executeRaw`
        UPDATE pgboss.job SET start_after = now()
        WHERE state = 'retry' AND name IN ('webhook', 'content', 'sync')`;
      const [jobs] = await this.server.db.$queryRaw<{ waiting: number }[]>`
        SELECT count(*)::int AS waiting FROM pgboss.job
        WHERE state IN ('created', 'active', 'retry') AND name IN ('webhook', 'content', 'sync')`;
      if (jobs?.waiting !== 0) throw new Error('Jobs are still being worked on.');
    });
  }

  /** A site that failed too often is paused until a connection test passes. */
  async #endPause(): Promise<void> {
    const { integrationId, owner } = this.tenant;
    const { pausedUntil } = await this.server.db.siteIntegration.findUniqueOrThrow({
      where: { id: integrationId },
    });
    if (pausedUntil !== null)
      await this.server.as(owner).post(this.site.path('/test-connection')).expect(200);
  }
}

function copied({ known, pieces }: Memory): Memory {
  return { known: new Set(known), pieces: new Map(pieces) };
}
