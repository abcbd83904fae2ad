import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { BoundedQueue } from '../../security/boundedQueue.ts';

/**
 * The address that limits count. For IPv6 it is the network of 56 bits, because one customer of a provider has
 * all addresses of such a network.
 */
export function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? '');
}

/** A bounded queue for each address. So one address cannot take the turns of the others. */
export class CallerQueues {
  readonly #options: { atOnce: number; places: number };
  readonly #queues = new Map<string, BoundedQueue>();

  constructor(options: { atOnce: number; places: number }) {
    this.#options = options;
  }

  /** Runs `work` when its turn comes at its address. Throws 503 when too much work of the address waits. */
  async run<T>(address: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(address) ?? new BoundedQueue(this.#options);
    this.#queues.set(address, queue);
    try {
      return await queue.run(work);
    } finally {
      if (queue.isIdle) this.#queues.delete(address);
    }
  }
}
