import { RemoteError } from '../../../errors.ts';
import { isOverload } from '../../../outbound/overload.ts';
import type { JsonObject } from '../../connection.ts';
import { type DivisibleList, overload } from '../../parts/division.ts';
import type { PartSize } from '../../parts/partSize.ts';
import { isRecord } from '../site/siteClient.ts';
import { partsBySize } from './ahead.ts';
import type { SiteRequests } from './siteRequests.ts';

/** The most writes that core takes in one request (rest_get_max_batch_size). */
export const BATCH = 25;

/** The name of writes in the memory of sizes. */
const WRITES = 'writes';

/** nginx takes a body of 1 MiB by default. Bytes. */
const BATCH_BYTES = 900_000;

/** A request that writes one post or item. */
interface ItemRequest {
  /** PUT is the method of a part of a batch. A request of its own is sent as a POST that stands for it. */
  method: 'POST' | 'PUT';
  route: string;
  query: string;
  body: JsonObject;
  repeatable: boolean;
}

/** The answer to one write; `lost`: the result is unknown. */
export type ItemAnswer = { status: number; value: unknown; lost: null } | { lost: RemoteError };

/** Sends writes at most 25 at a time through `batch/v1`, or one by one if the site has no such route. */
export class BatchSender {
  readonly #requests: SiteRequests;
  #hasRoute = true;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /**
   * Returns the answers in the order of the writes. Throws RemoteError if the result of every write is
   * unknown.
   */
  async send(writes: readonly ItemRequest[]): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    const limits = { most: BATCH, largest: BATCH_BYTES };
    for (const batch of partsBySize(writes, limits, bytesOf)) answers.push(...(await this.#divided(batch)));
    const [first] = answers;
    if (first?.lost && answers.every(({ lost }) => lost !== null)) throw first.lost;
    return answers;
  }

  /**
   * Sends a batch in parts that the site can carry out. Repeatable writes are sent again in halves. Others are lost:
   * the site may have carried them out, so the caller must look for their items before it sends them again, fewer at
   * once.
   */
  async #divided(batch: readonly ItemRequest[]): Promise<ItemAnswer[]> {
    const { division } = this.#requests;
    if (batch.every(({ repeatable }) => repeatable)) {
      const next = (from: number, count: number) => (from + count < batch.length ? from + count : null);
      const list: DivisibleList<number, ItemAnswer[]> = {
        name: WRITES,
        most: BATCH,
        ask: (from, count) => this.#batch(batch.slice(from, from + count)),
        next,
        alone: async (from, error) => ({ part: [{ lost: error }], next: next(from, 1) }),
      };
      return (await division.collect(list, 0, batch.length)).flat();
    }
    const answers: ItemAnswer[] = [];
    while (answers.length < batch.length) {
      const part = batch.slice(answers.length, answers.length + this.writesAtOnce);
      const sent = await this.#batch(part).catch((error: unknown) => this.#lost(part, overload(error)));
      if (sent.every(({ lost }) => lost === null)) this.#size.passed(part.length);
      answers.push(...sent);
    }
    await division.sizes.remember(WRITES);
    return answers;
  }

  /** How many writes the site can carry out at once. */
  get writesAtOnce(): number {
    return this.#size.now;
  }

  get #size(): PartSize {
    return this.#requests.division.sizes.of(WRITES, BATCH);
  }

  #lost(part: readonly ItemRequest[], lost: RemoteError): ItemAnswer[] {
    if (part.length > 1) this.#size.failed(part.length);
    return part.map(() => ({ lost }));
  }

  /** Throws RemoteError if the site may have broken down over the batch. */
  async #batch(batch: readonly ItemRequest[]): Promise<ItemAnswer[]> {
    const [only] = batch;
    if (only !== undefined && batch.length === 1) return [await this.#single(only, { divisible: true })];
    if (!this.#hasRoute) return this.#oneByOne(batch);
    const answer = await this.#requests
      .write({
        method: 'POST',
        route: 'batch/v1',
        body: {
          requests: batch.map(({ method, route, query, body }) => ({
            method,
            path: query === '' ? `/${route}` : `/${route}?${query}`,
            body,
          })),
        },
        repeatable: batch.every(({ repeatable }) => repeatable),
        divisible: true,
      })
      .catch((error: unknown) => {
        if (error instanceof RemoteError && error.retryable && isOverload(error)) throw error;
        return lostIn(error);
      });
    if ('lost' in answer) return batch.map(() => answer);
    if (answer.error !== null) {
      if (answer.error.status === 401 || answer.error.status === 403) {
        throw this.#requests.refusal(answer, answer.error);
      }
      this.#hasRoute = answer.error.code !== 'rest_no_route';
      return this.#oneByOne(batch);
    }
    const responses: unknown[] =
      isRecord(answer.value) && Array.isArray(answer.value.responses) ? answer.value.responses : [];
    return Promise.all(batch.map((write, index) => this.#partOf(write, responses[index])));
  }

  async #partOf(write: ItemRequest, response: unknown): Promise<ItemAnswer> {
    if (!isRecord(response) || typeof response.status !== 'number') {
      return { lost: this.#requests.unexpected('a batch without an answer for each of its parts', true) };
    }
    const { status, body: value } = response;
    // A type with its own routes may not allow batches.
    if (isRecord(value) && value.code === 'rest_batch_not_allowed') return this.#single(write);
    return { status, value, lost: null };
  }

  async #oneByOne(batch: readonly ItemRequest[]): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    for (const write of batch) answers.push(await this.#single(write));
    return answers;
  }

  async #single({ method, query, ...write }: ItemRequest, { divisible = false } = {}): Promise<ItemAnswer> {
    // WordPress reads the method from this parameter (WP_REST_Server::serve_request).
    const asked = method === 'POST' ? query : [query, `_method=${method}`].filter(Boolean).join('&');
    const request = { ...write, method: 'POST', query: asked, divisible } as const;
    const answer = await this.#requests.write(request).catch((error: unknown) => {
      if (divisible && error instanceof RemoteError && error.retryable && isOverload(error)) throw error;
      return lostIn(error);
    });
    if ('lost' in answer) return answer;
    // The refusal concerns the request, not its item.
    if (answer.error?.code === 'sitebridge_bad_signature') {
      return { lost: this.#requests.signInRefusal(answer, answer.error) };
    }
    return { status: answer.response.status, value: answer.value, lost: null };
  }
}

function lostIn(error: unknown): { lost: RemoteError } {
  if (error instanceof RemoteError) return { lost: error };
  throw error;
}

function bytesOf(write: ItemRequest): number {
  return Buffer.byteLength(JSON.stringify(write));
}
