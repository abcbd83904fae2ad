import type { CheckList } from '../../checkList.ts';
import type { Connection } from '../../connection.ts';
import type { ConnectorClient } from '../site/connectorClient.ts';
import { type ApplicationPassword, CoreRest } from '../site/coreRest.ts';
import { apiUrl } from '../site/discovery.ts';
import type { SiteClient } from '../site/siteClient.ts';
import { blockedWrites, NO_POST_ROUTE, PING_ROUTE, targetOf } from '../site/writeProof.ts';

interface WriteProof {
  list: CheckList;
  client: SiteClient;
  /** The address of the REST API. */
  root: string;
  connection: Connection;
  /** The way in which the test has signed in: the connector, or else an application password. */
  by: { connector: ConnectorClient } | { password: ApplicationPassword };
}

/**
 * Proves that the host lets writes pass, by a POST that writes nothing. A host that refuses it fails the check, but
 * not the test: the site can still be read. Throws WordpressFault.
 */
export async function proveWrites({ list, client, root, connection, by }: WriteProof): Promise<void> {
  const { serverId, siteId, siteKey } = connection;
  const route = 'connector' in by ? PING_ROUTE : NO_POST_ROUTE;
  await list.runLimiting('writes', () =>
    blockedWrites(client, targetOf(apiUrl(root, route)), async () =>
      'connector' in by
        ? by.connector.post(route, { serverId, siteId, siteKey: siteKey ?? '' })
        : new CoreRest(client, root).post(route, by.password),
    ),
  );
}
