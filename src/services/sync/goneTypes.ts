import type { Database, Transaction } from '../../database/client.ts';
import { RemoteError } from '../../errors.ts';
import type { ContentSession } from '../../platforms/contentPart.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import { type IntegrationRow, withSite } from '../integrations/integrationRow.ts';
import type { SyncMetadataService } from '../integrations/syncMetadata.service.ts';
import type { RunLedger, RunStep } from './runLedger.ts';
import { readStructure } from './structureReading.ts';

/** The code of a platform for a type that its site does not have. */
const UNKNOWN_TYPE = 'unknown_type';

/** How many gone types a run asks the site for. Each takes one request or two. */
const askedAtMost = 5;

interface Parts {
  db: Database;
  metadata: SyncMetadataService;
  events: EventLog;
}

/** A run with what its session needs. */
interface RunOfSite {
  ledger: RunLedger;
  integration: IntegrationRow;
  session: ContentSession;
  signal: AbortSignal;
}

/**
 * Types whose plugin was switched off on the site. Their contents stay here as they are. A run goes on with the other
 * types, and takes such a type up again when the site has it again: the watermark of its last reading stays.
 */
export class GoneTypes {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Asks the site for gone types that have contents here. If it has one again, the structure is read anew. Returns the
   * integration as it is then. Throws RemoteError, RunLost.
   */
  async lookForReturned({ ledger, integration, session, signal }: RunOfSite): Promise<IntegrationRow> {
    const gone = await goneWithContents(this.#parts.db, integration);
    let isBack = false;
    for (const { slug, externalId } of gone.slice(0, askedAtMost)) {
      signal.throwIfAborted();
      const structure = goneTypesOf(integration)[slug] ?? null;
      isBack ||= await isThere(session, { slug, structure }, externalId);
    }
    return isBack ? this.#readStructure({ ledger, integration, signal }) : integration;
  }

  /**
   * Leaves a type out of the run if the site does not have it any more: reads the structure, and tells it. Throws
   * `error` if it is another fault, or if the site still lists the type.
   */
  async leaveOut(run: Omit<RunOfSite, 'session'>, slug: string, error: unknown): Promise<void> {
    if (!(error instanceof RemoteError) || error.code !== UNKNOWN_TYPE) throw error;
    const now = await this.#readStructure(run);
    if (Object.hasOwn(configOf(now).contentTypes?.post_types ?? {}, slug)) throw error;
    await this.#tell(run.ledger, slug, await waitingOf(this.#parts.db, run.integration, slug));
  }

  /**
   * Tells that a run leaves out gone types whose edits here wait to be sent, and the gone types that the run was asked
   * to sync by name.
   */
  async tellWaiting({ ledger, integration }: Omit<RunOfSite, 'session' | 'signal'>): Promise<void> {
    const { run, checkpoint } = ledger;
    const left = Object.entries(goneTypesOf(integration)).filter(
      ([slug, { enabled }]) => enabled && !checkpoint.typesPushed.includes(slug),
    );
    for (const [slug] of left) {
      const isNamed = run.contentTypes.includes(slug);
      if (run.contentTypes.length > 0 && !isNamed) continue;
      const waits =
        run.direction === 'from_external' ? 0 : await waitingOf(this.#parts.db, integration, slug);
      if (waits > 0 || isNamed) await this.#tell(ledger, slug, waits);
    }
  }

  async #tell(ledger: RunLedger, slug: string, waits: number): Promise<void> {
    const { run } = ledger;
    const waiting = waits === 0 ? '' : ` ${waits} edits of them wait to be sent.`;
    const message = `The site does not have the type ${slug} any more, so its contents stay as they are.${waiting} Switch on the plugin of the type.`;
    await ledger.step(async (tx): Promise<RunStep> => {
      await this.#parts.events.record(tx, {
        accountId: run.accountId,
        siteId: run.siteId,
        integrationId: run.integrationId,
        type: 'sync',
        action: 'type_gone',
        success: false,
        error: message,
        details: { run_id: run.id, content_type: slug, waiting: waits },
      });
      const { typesRead, typesPushed } = ledger.checkpoint;
      return {
        totals: { failed: 1 },
        troubles: [`${message} (type_gone)`],
        checkpoint: {
          reading: null,
          typesRead: [...typesRead, slug],
          pushing: null,
          typesPushed: [...typesPushed, slug],
        },
      };
    });
  }

  async #readStructure({ ledger, integration, signal }: Omit<RunOfSite, 'session'>): Promise<IntegrationRow> {
    await readStructure(this.#parts.metadata, ledger, integration, signal);
    return this.#parts.db.siteIntegration.findUniqueOrThrow({
      where: { id: integration.id },
      include: withSite,
    });
  }
}

/** The gone types of an integration, by slug. */
function goneTypesOf(integration: Pick<IntegrationRow, 'config'>) {
  return configOf(integration).contentTypes?.gone?.post_types ?? {};
}

/**
 * The enabled gone types of an integration that have contents here, each with the id of one of their items. At most
 * twenty.
 */
export async function goneWithContents(
  db: Transaction,
  integration: Pick<IntegrationRow, 'config' | 'siteId' | 'platform'>,
): Promise<{ slug: string; externalId: string }[]> {
  const { siteId, platform } = integration;
  const slugs = Object.entries(goneTypesOf(integration)).flatMap(([slug, { enabled }]) =>
    enabled ? [slug] : [],
  );
  const found = await Promise.all(
    slugs.slice(0, 20).map((contentType) =>
      db.content.findFirst({
        where: {
          siteId,
          contentType,
          platform,
          syncState: { in: ['in_sync', 'local_changes', 'remote_changes', 'conflict'] },
          externalId: { not: null },
        },
        select: { contentType: true, externalId: true },
      }),
    ),
  );
  return found.flatMap((row) =>
    row?.externalId ? [{ slug: row.contentType, externalId: row.externalId }] : [],
  );
}

/** How many edits here of a type wait to be sent. */
function waitingOf(
  db: Transaction,
  { siteId, platform }: Pick<IntegrationRow, 'siteId' | 'platform'>,
  contentType: string,
): Promise<number> {
  return db.content.count({
    where: {
      siteId,
      contentType,
      OR: [
        { syncState: 'local_changes', platform },
        { syncState: 'local_only', status: 'ready', AND: { OR: [{ platform }, { platform: null }] } },
      ],
    },
  });
}

/** Does the site have the type? Throws RemoteError if the site cannot be reached. */
async function isThere(
  session: ContentSession,
  type: Parameters<ContentSession['read']>[0],
  externalId: string,
): Promise<boolean> {
  try {
    await session.read(type, [externalId]);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError) || error.retryable) throw error;
    // Any other refusal, such as that of a role, leaves the type as it is.
    return false;
  }
}
