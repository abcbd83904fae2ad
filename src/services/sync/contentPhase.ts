import type { Database } from '../../database/client.ts';
import type { ContentSession } from '../../platforms/contentPart.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import { keepFinding, keepProblem } from './connectionNotes.ts';
import type { GoneTypes } from './goneTypes.ts';
import { type ContentSessions, typeOfSite } from './openSession.ts';
import type { ContentRun, TypeToSync } from './phaseContext.ts';
import type { TermSync } from './pull/pullTerms.ts';
import type { ContentPull } from './pull/pullTypes.ts';
import type { ContentPush } from './push/pushTypes.ts';
import type { RunLedger } from './runLedger.ts';
import { mustBeSameSite } from './siteCensus.ts';
import { SiteMemory } from './siteMemory.ts';
import type { WorkPermits } from './workPermits.ts';

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  sessions: ContentSessions;
  terms: TermSync;
  pull: ContentPull;
  push: ContentPush;
  permits: WorkPermits;
  events: EventLog;
  gone: GoneTypes;
  now: () => number;
}

/** Executes the content part of a run: first pulls terms and contents from the site, then pushes contents. */
export class ContentRunner {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  hasStructure(integration: Pick<IntegrationRow, 'config'>): boolean {
    return configOf(integration).contentTypes !== null;
  }

  /** Continues from the run's checkpoint. Throws RemoteError, VaultError, RunLost. */
  async execute(ledger: RunLedger, integration: IntegrationRow, signal: AbortSignal): Promise<void> {
    const permit = this.#parts.permits.of(signal);
    const session = await this.#parts.sessions.open(integration, {
      signal,
      beforeWrite: () => ledger.mustBeOurs(),
      during: (request) => permit.during(request),
    });
    // The site has answered.
    await permit.begin();
    try {
      await this.#sync(ledger, integration, session, signal);
      await keepFinding(this.#parts.events, { ledger, integration }, session.finding?.() ?? null);
    } finally {
      permit.end();
    }
  }

  async #sync(
    ledger: RunLedger,
    before: IntegrationRow,
    session: ContentSession,
    signal: AbortSignal,
  ): Promise<void> {
    const { direction } = ledger.run;
    const { gone } = this.#parts;
    const integration = await gone.lookForReturned({ ledger, integration: before, session, signal });
    if (ledger.checkpoint.readingId === null) {
      const begunAt = new Date(this.#parts.now()).toISOString();
      await ledger.step(async () => ({ checkpoint: { readingId: ledger.run.id, begunAt } }));
    }
    await keepProblem(this.#parts.events, { ledger, integration }, session.problem ?? null);
    const memory = new SiteMemory({
      db: this.#parts.db,
      events: this.#parts.events,
      integration,
      session,
      now: this.#parts.now,
    });
    await memory.compare(ledger.run);
    // After a restore of the database, the run must read every type of the site before it may write.
    const chosen = memory.isLost ? [] : ledger.run.contentTypes;
    const { types, unknown } = chosenTypes(integration, chosen);
    await gone.tellWaiting({ ledger, integration });
    if (unknown.length > 0 && ledger.checkpoint.typesRead.length === 0) {
      await this.#tellUnknown(ledger, integration, unknown);
    }
    const run = this.#context({ ledger, integration, session, signal, types, memory });
    if ((direction !== 'to_external' || memory.isLost) && !ledger.checkpoint.pulled) {
      await this.#parts.terms.pull(run);
      await this.#parts.pull.pull(run);
    }
    // A type that the run has found gone is done with: it was not read, and nothing of it is pushed.
    const slugs = types.flatMap(({ slug }) => (ledger.checkpoint.typesPushed.includes(slug) ? [] : [slug]));
    if (direction !== 'to_external' && ledger.run.contentTypes.length === 0) await memory.moved(slugs);
    await memory.regain(ledger.run, slugs);
    if (direction !== 'from_external') await this.#parts.push.push(run);
  }

  #context({
    integration,
    memory,
    types,
    ...given
  }: Pick<ContentRun, 'ledger' | 'integration' | 'session' | 'signal' | 'types' | 'memory'>): ContentRun {
    const { localStatus } = this.#parts.platforms.get(integration.platform);
    const { ledger, session } = given;
    const { accountId, siteId, platform } = integration;
    const compared = new Set<string>();
    return {
      ...given,
      db: this.#parts.db,
      integration,
      types,
      memory,
      taxonomies: chosenTaxonomies(integration, types),
      rule: configOf(integration).syncSettings.conflict,
      full: ledger.run.full || memory.isLost,
      mustBeSameSite: async (type) => {
        if (integration.movedAt !== null || compared.has(type.slug)) return;
        // The type itself comes first. If it has few items, the types with the most items follow.
        const others = types.filter(({ slug }) => slug !== type.slug && !compared.has(slug));
        const asked = [type, ...others.sort((one, other) => other.count - one.count)];
        const slugs = await mustBeSameSite(this.#parts.db, session, { siteId, platform }, asked);
        for (const slug of slugs) compared.add(slug);
      },
      readingId: ledger.checkpoint.readingId ?? ledger.run.id,
      begunAt: new Date(ledger.checkpoint.begunAt ?? this.#parts.now()),
      owner: { accountId, siteId, integrationId: integration.id },
      statusHere: (status) => localStatus?.(status) ?? null,
      leaveOut: (slug, error) =>
        this.#parts.gone.leaveOut({ ledger, integration, signal: given.signal }, slug, error),
      expectedAfter: (slug) =>
        types
          .slice(types.findIndex((type) => type.slug === slug) + 1)
          .reduce((sum, type) => sum + type.count, 0),
    };
  }

  /**
   * Reports types that the run was asked to sync, but that are missing in the structure or switched off by
   * now.
   */
  async #tellUnknown(ledger: RunLedger, integration: IntegrationRow, unknown: string[]): Promise<void> {
    await ledger.step(async (tx) => {
      await this.#parts.events.record(tx, {
        accountId: integration.accountId,
        siteId: integration.siteId,
        integrationId: integration.id,
        type: 'sync',
        action: 'unknown_type',
        success: false,
        error: `Not in the structure of the site, or switched off: ${unknown.join(', ')}.`,
        details: { run_id: ledger.run.id, content_types: unknown },
      });
      return {
        totals: { failed: unknown.length },
        troubles: unknown.map((slug) => `${slug} is not in the structure of the site, or switched off.`),
      };
    });
  }
}

