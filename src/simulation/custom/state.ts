import type { ApiFault } from './faults.ts';
import type { ApiItem } from './items.ts';
import type { PagingKind } from './paging.ts';

export type AuthKind = 'none' | 'bearer' | 'header' | 'basic' | 'query';

/** A simulated API from within. */
export interface ApiState {
  auth: AuthKind;
  paging: PagingKind;
  pageSize: number;
  items: ApiItem[];
  faults: Set<ApiFault>;
  base: string;
  clock: number;
  /** How many pages an endless list has given. */
  endlessPages: number;
}

/** One answer, before it is written. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON; a text is sent as a page. */
  body?: unknown;
}
