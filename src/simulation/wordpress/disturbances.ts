import { isApi, type SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';

/** What can go wrong with one request, while the site is well. */
export type DisturbanceName =
  /** It takes `ms`. */
  | 'latency'
  /** 429 with `Retry-After: retryAfterS`; nothing is done. */
  | 'too_many_requests'
  /** A fatal error before anything is done. */
  | 'error_before'
  /** A fatal error after all was done. */
  | 'error_after'
  /** The connection breaks before anything is done. */
  | 'dropped_before'
  /** The connection breaks after all was done. */
  | 'dropped_after'
  /** The JSON ends in the middle, after all was done. */
  | 'truncated'
  /** A page of the hoster in place of JSON; nothing is done. */
  | 'html'
  /** JSON that does not end. */
  | 'endless'
  /** Someone deletes the type's oldest post just before its list is read. */
  | 'page_shrinks'
  /** Someone publishes a post just before its type's list is read. */
  | 'page_grows'
  /** An item of the list has no id. */
  | 'item_without_id'
  /** An item has a NUL, half a surrogate pair and a byte that is no UTF-8 in its title. */
  | 'item_bad_text'
  /** An item is dated in the year 0000. */
  | 'item_year_0000'
  /** A term is the parent of itself. */
  | 'term_loop'
  /** A webhook is sent twice. */
  | 'duplicate_webhook';

export interface Disturbance {
  fault: DisturbanceName;
  /** Which requests; every one to the REST API when absent. Not asked for webhooks. */
  when?: (request: SiteRequest) => boolean;
  /** How many requests at the most. */
  times?: number;
  /** How many to spare first. */
  skip?: number;
  /** How likely each request is hit, 0 to 1, by numbers of `random`; always when absent. */
  rate?: { probability: number; random: () => number };
  /** Of `latency`: milliseconds, 100 when absent. */
  ms?: number;
  /** Of `too_many_requests`: seconds, 1 when absent. */
  retryAfterS?: number;
}

/** The disturbances of a site, and which of them a request meets. The same requests in the same order meet the same. */
export class Disturbances {
  #waiting: Array<{ disturbance: Disturbance; spared: number; hits: number }> = [];

  add(disturbance: Disturbance): void {
    this.#waiting.push({ disturbance, spared: 0, hits: 0 });
  }

  clear(): void {
    this.#waiting = [];
  }

  /** What a request meets, in the order in which it was added. */
  meets(site: SimulatedSite, request: SiteRequest): Disturbance[] {
    return this.#take(
      ({ fault, when }) =>
        fault !== 'duplicate_webhook' && (when === undefined ? isApi(site, request) : when(request)),
    );
  }

  /** Whether the next webhook is sent twice. */
  doublesWebhook(): boolean {
    return this.#take(({ fault }) => fault === 'duplicate_webhook').length > 0;
  }

  #take(concerns: (disturbance: Disturbance) => boolean): Disturbance[] {
    const taken: Disturbance[] = [];
    for (const entry of this.#waiting) {
      const { times = Number.POSITIVE_INFINITY, skip = 0, rate } = entry.disturbance;
      if (entry.hits >= times || !concerns(entry.disturbance)) continue;
      if (entry.spared < skip) {
        entry.spared += 1;
        continue;
      }
      if (rate !== undefined && rate.random() >= rate.probability) continue;
      entry.hits += 1;
      taken.push(entry.disturbance);
    }
    return taken;
  }
}
