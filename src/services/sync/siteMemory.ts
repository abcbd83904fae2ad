import type { Database } from '../../database/client.ts';
import type { SyncRun } from '../../database/generated/client.ts';
import { RemoteError } from '../../errors.ts';
import type { ContentSession } from '../../platforms/contentPart.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';

/** The error code of a run that ended because the database lacks writes that the site knows. */
export const DATABASE_RESTORED = 'database_restored';

const message =
  'The site knows a write of this server that is missing in the database: a backup was restored, or a copy ' +
  'of the database is in use. Nothing was written. The server first reads everything, then it pushes again ' +
  '(database_restored).';

interface Parts {
  db: Database;
  events: EventLog;
  integration: IntegrationRow;
  session: ContentSession;
  now: () => number;
}

/**
 * Compares the last write that a site knows with the writes that this database knows. If the site knows a
 * write that is missing here, a backup was restored. Then everything is read before anything is pushed.
 */
export class SiteMemory {
  readonly #parts: Parts;
  #lostAt: Date | null;
  #operation: string | null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lostAt = parts.integration.restoredAt;
    this.#operation = parts.integration.restoredOperation;
  }

  /** Must everything be read before anything is pushed? */
  get isLost(): boolean {
    return this.#lostAt !== null;
  }

  /**
   * The time up to which the site took writes that a restored backup lacks; null if it is not known. An
   * operation is a UUID of version 7, which begins with its time in milliseconds:
   * https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
   */
  get lostUntil(): Date | null {
    if (!this.isLost || this.#operation?.[14] !== '7') return null;
    return new Date(Number.parseInt(this.#operation.replaceAll('-', '').slice(0, 12), 16));
  }

  /**
   * Checks whether the last write that the site reports is known here, and records the loss if not. Then
   * throws RemoteError `database_restored` for a run that would push. A run that only reads continues.
   */
  async compare(run: Pick<SyncRun, 'id' | 'direction'>): Promise<void> {
    const operation = this.#parts.session.lastOperation;
    if (operation === null || operation === this.#operation) return;
    const known = await this.#parts.db.writeOperation.findUnique({
      where: { id: operation },
      select: { id: true },
    });
    if (known) return;
    const { id, accountId, siteId } = this.#parts.integration;
    const at = new Date(this.#parts.now());
    await this.#parts.db.$transaction(async (tx) => {
      const data = { restoredAt: at, restoredOperation: operation };
      await tx.siteIntegration.update({ where: { id }, data });
      await this.#parts.events.record(tx, {
        accountId,
        siteId,
        integrationId: id,
        type: 'sync',
        action: DATABASE_RESTORED,
        success: false,
        error: message,
        details: { run_id: run.id, operation },
      });
    });
    this.#lostAt = at;
    this.#operation = operation;
    if (run.direction !== 'from_external') throw new RemoteError(DATABASE_RESTORED, message);
  }

  /**
   * Ends the loss once every type was read in full since the loss was noticed. Throws RemoteError
   * `database_restored` if a type was not read in full and the run would push.
   */
  async regain(run: Pick<SyncRun, 'direction'>, contentTypes: readonly string[]): Promise<void> {
    const lostAt = this.#lostAt;
    if (lostAt === null) return;
    const { id } = this.#parts.integration;
    if (await this.#areReadSince(lostAt, contentTypes)) {
      await this.#parts.db.siteIntegration.updateMany({
        where: { id, restoredAt: lostAt },
        data: { restoredAt: null },
      });
      this.#lostAt = null;
    } else if (run.direction !== 'from_external') throw new RemoteError(DATABASE_RESTORED, message);
  }

  /**
   * Clears the mark that another site may be behind the address, once every type was read in full since then.
   */
  async moved(contentTypes: readonly string[]): Promise<void> {
    const { id, movedAt } = this.#parts.integration;
    if (movedAt === null || !(await this.#areReadSince(movedAt, contentTypes))) return;
    await this.#parts.db.siteIntegration.updateMany({ where: { id, movedAt }, data: { movedAt: null } });
  }

  async #areReadSince(since: Date, contentTypes: readonly string[]): Promise<boolean> {
    const read = await this.#parts.db.typeSync.count({
      where: {
        integrationId: this.#parts.integration.id,
        contentType: { in: [...contentTypes] },
        fullyReadAt: { gte: since },
      },
    });
    return read === contentTypes.length;
  }
}
