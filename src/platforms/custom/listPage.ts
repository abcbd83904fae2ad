import type { ItemFault } from '../remoteContent.ts';

/** Where a page begins. */
export interface PageStart {
  /** The page's number, offset, cursor or URL; null for the first page. */
  at: string | number | null;
  /** How many pages came before this one. */
  pages: number;
  /** The size of a page that the API gave instead of the requested one; null if there is none. */
  size: number | null;
  /** How many items come before a page whose number does not tell it; null if it does. */
  place: number | null;
  /** How many different items came before; null if it is unknown. */
  read: number | null;
  /** Did as many items come before as the API counts? Then the list should end here. */
  counted: boolean;
}

export const FIRST_PAGE: PageStart = {
  at: null,
  pages: 0,
  size: null,
  place: null,
  read: 0,
  counted: false,
};

export interface ListPage {
  items: unknown[];
  /** Items that fail alone. The API does not say which items they are. */
  faults: ItemFault[];
  /** null after the last page. */
  next: PageStart | null;
  /** How many items the whole list has; null if the API does not say. */
  total: number | null;
  /** When the API answered, by its own clock, in milliseconds since 1970; null if it does not say. */
  answeredAt: number | null;
}
