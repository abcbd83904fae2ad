/** A site of the property test of restored sides, with the same items and texts on every platform. */

import type { TestTenant } from '../../support/builders.ts';
import type { TestServer } from '../../support/server.ts';
import { titled } from '../writings.ts';

export interface SiteItem {
  id: string;
  title: string;
  body: string;
}

export interface SiteSide {
  readonly contentType: string;
  /** The settings that the server needs to reach the site. */
  readonly environment: Record<string, string>;
  /** Whether the site stores the last write of each server. */
  readonly remembersWrites: boolean;
  /** Whether the site stores the content's key with an item. */
  readonly keepsKeys: boolean;
  /** Connects the site to a server, in an account of its own. */
  connect(server: TestServer): Promise<TestTenant>;
  /** Connects the site again to a server that it was connected to before. */
  reconnect(tenant: TestTenant): void;
  items(): SiteItem[];
  create(texts: { title: string; body: string }): void;
  edit(id: string, texts: { title?: string; body?: string }): void;
  remove(id: string): void;
  /** Loses the responses of the next `times` writes, until `calm`. */
  loseAnswers(times: number): void;
  calm(): void;
  /** Moves the site's clock forward. */
  pass(): void;
  deliverWebhooks(serverUrl: string): Promise<void>;
  loseWebhook(): void;
  /** Takes a backup. The returned function restores it. */
  backup(): () => void;
  stop(): Promise<void>;
}

/** The texts of the site's first items, with marks that identify them. */
export function markedTexts(number: number): { title: string; body: string } {
  return { title: titled(number), body: `<p>o${number} "b${number}"</p>` };
}
