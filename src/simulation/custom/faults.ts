import type { BodyFault } from '../spoiltBody.ts';

/** The faults of the simulated API. */
export type ApiFault =
  | BodyFault
  /** Every request for a page returns the first page. */
  | 'same_page'
  /** The list has no end: each page has new items. */
  | 'new_pages'
  /** Each page returns its own cursor or URL as that of the next page. */
  | 'repeated_next'
  /** The next page is on another server. */
  | 'foreign_next'
  /** Behind the end of the list, the API gives the last page again. Only for pages by number or offset. */
  | 'last_page_again'
  /** Behind the end of the list, the API answers 400. Only for pages by number or offset. */
  | 'refused_behind_end'
  /** The same with 422, 403 or 500. */
  | 'unprocessable_behind_end'
  | 'forbidden_behind_end'
  | 'failing_behind_end'
  /** The API does not count its items. */
  | 'uncounted'
  /** The list leaves out item 2, and counts it. */
  | 'items_left_out'
  /** Each item comes twice on its page. */
  | 'items_doubled'
  /** A page has one item only, and the next page begins where a full page would have ended. */
  | 'lists_shortened'
  /** The items of a page come in the reverse order. */
  | 'order_forced'
  /** Filters in the query are ignored. */
  | 'filters_ignored'
  /** Instead of the API, a website answers with HTML and status 200. */
  | 'html'
  /** The response to a list request contains no list. */
  | 'no_list'
  /** Item 2 has no id. */
  | 'no_id'
  /** Item 2 has no title. */
  | 'no_title'
  /** Item 2 is null. */
  | 'null_item'
  /** Item 2 has the id of item 1. */
  | 'same_id'
  /** Item 2 has a state that the configuration does not list. */
  | 'unknown_state'
  /** Item 2 has a NUL in its title, which PostgreSQL cannot store. */
  | 'nul_in_title'
  /** Reading an item by its id returns the first item. */
  | 'other_item'
  /** Reading an item by its id is answered with 403. */
  | 'item_forbidden'
  /** A filter of the output puts line breaks and tabs into the texts of JSON. */
  | 'raw_controls'
  /** Every request is answered with 500. */
  | 'failing'
  /** Every request for a page of the list is answered with 500. */
  | 'list_failing'
  /** A create succeeds, but is answered with 500. */
  | 'create_fails_after_success'
  /** A create succeeds, but the connection is cut before the response. */
  | 'create_cut_after_success'
  /** A create succeeds, but the response contains the newest item from before. */
  | 'create_answers_other'
  /** A create is refused with 422 because of a field. */
  | 'create_refused'
  /** Writes succeed and are answered with 204 and an empty body. */
  | 'empty_answers'
  /** The next request is answered with 429 and `Retry-After: 0`. */
  | 'throttled_once'
  /** Requests are never answered. */
  | 'silent';
