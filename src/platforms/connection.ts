export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };
export type Credentials = Record<string, string>;

/** All that a platform needs to speak with one site, decrypted for the time of one call. */
export interface Connection {
  /** Which database speaks: what a site keeps for this server holds for it alone. */
  serverId: string;
  siteId: number;
  /** The address that the site or its integration holds, as the user typed it. */
  siteUrl: string;
  /** The site's current key; null when it has none. */
  siteKey: string | null;
  credentials: Credentials;
  config: JsonObject;
  /** What the platform kept last, such as a token that it minted; empty after the credentials were changed. */
  kept?: Credentials;
  /**
   * Keeps secrets of the platform's own, encrypted, in place of those kept before. They are dropped when the
   * credentials are changed, and by this call when they were changed since the connection was opened.
   */
  keep?(secrets: Credentials): Promise<void>;
}
