import type { Logger } from 'pino';
import { openEmbeddedDatabase } from './embedded/instance.ts';
import { migrateDatabase } from './migrate.ts';

export interface OpenDatabase {
  url: string;
  /** Whether this is the embedded database in the data folder. */
  embedded: boolean;
  close(): Promise<void>;
}

/** Opens and migrates the database that the settings name. Throws SetupError. */
export async function openDatabase(
  settings: { databaseUrl: string | null; dataDir: string },
  logger: Logger,
): Promise<OpenDatabase> {
  if (settings.databaseUrl !== null) {
    await migrateDatabase({ url: settings.databaseUrl, logger });
    return { url: settings.databaseUrl, embedded: false, close: async () => {} };
  }
  const embedded = await openEmbeddedDatabase({ dataDir: settings.dataDir, logger });
  try {
    await migrateDatabase({ url: embedded.url, logger });
  } catch (error) {
    await embedded.close();
    throw error;
  }
  return { url: embedded.url, embedded: true, close: () => embedded.close() };
}
