import type { Database } from '../../src/database/client.ts';
import type { RedisProcess } from '../redis/redisProcess.ts';
import type { Caller } from './caller.ts';
import type { ChaosPostgres } from './chaosPostgres.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import type { LoadedSite } from './loadedSite.ts';
import type { ReadinessWatch } from './readinessWatch.ts';

/** All that the faults break, and all that watches it. */
export interface Storm {
  /** For reading what the server has written. */
  db: Database;
  postgres: ChaosPostgres;
  redis: RedisProcess;
  fleet: Fleet;
  ledger: Ledger;
  caller: Caller;
  watch: ReadinessWatch;
  sites: LoadedSite[];
  /** Faults of the server that were seen on the way. */
  faults: string[];
}
