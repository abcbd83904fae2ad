import type { Options } from 'express-rate-limit';
import type { Logger } from 'pino';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Counters } from './counters.ts';

/** How long the start waits for Redis before it goes on without Redis. Milliseconds. */
const connectWithinMs = 2_000;

/**
 * Opens counters that all processes share through Redis. While Redis cannot be reached, calls are not
 * counted, and a warning is logged.
 */
export async function openRedisCounters(redisUrl: string, logger: Logger): Promise<Counters> {
  const redis = createClient({ url: redisUrl, socket: { connectTimeout: connectWithinMs } });
  const stores: LateRedisStore[] = [];
  redis.on('error', (error: Error) =>
    logger.warn({ err: error }, 'Redis cannot be reached; calls are not throttled'),
  );
  // A restarted Redis has lost the scripts that count.
  redis.on('ready', () => {
    for (const store of stores)
      store
        .prepare()
        .catch((error: unknown) => logger.warn({ err: error }, 'Redis did not load a counting script'));
  });
  const connected = redis.connect();
  connected.catch(() => {});
  await Promise.race([connected, new Promise((resolve) => setTimeout(resolve, connectWithinMs).unref())]);
  return {
    store(prefix) {
      const store = new LateRedisStore(
        {
          prefix: `sitebridge:${prefix}`,
          // Without a connection the command fails at once. In a queue it would hold up the caller's request.
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

/** A RedisStore that can be created before Redis can be reached. */
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
