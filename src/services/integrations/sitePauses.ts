import type { Transaction } from '../../database/client.ts';
import type { SiteIntegration } from '../../database/generated/client.ts';
import type { EventLog } from '../events/eventLog.ts';

/**
 * How long a site is paused that failed too often. Each pause is twice as long, up to `longest`.
 * Milliseconds.
 */
const pause = { first: 5 * 60_000, longest: 60 * 60_000 };

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Pauses sites that failed too often in a row. */
export class SitePauses {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Is the site paused now? */
  isOn(integration: Pick<SiteIntegration, 'pausedUntil'>): boolean {
    return isPaused(integration, this.#parts.now());
  }

  /**
   * Begins a pause, of `restMs` milliseconds if the site asked for that. `tx` must be a transaction, as the pause and
   * its event belong together. A passed connection test ends the pause early.
   */
  async begin(tx: Transaction, integration: SiteIntegration, restMs: number | undefined): Promise<void> {
    const grown = Math.min(pause.first * 2 ** integration.pauses, pause.longest);
    const until = new Date(this.#parts.now() + Math.min(Math.max(restMs ?? grown, 1_000), 24 * 3_600_000));
    await tx.siteIntegration.update({
      where: { id: integration.id },
      data: { pausedUntil: until, pauses: { increment: 1 } },
    });
    await this.#parts.events.record(tx, {
      accountId: integration.accountId,
      siteId: integration.siteId,
      integrationId: integration.id,
      type: 'connection',
      action: 'site_paused',
      success: false,
      error: pausedMessage(until),
      details: { until: until.toISOString() },
    });
  }
}

/**
 * The state of a connection, as callers see it: `failing` while the site is paused, else the result of the last
 * test. `now` is in ms since the epoch.
 */
export function connectionStatusOf(
  { connectionStatus, pausedUntil }: Pick<SiteIntegration, 'connectionStatus' | 'pausedUntil'>,
  now: number,
): string {
  return isPaused({ pausedUntil }, now) ? 'failing' : connectionStatus;
}

function isPaused({ pausedUntil }: Pick<SiteIntegration, 'pausedUntil'>, now: number): boolean {
  return pausedUntil !== null && pausedUntil.getTime() > now;
}

/** The message about a paused site. */
export function pausedMessage(until: Date): string {
  return (
    `The site failed too often in a row and is paused until ${until.toISOString()}. ` +
    'A connection test that passes ends the pause at once.'
  );
}
