import { isApi, type SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';

/** The faults that can hit a single request of a healthy site. */
export type DisturbanceName =
  /** The response is delayed by `ms`. */
  | 'latency'
  /** 429 with `Retry-After: retryAfterS`. The request is not carried out. */
  | 'too_many_requests'
  /** A fatal error before the request is carried out. */
  | 'error_before'
  /** A fatal error after the request was carried out. */
  | 'error_after'
  /** The connection breaks before the request is carried out. */
  | 'dropped_before'
  /** The connection breaks after the request was carried out. */
  | 'dropped_after'
  /** The request is carried out, but the JSON of the response ends in the middle. */
  | 'truncated'
  /** An HTML page of the hosting company replaces the JSON. The request is not carried out. */
  | 'html'
  /** The JSON of the response never ends. */
  | 'endless'
  /** The oldest post of a type is deleted right before the list of that type is read. */
  | 'page_shrinks'
  /** A post is published right before the list of its type is read. */
  | 'page_grows'
  /** An item of the list has no id. */
  | 'item_without_id'
  /** The title of an item contains a NUL, half a surrogate pair and a byte that is not valid UTF-8. */
  | 'item_bad_text'
  /** Fields of an item have other types, as plugins make them that filter `rest_prepare_post`. */
  | 'item_odd_fields'
  /** The dates of an item are in the year 0000. */
  | 'item_year_0000'
  /** A term is its own parent. */
  | 'term_loop'
  /** A webhook is sent twice. */
  | 'duplicate_webhook';

export interface Disturbance {
  fault: DisturbanceName;
  /** Selects the requests. When absent, all requests to the REST API. Not called for webhooks. */
  when?: (request: SiteRequest) => boolean;
  /** The largest number of requests that are hit. */
  times?: number;
  /** The number of requests that are spared at first. */
  skip?: number;
  /** The probability (0 to 1) of a hit, with numbers from `random`. When absent, every request is hit. */
  rate?: { probability: number; random: () => number };
  /** For `latency`: milliseconds, 100 when absent. */
  ms?: number;
  /** For `too_many_requests`: seconds, 1 when absent. */
  retryAfterS?: number;
}

/**
 * Holds the disturbances of a site and decides which of them hit a request. The same requests in the same
 * order are always hit by the same disturbances.
 */
export class Disturbances {
  #waiting: Array<{ disturbance: Disturbance; spared: number; hits: number }> = [];

  add(disturbance: Disturbance): void {
    this.#waiting.push({ disturbance, spared: 0, hits: 0 });
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The disturbances that hit a request, in the order in which they were added. */
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
