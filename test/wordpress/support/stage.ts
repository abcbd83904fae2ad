/** What most test files need: started before the first test of the file, stopped after the last. */
import { afterAll, beforeAll } from '@jest/globals';
import { type Mariadb, startMariadb } from './mariadb.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';

/** A MariaDB for all tests of a file. `use` is called before the first test. */
export function withMariadb(use: (mariadb: Mariadb) => void): void {
  let mariadb: Mariadb;
  beforeAll(async () => {
    mariadb = await startMariadb();
    use(mariadb);
  });
  afterAll(() => mariadb.stop());
}

/** A MariaDB and a recording server for all tests of a file. `use` is called before the first test. */
export function withRecorder(use: (started: { mariadb: Mariadb; server: RecordingServer }) => void): void {
  let server: RecordingServer;
  let mariadb: Mariadb;
  withMariadb((started) => {
    mariadb = started;
  });
  beforeAll(async () => {
    server = await startRecordingServer();
    use({ mariadb, server });
  });
  afterAll(() => server.stop());
}
