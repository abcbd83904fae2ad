import { RemoteError } from '../../errors.ts';
import type { ContentWrite, WriteOutcome } from '../contentWrite.ts';
import type { ItemFault, RemoteContent } from '../remoteContent.ts';
import type { ApiRequest } from './apiClient.ts';
import { bodyForCreate, bodyForUpdate } from './itemBody.ts';
import { idOf, mapItem } from './itemMap.ts';
import type { ItemSearch } from './itemSearch.ts';
import { type ItemSource, pathTo } from './itemSource.ts';
import { readPointer } from './jsonPointer.ts';

/** Creates and updates items of one described API, one by one. */
export class ItemWriter {
  readonly #source: ItemSource;
  readonly #search: ItemSearch;

  constructor(source: ItemSource, search: ItemSearch) {
    this.#source = source;
    this.#search = search;
  }

  /** Creates or updates one item. Throws RemoteError if the result of the write is unknown. */
  async write(write: ContentWrite): Promise<WriteOutcome> {
    if (write.externalId !== null) return this.#update(write, write.externalId, write.onSite);
    return write.mayExist ? this.#createOnce(write) : this.#create(write);
  }

  /** Repeats a create that was begun before. If the API already has the item, the item is updated. */
  async #createOnce(write: ContentWrite): Promise<WriteOutcome> {
    const found = await this.#search.find(write);
    if (found === null) return lostCreate(write);
    if (found === 'none') return this.#create(write);
    const isOwn = found.contentKey === write.contentKey;
    if (!isOwn && this.#source.content.create?.find?.by === 'slug' && found.title !== write.title) {
      return failed(
        write,
        'slug_taken',
        `The API has another item with the slug ${write.slug}. It is left alone.`,
      );
    }
    if (this.#source.content.update === undefined) return written(found, true);
    const outcome = await this.#update(write, found.externalId, found);
    return outcome.result === 'written' ? { ...outcome, created: true } : outcome;
  }

  async #create(write: ContentWrite): Promise<WriteOutcome> {
    const { create } = this.#source.content;
    if (create === undefined)
      return notMade(failed(write, 'not_supported', 'The description of the API has no create.'));
    const request: ApiRequest = {
      method: create.method ?? 'POST',
      path: create.path,
      // Every try of a create sends the same key:
      // https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
      headers: {
        'Idempotency-Key': `"sitebridge-${write.contentKey}-${write.begunAt ?? write.opId}"`,
      },
      body: bodyForCreate(write, this.#source.content),
    };
    let value: unknown;
    try {
      value = await this.#sendOnce(request);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (!(error instanceof LostAnswer))
        return notMade(failed(write, error.code, error.message, error.retryable));
      if (create.find !== undefined) throw error.fault;
      return lostCreate(write);
    }
    const remote = await this.#readBack(readPointer(value, create.at ?? ''), null);
    if (remote !== null) return written(remote, true);
    const found = await this.#search.find(write);
    return found === null || found === 'none' ? lostCreate(write) : written(found, true);
  }

  async #update(
    write: ContentWrite,
    externalId: string,
    onSite: RemoteContent | null,
  ): Promise<WriteOutcome> {
    const { content, client, pace } = this.#source;
    if (content.update === undefined)
      return failed(write, 'not_supported', 'The description of the API has no update.');
    const body = bodyForUpdate({ ...write, onSite }, content);
    if (body === null && onSite !== null) return written(onSite, false);
    const request: ApiRequest = {
      method: content.update.method ?? 'PATCH',
      path: pathTo(content.update.path, externalId),
      body: body ?? {},
    };
    let value: unknown;
    try {
      // A second update sets the same fields to the same values, so the request is repeatable.
      ({ value } = await pace.send(() => client.json(request), {
        repeatable: true,
        writes: true,
        divisible: true,
      }));
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (error.code === 'not_found') return { result: 'conflict', remote: null };
      if (isRefusal(error)) return failed(write, error.code, error.message);
      throw error;
    }
    const remote = await this.#readBack(readPointer(value, content.update.at ?? ''), externalId);
    if (remote !== null) return written(remote, false);
    const read = await this.#source.read([externalId]);
    const [now] = read.items;
    if (now !== undefined) return written(now, false);
    if (read.gone.length > 0) return { result: 'conflict', remote: null };
    const [fault] = read.faults;
    return failed(
      write,
      fault?.code ?? 'unreadable',
      fault?.message ?? 'The API does not show what it holds now.',
    );
  }

  /**
   * The item in the answer to a write. If the answer is less than an item, the item is read. null if that
   * fails too, or if the answer has another id than `expectedId`.
   */
  async #readBack(answer: unknown, expectedId: string | null): Promise<RemoteContent | null> {
    const { content } = this.#source;
    const mapped = mapItem(answer, content);
    const id = idOf(answer, content.map);
    if (expectedId !== null && id !== expectedId) return null;
    if (mapped.content !== null) return mapped.content;
    if (id === null || content.item === undefined) return null;
    return (await this.#source.read([id])).items[0] ?? null;
  }

  /**
   * Sends a request that must not be carried out twice. It is repeated only if the API certainly did not
   * carry it out.
   */
  async #sendOnce(request: ApiRequest): Promise<unknown> {
    const { client, pace } = this.#source;
    const attempt = async () => {
      try {
        return (await client.json(request)).value;
      } catch (error) {
        if (error instanceof RemoteError && !isRefusal(error) && !neverArrived(error))
          throw new LostAnswer(error);
        throw error;
      }
    };
    return pace.send(attempt, { repeatable: true, writes: true });
  }
}

/**
 * The answer to a create was lost or cannot be read, so the item may exist. The create must not be sent again
 * as it is.
 */
class LostAnswer extends RemoteError {
  /** The fault that came instead of the answer. */
  readonly fault: RemoteError;

  constructor(fault: RemoteError) {
    super(fault.code, fault.message);
    this.name = 'LostAnswer';
    this.fault = fault;
  }
}

/** Did the API refuse the request? Then it changed nothing. */
function isRefusal({ code, detail }: RemoteError): boolean {
  if (code === 'unexpected_status') return /^[34]\d\d$/.test(detail ?? '');
  return ['bad_credentials', 'forbidden', 'not_found', 'throttled', 'redirect'].includes(code);
}

/** Did the request not even reach the API? */
function neverArrived({ code, detail }: RemoteError): boolean {
  if (code === 'unreachable') return detail === 'refused' || detail === 'timeout' || detail === 'no_route';
  if (code === 'timeout') return detail === 'dns' || detail === 'connect';
  return ['dns', 'tls', 'private_address', 'invalid_url'].includes(code);
}

function written(remote: RemoteContent, created: boolean): WriteOutcome {
  return { result: 'written', created, remote, notes: [] };
}

type Failed = Extract<WriteOutcome, { result: 'failed' }>;

function notMade(outcome: Failed): Failed {
  return { ...outcome, notMade: true };
}

function failed(write: ContentWrite, code: string, message: string, retryable = false): Failed {
  const fault: ItemFault = { externalId: write.externalId, code, message };
  return { result: 'failed', fault, retryable };
}

function lostCreate(write: ContentWrite): WriteOutcome {
  return failed(
    write,
    'create_lost',
    'It is unknown whether the API has created the item. Look for the item in the API. With config_json.content.create.find, this server looks for it automatically.',
  );
}