/**
 * Returns the enabled types that the run chose (`[]` chooses all), and as `unknown` the other chosen types.
 */
function chosenTypes(
  integration: IntegrationRow,
  chosen: readonly string[],
): { types: TypeToSync[]; unknown: string[] } {
  const known = configOf(integration).contentTypes?.post_types ?? {};
  const types = Object.entries(known)
    .filter(([slug, type]) => type.enabled && (chosen.length === 0 || chosen.includes(slug)))
    .map(([slug, type]) => ({
      slug,
      type: typeOfSite(integration, slug),
      newest: type.fetch_limit,
      count: Math.min(type.count, type.fetch_limit ?? type.count),
    }));
  // A gone type is told by itself.
  const gone = configOf(integration).contentTypes?.gone?.post_types ?? {};
  const slugs = new Set([
    ...types.map((type) => type.slug),
    ...Object.keys(gone).filter((slug) => gone[slug]?.enabled),
  ]);
  return { types, unknown: chosen.filter((slug) => !slugs.has(slug)) };
}

/** Returns the enabled taxonomies of these types. A taxonomy without types belongs to every run. */
function chosenTaxonomies(integration: IntegrationRow, types: readonly TypeToSync[]) {
  const known = configOf(integration).contentTypes?.taxonomies ?? {};
  return Object.entries(known)
    .filter(([, taxonomy]) => taxonomy.enabled)
    .filter(
      ([, { post_types: owners = [] }]) =>
        owners.length === 0 || types.some(({ slug }) => owners.includes(slug)),
    )
    .map(([slug, { rest_base, hierarchical }]) => ({ slug, structure: { rest_base, hierarchical } }));
}
