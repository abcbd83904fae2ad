import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { BoundedQueue, type BoundedQueueOptions } from '../../security/boundedQueue.ts';

/**
 * The address that limits count. For IPv6 it is the network of 56 bits, because one customer of a provider has
 * all addresses of such a network.
 */
export function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? '');
}

/** A bounded queue for each caller, such as an address. So one caller cannot take the turns of the others. */
export class CallerQueues {
  readonly #options: BoundedQueueOptions;
  readonly #queues = new Map<string, BoundedQueue>();

  constructor(options: BoundedQueueOptions) {
    this.#options = options;
  }

  /** Whether work of the caller waits for its turn. */
  isAwaited(caller: string): boolean {
    return this.#queues.get(caller)?.isAwaited ?? false;
  }

  /** Runs `work` when the caller's turn comes. Throws 503 when too much work of the caller waits. */
  async run<T>(caller: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(caller) ?? new BoundedQueue(this.#options);
    this.#queues.set(caller, queue);
    try {
      return await queue.run(work);
    } finally {
      if (queue.isIdle) this.#queues.delete(caller);
    }
  }
}
