import type { ZodType } from 'zod';
import type { Connection, Credentials, JsonObject } from './connection.ts';
import type { ContentPart } from './contentPart.ts';
import type { WebhookPart } from './webhookPart.ts';

/**
 * What a platform is to the rest of Sitebridge. A platform declares what it can do as data; services look at
 * `capabilities` and at which optional parts are there, and never at a platform's name.
 */
export interface Platform {
  /** As `platform` on the wire, e.g. `wordpress`. */
  readonly name: string;
  /** As `platform_type` on the wire, e.g. `cms`. */
  readonly type: string;
  /** What it can do at the most. */
  readonly capabilities: PlatformCapabilities;
  /** What an integration with this `config_json` can do, where that differs from one to another. */
  capabilitiesOf?(config: JsonObject): PlatformCapabilities;
  /** Checks and completes `config_json` as a caller may send it. */
  readonly configSchema: ZodType<JsonObject, JsonObject>;
  /** Checks the secrets in `credentials_json`; the site key is not one of them. */
  readonly credentialsSchema: ZodType<Credentials, Credentials>;
  /**
   * Walks the stages of a connection test and stops at the first that fails.
   * Never throws for what the other side does: every such fault is a result with its code.
   */
  testConnection(connection: Connection): Promise<ConnectionTestResult>;
  /** Reads post types, taxonomies and plugin facts. Throws RemoteError. */
  readStructure?(connection: Connection): Promise<SiteStructure>;
  /** Reads and writes contents. */
  readonly content?: ContentPart;
  /** Its sites connect themselves, by the collection's test-connection. Only one platform of a server may say so. */
  readonly onboards?: true;
  /** Takes webhooks at `/api/v1/integration/webhooks/{name}`. */
  readonly webhooks?: WebhookPart;
  /** What a status in the site's words means here; null for one that takes a content out of the site's. */
  localStatus?(externalStatus: string): 'draft' | 'published' | null;
}

export interface PlatformCapabilities {
  /** Signs in with the site's own key, so an integration cannot exist before the site has one. */
  readonly usesSiteKey: boolean;
  /** Reads and takes the structure of a site. */
  readonly structure: boolean;
  /** Keeps content in step. */
  readonly content: boolean;
}

/** A connection test's result, in the words of the wire, since it is stored and sent as it is. */
export interface ConnectionTestResult {
  success: boolean;
  /** `ok`, or the cause that a person has to mend. */
  code: string;
  message: string;
  /** What to do about it; empty when all is well. */
  hint: string;
  /** The stage that was reached last. */
  stage: string;
  retryable: boolean;
  latency_ms: number;
  checks: ConnectionTestCheck[];
  remote: { name?: string; version?: string; plugin_version?: string; canonical_url?: string };
}

/** One step of a test. A check that is `ok` may still carry a `code`: something to tell that is no failure. */
export interface ConnectionTestCheck {
  name: string;
  ok: boolean;
  ms: number;
  code?: string;
  detail?: string;
}

export interface PostTypeStructure {
  label: string;
  count: number;
  rest_base?: string;
  hierarchical?: boolean;
  taxonomies?: string[];
}

export interface TaxonomyStructure {
  label: string;
  count: number;
  rest_base?: string;
  hierarchical?: boolean;
  post_types?: string[];
}

/** A site's structure as read from it or as it pushes it. */
export interface SiteStructure {
  post_types: Record<string, PostTypeStructure>;
  taxonomies: Record<string, TaxonomyStructure>;
  /** The connector is there and lets us in. */
  plugin_connection_enabled: boolean;
  two_way_sync_enabled: boolean;
  /** When the site made this reading, ISO 8601 UTC by its own clock. */
  timestamp: string;
}
