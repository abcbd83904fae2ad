/** A site of the property test of restored sides, as its people see it: whatever the platform, items with texts. */

import type { TestTenant } from '../../support/builders.ts';
import type { TestServer } from '../../support/server.ts';

export interface SiteItem {
  id: string;
  title: string;
  body: string;
}

export interface SiteSide {
  readonly contentType: string;
  /** What the server has to be started with to reach it. */
  readonly environment: Record<string, string>;
  /** Does the site keep which write of the server came last? */
  readonly remembersWrites: boolean;
  /** Does it keep with an item which content it is? */
  readonly keepsKeys: boolean;
  /** Connects the site with a server, in an account of its own. */
  connect(server: TestServer): Promise<TestTenant>;
  /** Enters a server again that it was connected with before. */
  reconnect(tenant: TestTenant): void;
  items(): SiteItem[];
  create(texts: { title: string; body: string }): void;
  edit(id: string, texts: { title?: string; body?: string }): void;
  remove(id: string): void;
  /** The answers of the next so many writes are lost, until `calm`. */
  loseAnswers(times: number): void;
  calm(): void;
  /** Time goes on. */
  pass(): void;
  deliverWebhooks(serverUrl: string): Promise<void>;
  loseWebhook(): void;
  /** Takes a backup; the function that is returned puts it back. */
  backup(): () => void;
  stop(): Promise<void>;
}

/** The first texts of a site get marks too, by which they are known again. */
export function markedTexts(number: number): { title: string; body: string } {
  return { title: `T${number} & more`, body: `<p>o${number} "b${number}"</p>` };
}
