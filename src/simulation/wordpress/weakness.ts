/** How a weak host ends a request that asks for too much. */
export type Breakdown =
  /** The proxy gives up waiting: 504. */
  | 'gateway_timeout'
  /** The connection is cut before the answer. */
  | 'cut'
  /** The answer ends in the middle. */
  | 'cut_off'
  /** PHP's memory is used up: a critical error as JSON. */
  | 'critical_error'
  /** The same as a page. */
  | 'error_page';

/** A weak host, and posts on which a plugin dies. */
export interface Weakness {
  by: Breakdown;
  /** The most items of one answer or batch; null for any number. */
  mostItems: number | null;
  /** A post that holds this text in its body breaks every answer in which it stands, and every write of it. */
  diesOn?: string;
  /** Is the inventory of the connector as heavy as its items? A host that hashes in SQL has no trouble with it. */
  countsInventory?: boolean;
  /** Is the host weak only when it renders bodies? Shortcodes and builders run only then. */
  onlyRendering?: true;
}

/** The host ended the request. What was done before that stays. */
export class HostGaveUp extends Error {}
