/** Servers whose databases tests can back up, restore, copy and lose. */
import { copyTestDatabase, createTestDatabase, type TestDatabase } from './database.ts';
import { startTestServer, type TestServer } from './server.ts';

/** All these servers have the same address: a new or restored server takes the place of the previous one. */
const publicUrl = 'https://sitebridge.example';

/** Starts any number of servers. Call `stopAll` at the end. */
export class RestorableServers {
  readonly #running = new Map<TestServer, TestDatabase>();
  readonly #backups: TestDatabase[] = [];

  /** Starts a server on an empty database, or on a copy of a backup. */
  async start(backup?: TestDatabase): Promise<TestServer> {
    return this.#startOn(await (backup === undefined ? createTestDatabase() : copyTestDatabase(backup)));
  }

  /** Stops a server, backs up its database and starts the server again. Returns the server and the backup. */
  async backUp(server: TestServer): Promise<{ server: TestServer; backup: TestDatabase }> {
    const database = await this.#stop(server);
    const backup = await copyTestDatabase(database);
    this.#backups.push(backup);
    return { server: await this.#startOn(database), backup };
  }

  /**
   * Stops a server and drops its database. Returns a server on a copy of the backup, or on an empty database.
   */
  async replace(server: TestServer, backup?: TestDatabase): Promise<TestServer> {
    const database = await this.#stop(server);
    await database.drop();
    return this.start(backup);
  }

  async stopAll(): Promise<void> {
    for (const server of [...this.#running.keys()]) await (await this.#stop(server)).drop();
    for (const backup of this.#backups.splice(0)) await backup.drop();
  }

  async #startOn(database: TestDatabase): Promise<TestServer> {
    const server = await startTestServer({ PUBLIC_URL: publicUrl }, { database });
    this.#running.set(server, database);
    return server;
  }

  async #stop(server: TestServer): Promise<TestDatabase> {
    const database = this.#running.get(server);
    if (database === undefined) throw new Error('This server does not run.');
    this.#running.delete(server);
    await server.stop();
    return database;
  }
}
