import type { Database } from '../../database/client.ts';
import { RemoteError, SetupError } from '../../errors.ts';

/** The code of whatever a paused server refuses to do. */
export const SERVER_PAUSED = 'server_paused';

/** How long a process may go on by what it has read, after the server was adopted elsewhere. Milliseconds. */
const readAgainAfterMs = 3_000;

/**
 * Which server this database is. A copy of it, as for staging, has the same id and the same keys to customers' sites:
 * it is told from the original by the `PUBLIC_URL` that the database keeps, and calls nobody.
 */
export class ServerIdentity {
  readonly #db: Database;
  readonly #publicUrl: string | null;
  readonly #now: () => number;
  #id: Promise<string> | null = null;
  #kept: { publicUrl: string | null; readAt: number } | null = null;

  /** `publicUrl`: the setting as given; null where there is none, and then nothing is kept or compared. */
  constructor(parts: { db: Database; publicUrl: string | null; now: () => number }) {
    this.#db = parts.db;
    this.#publicUrl = parts.publicUrl === null ? null : normalUrl(parts.publicUrl);
    this.#now = parts.now;
  }

  /** The id that the database got with its first migration: a UUID. */
  async id(): Promise<string> {
    this.#id ??= this.#db.server
      .findFirstOrThrow({ select: { serverId: true } })
      .then(({ serverId }) => serverId)
      .catch((error: unknown) => {
        this.#id = null;
        throw error;
      });
    return this.#id;
  }

  /** Keeps the address of a database that was never started with one. Call at the start. */
  async claim(): Promise<void> {
    if (this.#publicUrl === null) return;
    await this.#db.server.updateMany({ where: { publicUrl: null }, data: { publicUrl: this.#publicUrl } });
  }

  /** Was the database started with another `PUBLIC_URL` before, and not adopted since? Read at most every 3 s. */
  async isPaused(): Promise<boolean> {
    if (this.#publicUrl === null) return false;
    const now = this.#now();
    if (this.#kept === null || now - this.#kept.readAt > readAgainAfterMs) {
      const { publicUrl } = await this.#db.server.findFirstOrThrow({ select: { publicUrl: true } });
      this.#kept = { publicUrl, readAt: now };
    }
    const { publicUrl } = this.#kept;
    return publicUrl !== null && publicUrl !== this.#publicUrl;
  }

  /** Throws RemoteError `server_paused`: no call leaves a paused server. */
  async mustCall(): Promise<void> {
    if (await this.isPaused()) throw new RemoteError(SERVER_PAUSED, this.pausedMessage());
  }

  /** What a paused server says of itself, and what mends it. */
  pausedMessage(): string {
    return (
      `This server is paused: its database belongs to ${this.#kept?.publicUrl}, and PUBLIC_URL is ` +
      `${this.#publicUrl}. If this is a copy, give it a database of its own. If the server has moved, run ` +
      '"npm run -s admin -- server adopt".'
    );
  }

  /** Makes this address the server's. Throws SetupError without a `PUBLIC_URL`. */
  async adopt(): Promise<{ serverId: string; publicUrl: string }> {
    const publicUrl = this.#publicUrl;
    if (publicUrl === null) {
      throw new SetupError('Set PUBLIC_URL to the address at which the server is reached, then adopt it.');
    }
    const serverId = await this.id();
    await this.#db.server.updateMany({ data: { publicUrl } });
    this.#kept = null;
    return { serverId, publicUrl };
  }
}

/** One spelling of an address: host in lower case, no default port, no slash at the end. */
function normalUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, '');
}
