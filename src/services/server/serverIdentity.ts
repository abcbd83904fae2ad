import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import type { Server } from '../../database/generated/client.ts';
import { RemoteError, SetupError } from '../../errors.ts';

const code = 'server_paused';
/** So long is relied on what the database said last; `server adopt` is noticed after it. Milliseconds. */
const lookEveryMs = 2_000;

interface Parts {
  db: Database;
  publicUrl: string | null;
  logger: Logger;
  now: () => number;
}

/**
 * Which database this is, and whether this process may speak for it: a copy that is started under another
 * `PUBLIC_URL` has the same keys and must not call the sites of the original.
 */
export class ServerIdentity {
  readonly #parts: Parts;
  #id: Promise<string> | null = null;
  #kept: { readAt: number; url: Promise<string | null> } | null = null;
  #isPaused = false;

  /** `publicUrl` as the settings give it, null for none; `now` in ms, of whatever origin. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The database's own UUID. Copies and restored backups have the same. */
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

  /** At the start of a process: a database that keeps no `PUBLIC_URL` yet keeps this one; with another this process pauses. */
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

  /** Why this process may call nobody, as a new `server_paused`; null while it may. A few seconds old at the most. */
  async refusal(): Promise<RemoteError | null> {
    if (this.#parts.publicUrl === null) return null;
    const kept = await this.#keptUrl();
    const refusal =
      kept === null || kept === this.#parts.publicUrl ? null : paused(this.#parts.publicUrl, kept);
    this.#tell(refusal);
    return refusal;
  }

  /** From now on the database is that of the `PUBLIC_URL` in the settings. Throws SetupError where none is set. */
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

  /** The one row; made anew where somebody emptied the table. */
  #row(): Promise<Server> {
    return this.#parts.db.server.upsert({ where: { id: true }, create: {}, update: {} });
  }

  #keptUrl(): Promise<string | null> {
    const now = this.#parts.now();
    if (this.#kept === null || now - this.#kept.readAt >= lookEveryMs) {
      const reading = { readAt: now, url: this.#readUrl() };
      this.#kept = reading;
      // A failed reading says nothing: the next caller reads again.
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

  /** One log line for each change. */
  #tell(refusal: RemoteError | null): void {
    const isPaused = refusal !== null;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (refusal !== null) this.#parts.logger.warn({ code }, refusal.message);
    else this.#parts.logger.info('the database is that of this server: it calls sites again');
  }
}

/** Whether an error is the refusal of a paused server. */
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
