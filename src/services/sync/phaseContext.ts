import type { Database } from '../../database/client.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import type { ConflictRule } from '../content/merge.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { RunLedger } from './runLedger.ts';
import type { SiteMemory } from './siteMemory.ts';

/** A type that a run is about. */
export interface TypeToSync {
  slug: string;
  type: TypeOfSite;
  /** Only so many, the newest; null is all. */
  newest: number | null;
  /** How many the site had when its structure was read. */
  count: number;
}

/** A run under way, with all that its phases work with. */
export interface ContentRun {
  db: Database;
  ledger: RunLedger;
  integration: IntegrationRow;
  session: ContentSession;
  types: readonly TypeToSync[];
  taxonomies: readonly TypeOfSite[];
  rule: ConflictRule;
  full: boolean;
  /** Throws RemoteError `another_site`; asked before the first change of a type, and once only. */
  mustBeSameSite(type: TypeToSync): Promise<void>;
  memory: SiteMemory;
  /** Marks what this reading has seen; of the run that began it, where that was an earlier one. */
  readingId: number;
  /** When the reading began. */
  begunAt: Date;
  signal: AbortSignal;
  /** What every event of the run says. */
  owner: { accountId: number; siteId: number; integrationId: number };
  /** What a status in the site's words means here. */
  statusHere(externalStatus: string): 'draft' | 'published' | null;
  /** How many items the types after this one bring, as far as is known. */
  expectedAfter(contentType: string): number;
}
