import type { ApiFault } from './faults.ts';
import type { ApiItem } from './items.ts';
import type { PagingKind } from './paging.ts';

export type AuthKind = 'none' | 'bearer' | 'header' | 'basic' | 'query';

/** The internal state of a simulated API. */
export interface ApiState {
  auth: AuthKind;
  paging: PagingKind;
  pageSize: number;
  items: ApiItem[];
  faults: Set<ApiFault>;
  base: string;
  clock: number;
  /** The number of pages that an endless list has returned so far. */
  endlessPages: number;
  /** Set for an API that breaks down over large answers, or over some items. */
  weakness: ApiWeakness | null;
}

/** What an API cannot do. */
export interface ApiWeakness {
  /** How it ends a request that asks for too much. */
  by: 'gateway_timeout' | 'cut' | 'error';
  /** The most items of one answer; null for any number. */
  mostItems: number | null;
  /** An item with this text breaks every answer in which it stands, and every write of it. */
  diesOn?: string;
}

/** One response, before it is written. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** A string is sent as an HTML page, any other value as JSON. */
  body?: unknown;
}
