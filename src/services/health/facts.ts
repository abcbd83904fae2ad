/** What is known about an integration when its problems are looked for. */
import type { SyncRun, SyncStatus } from '../../database/generated/client.ts';
import type { ConnectionTestResult } from '../../platforms/platform.ts';
import type { ContentTypes } from '../integrations/storedStructure.ts';

export interface TestRecord {
  at: Date;
  success: boolean;
  code: string;
  result: Partial<ConnectionTestResult>;
}

/** The facts from which problems are found. `now` is in ms since the epoch. */
export interface Facts {
  now: number;
  usesSiteKey: boolean;
  hasStructure: boolean;
  siteHasKey: boolean;
  isActive: boolean;
  syncEnabled: boolean;
  syncStatus: SyncStatus;
  syncError: string | null;
  pausedUntil: Date | null;
  restoredAt: Date | null;
  writesBlockedAt: Date | null;
  connectionStatus: string;
  lastTest: TestRecord | null;
  /** Why the connector is not used although it is there, as the last run or test found. */
  connectorPassedOver: string | null;
  /** What disturbs the answers of the site although they can be read, as the last run or test found. */
  answersDisturbed: string | null;
  contentTypes: ContentTypes | null;
  currentRun: SyncRun | null;
  deadDeliveries: number;
  /** The newest delivery of a copy of the site within a day, as the reason why it is held. */
  heldDelivery: string | null;
  /** A change on the site that a reading found and about which no webhook came. */
  untoldChange: { seenAt: Date } | null;
  /** Why this server may call no site. */
  serverPaused: string | null;
  conflicts: number;
  /** The enabled types that have contents here, and that the site does not have any more. */
  goneTypes: string[];
  /** Items that fail alone: how many, and the first few as `type id`. */
  failingItems: { count: number; named: readonly string[] };
}
