import { z } from 'zod';
import { asDouble, type ExactNumber } from '../outbound/exactNumber.ts';

export type JsonValue =
  | string
  | number
  | ExactNumber
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** A parser of JSON returns only JSON values, so there is nothing to check. */
export const jsonValue = z.custom<JsonValue>(() => true);

/** A number of which only the value matters, such as a count or a cost. An answer may hold it as 5.0. */
export const double = z.preprocess(asDouble, z.number());

/** The secrets of a platform: those of `credentials_json` that are texts, or those that the platform keeps. */
export type Credentials = Record<string, string>;

/** What opens a door before a site: the password of its web server, and headers such as those of a service token. */
export interface OuterAccess {
  basic?: { username: string; password: string };
  headers?: Record<string, string>;
}

/** Everything that a platform needs to call one site, decrypted for the duration of one call. */
export interface Connection {
  /** Identifies the database of this server. What a site stores for this server is stored under this id. */
  serverId: string;
  siteId: number;
  /** The address from the site or its integration, as the user typed it. */
  siteUrl: string;
  /** The site's current key; null if it has none. */
  siteKey: string | null;
  credentials: Credentials;
  /** Opens what stands before the site; see `throughOuterDoor`. */
  outer?: OuterAccess | null;
  config: JsonObject;
  /**
   * What the platform stored last with `keep`, such as a minted token. Empty after the credentials have
   * changed.
   */
  kept?: Credentials;
  /**
   * Stores the platform's own secrets, encrypted, and replaces those stored before. A change of the
   * credentials deletes them. If the credentials have changed since the connection was opened, this call
   * stores nothing.
   */
  keep?(secrets: Credentials): Promise<void>;
}
