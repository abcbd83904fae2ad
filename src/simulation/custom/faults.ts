/** What can be wrong with the simulated API. */
export type ApiFault =
  /** Whatever page is asked for, the first comes. */
  | 'same_page'
  /** Each page has new items, for ever. */
  | 'new_pages'
  /** Each page names the cursor or URL that was asked for as the next. */
  | 'repeated_next'
  /** The next page is on another server. */
  | 'foreign_next'
  /** Filters in the query are ignored. */
  | 'filters_ignored'
  /** A website answers in the API's place, with status 200. */
  | 'html'
  /** The answer to a list holds no list. */
  | 'no_list'
  /** Item 2 lacks its id. */
  | 'no_id'
  /** Item 2 lacks its title. */
  | 'no_title'
  /** Item 2 is null. */
  | 'null_item'
  /** Item 2 has the id of item 1. */
  | 'same_id'
  /** Item 2 has a state that nobody has told of. */
  | 'unknown_state'
  /** Item 2 has a title that no database takes. */
  | 'nul_in_title'
  /** Reading one item gives the first one. */
  | 'other_item'
  /** Reading one item is forbidden. */
  | 'item_forbidden'
  /** Everything is answered with 500. */
  | 'failing'
  /** A create is done, and answered with 500. */
  | 'create_fails_after_success'
  /** A create is done, and the connection is cut. */
  | 'create_cut_after_success'
  /** A create is done, and answered with the newest item that was there before. */
  | 'create_answers_other'
  /** A create is refused for its fields. */
  | 'create_refused'
  /** Writes are done, and answered with 204 and nothing. */
  | 'empty_answers'
  /** The next request is answered with 429 and `Retry-After: 0`. */
  | 'throttled_once'
  /** Requests are never answered. */
  | 'silent';
