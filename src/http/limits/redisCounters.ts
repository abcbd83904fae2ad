import type { Options } from 'express-rate-limit';
import type { Logger } from 'pino';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Counters } from './counters.ts';

/** How long a start waits for Redis before it goes on without. Milliseconds. */
const connectWithinMs = 2_000;

/** Counters that all processes share through Redis. While it cannot be reached calls pass uncounted, and a warning is logged. */
export async function openRedisCounters(redisUrl: string, logger: Logger): Promise<Counters> {
  const redis = createClient({ url: redisUrl, socket: { connectTimeout: connectWithinMs } });
  const stores: LateRedisStore[] = [];
  redis.on('error', (error: Error) =>
    logger.warn({ err: error }, 'Redis cannot be reached; calls are not throttled'),
  );
  // A restarted Redis has forgotten the scripts that count.
  redis.on('ready', () => {
    for (const store of stores)
      store.prepare().catch((error: unknown) => logger.warn({ err: error }, 'Redis took no script'));
  });
  const connected = redis.connect();
  connected.catch(() => {});
  await Promise.race([connected, new Promise((resolve) => setTimeout(resolve, connectWithinMs).unref())]);
  return {
    store(prefix) {
      const store = new LateRedisStore(
        {
          prefix: `sitebridge:${prefix}`,
          // Not ready: fail at once, rather than wait in a queue with the caller's request.
          sendCommand: (...command: string[]) =>
            redis.isReady ? redis.sendCommand(command) : Promise.reject(new Error('Redis is not connected.')),
        },
        () => redis.isReady,
      );
      stores.push(store);
      return store;
    },
    async close() {
      redis.destroy();
    },
  };
}

/** A RedisStore that may be made before Redis can be reached. */
class LateRedisStore extends RedisStore {
  readonly #isReady: () => boolean;
  #options: Options | undefined;

  constructor(options: ConstructorParameters<typeof RedisStore>[0], isReady: () => boolean) {
    super(options);
    this.#isReady = isReady;
  }

  override async init(options: Options): Promise<void> {
    this.#options = options;
    this.windowMs = options.windowMs;
    if (this.#isReady()) await super.init(options);
  }

  async prepare(): Promise<void> {
    if (this.#options) await super.init(this.#options);
  }
}
