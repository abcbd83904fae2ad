import type { Database } from '../../database/client.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import type { ConflictRule } from '../content/merge.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { RunLedger } from './runLedger.ts';
import type { SiteMemory } from './siteMemory.ts';

/** A content type that a run syncs. */
export interface TypeToSync {
  slug: string;
  type: TypeOfSite;
  /** How many of the newest items to read; null for all items. */
  newest: number | null;
  /** How many items to expect: as many as the site had when its structure was read, at most `newest`. */
  count: number;
}

/** A running sync, with everything that its phases need. */
export interface ContentRun {
  db: Database;
  ledger: RunLedger;
  integration: IntegrationRow;
  session: ContentSession;
  types: readonly TypeToSync[];
  taxonomies: readonly TypeOfSite[];
  rule: ConflictRule;
  full: boolean;
  /**
   * Checks the site before the first change of a type, once for each type. Throws RemoteError `another_site`.
   */
  mustBeSameSite(type: TypeToSync): Promise<void>;
  memory: SiteMemory;
  /**
   * Leaves a type out of the rest of the run, if the site does not have it any more. Throws `error` if it is another
   * fault.
   */
  leaveOut(slug: string, error: unknown): Promise<void>;
  /** Marks the contents that this reading has seen. A resumed reading has the id of the run that began it. */
  readingId: number;
  /** When the reading began. */
  begunAt: Date;
  signal: AbortSignal;
  /** The fields that all events of the run have. */
  owner: { accountId: number; siteId: number; integrationId: number };
  /** Returns our status for a status in the site's own words; null if there is none. */
  statusHere(externalStatus: string): 'draft' | 'published' | null;
  /** How many items are expected from the types after this type. */
  expectedAfter(contentType: string): number;
}

/**
 * The types of the run that the site still has, as far as the run knows while it reads. A type that is left out counts
 * as pushed from then on.
 */
export function presentTypes({ types, ledger }: Pick<ContentRun, 'types' | 'ledger'>): TypeToSync[] {
  return types.filter(({ slug }) => !ledger.checkpoint.typesPushed.includes(slug));
}
