import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import type { Server } from '../../database/generated/client.ts';
import { RemoteError, SetupError } from '../../errors.ts';

const code = 'server_paused';
/** How long a read `PUBLIC_URL` is cached. After that time a process notices `server adopt`. Milliseconds. */
const lookEveryMs = 2_000;

interface Parts {
  db: Database;
  publicUrl: string | null;
  logger: Logger;
  now: () => number;
}

/**
 * Identifies the database, and decides whether this process may call sites. A copy of the database has the
 * same keys. When it is started with another `PUBLIC_URL`, it must not call the sites of the original.
 */
export class ServerIdentity {
  readonly #parts: Parts;
  #id: Promise<string> | null = null;
  #kept: { readAt: number; url: Promise<string | null> } | null = null;
  #isPaused = false;

  /** `publicUrl` is the setting, null when it is not set. `now` is in ms, from any origin. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The UUID of the database. Copies and restored backups have the same UUID. */
  id(): Promise<string> {
    this.#id ??= this.#row().then(
      ({ serverId }) => serverId,
      (error: unknown) => {
        this.#id = null;
        throw error;
      },
    );
    return this.#id;
  }

  /**
   * Called at the start of a process. Stores `PUBLIC_URL` in a database that has none. If the database has
   * another `PUBLIC_URL`, the process pauses.
   */
  async begin(): Promise<void> {
    if (this.#parts.publicUrl === null) return;
    await this.#row();
    await this.#parts.db.server.updateMany({
      where: { publicUrl: null },
      data: { publicUrl: this.#parts.publicUrl },
    });
    this.#kept = null;
    await this.refusal();
  }

  /**
   * Returns why this process may call no site, as a new error `server_paused`; null while it may call sites.
   * The result is a few seconds old at most.
   */
  async refusal(): Promise<RemoteError | null> {
    if (this.#parts.publicUrl === null) return null;
    const kept = await this.#keptUrl();
    const refusal =
      kept === null || kept === this.#parts.publicUrl ? null : paused(this.#parts.publicUrl, kept);
    this.#tell(refusal);
    return refusal;
  }

  /**
   * Makes the `PUBLIC_URL` of the settings the owner of the database. Throws SetupError when it is not set.
   */
  async adopt(): Promise<{ serverId: string; publicUrl: string }> {
    const publicUrl = this.#parts.publicUrl;
    if (publicUrl === null) {
      throw new SetupError(
        'PUBLIC_URL is not set. Run this command with the PUBLIC_URL of the server that is to own the database.',
      );
    }
    const { serverId } = await this.#parts.db.server.upsert({
      where: { id: true },
      create: { publicUrl },
      update: { publicUrl },
    });
    this.#kept = null;
    return { serverId, publicUrl };
  }

  /** The only row of the table. Creates the row if somebody has deleted it. */
  #row(): Promise<Server> {
    return this.#parts.db.server.upsert({ where: { id: true }, create: {}, update: {} });
  }

  #keptUrl(): Promise<string | null> {
    const now = this.#parts.now();
    if (this.#kept === null || now - this.#kept.readAt >= lookEveryMs) {
      const reading = { readAt: now, url: this.#readUrl() };
      this.#kept = reading;
      // A failed query is not cached: the next caller queries again.
      reading.url.catch(() => {
        if (this.#kept === reading) this.#kept = null;
      });
    }
    return this.#kept.url;
  }

  async #readUrl(): Promise<string | null> {
    const row = await this.#parts.db.server.findUnique({ where: { id: true }, select: { publicUrl: true } });
    return row?.publicUrl ?? null;
  }

  /** Logs one line for each change. */
  #tell(refusal: RemoteError | null): void {
    const isPaused = refusal !== null;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (refusal !== null) this.#parts.logger.warn({ code }, refusal.message);
    else this.#parts.logger.info('the database belongs to this server: it calls sites again');
  }
}

/** Is the error the refusal of a paused server? */
export function isServerPaused(error: unknown): boolean {
  return error instanceof RemoteError && error.code === code;
}

function paused(own: string, kept: string): RemoteError {
  return new RemoteError(
    code,
    `This server is paused and calls no site: its PUBLIC_URL is ${own}, and its database is that of ${kept}, ` +
      'so it may be a copy. If this is the server now, run: npm run -s admin -- server adopt',
  );
}
