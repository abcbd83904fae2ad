import type { ZodType } from 'zod';
import type { Connection, JsonObject } from './connection.ts';
import type { ContentPart } from './contentPart.ts';
import type { WebhookHeaders, WebhookPart } from './webhookPart.ts';

/**
 * What the rest of Sitebridge sees of a platform. A platform declares its abilities as data. Services check
 * `capabilities` and which optional parts exist, and never a platform's name.
 */
export interface Platform {
  /** As `platform` on the wire, e.g. `wordpress`. */
  readonly name: string;
  /** As `platform_type` on the wire, e.g. `cms`. */
  readonly type: string;
  /** The most that an integration of this platform can do. */
  readonly capabilities: PlatformCapabilities;
  /** What an integration with this `config_json` can do, if that depends on `config_json`. */
  capabilitiesOf?(config: JsonObject): PlatformCapabilities;
  /** Checks and completes the `config_json` of a caller. */
  readonly configSchema: ZodType<JsonObject, JsonObject>;
  /** Checks the secrets in `credentials_json`; the site key is not one of them. */
  readonly credentialsSchema: ZodType<JsonObject, JsonObject>;
  /**
   * Runs the stages of a connection test and stops at the first that fails. A fault of the site is never
   * thrown: it becomes a result with its code.
   */
  testConnection(connection: Connection): Promise<ConnectionTestResult>;
  /** Reads post types, taxonomies and plugin facts. Throws RemoteError. */
  readStructure?(connection: Connection): Promise<SiteStructure>;
  /** Reads and writes contents. */
  readonly content?: ContentPart;
  /** Its sites connect themselves, by the collection's test-connection. Only one platform of a server may say so. */
  readonly onboards?: OnboardingPart;
  /** Takes webhooks at `/api/v1/integration/webhooks/{name}`. */
  readonly webhooks?: WebhookPart;
  /**
   * Translates a status of the site into ours; null for a status that takes a content out of the site's
   * content.
   */
  localStatus?(externalStatus: string): 'draft' | 'published' | null;
}

/** How a site that connects itself is told from its copies, which have the same site key. */
export interface OnboardingPart {
  /** The headers in which a site says who it is. The API documentation lists them. */
  readonly headers: readonly { name: string; required: boolean; description: string }[];
  /** Who sent a request, by its headers; null if they do not say it. */
  senderOf(headers: WebhookHeaders): SiteSender | null;
  /**
   * Are these the homes of two sites? http and https are one site, and so are a host with and without `www`. What
   * is no address is no home.
   */
  areTwoHomes(one: string, other: string): boolean;
  /** The failed test of a site with another home than the connected site. */
  refuseOtherHome(homes: { connected: string; asked: string }): Promise<ConnectionTestResult>;
}

/** The site that sends a request, as its plugin names it. */
export interface SiteSender {
  /** The address of the home page. */
  home: string;
  /** The UUID of the installation of the plugin; null if the plugin has none yet. */
  installation: string | null;
}

export interface PlatformCapabilities {
  /** Signs in with the site's own key. An integration can therefore not exist before its site has a key. */
  readonly usesSiteKey: boolean;
  /** Reads a site's structure, or receives it from the site. */
  readonly structure: boolean;
  /** Syncs contents. */
  readonly content: boolean;
}

/**
 * The result of a connection test. Its fields have the names of the API, because it is stored and sent as it
 * is.
 */
export interface ConnectionTestResult {
  success: boolean;
  /** `ok`, or the cause that a person has to fix. A test that passed may have one: what the connection cannot do. */
  code: string;
  message: string;
  /** How to fix the cause; empty for `ok`. */
  hint: string;
  /** The stage that was reached last. */
  stage: string;
  retryable: boolean;
  latency_ms: number;
  checks: ConnectionTestCheck[];
  remote: { name?: string; version?: string; plugin_version?: string; canonical_url?: string };
}

/** One step of a test. A check that is `ok` may still have a `code`: a finding that is not a failure. */
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

/** A site's structure, read from the site or pushed by it. */
export interface SiteStructure {
  post_types: Record<string, PostTypeStructure>;
  taxonomies: Record<string, TaxonomyStructure>;
  /** The connector (in Shopify: the app) is installed and accepts our requests. */
  plugin_connection_enabled: boolean;
  two_way_sync_enabled: boolean;
  /** When this structure was read, by the site's own clock, ISO 8601 UTC. */
  timestamp: string;
}
