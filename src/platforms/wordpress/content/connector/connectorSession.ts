import type { ContentSession } from '../../../contentPart.ts';
import type { Outbound } from '../../site/siteClient.ts';
import { BATCH, BatchSender } from '../batch.ts';
import { readLinksOfPosts } from '../core/links.ts';
import { MediaLibrary } from '../media.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { SiteTypes } from '../siteTypes.ts';
import { readAllTerms } from '../terms.ts';
import { readChangedItems } from './connectorChanges.ts';
import { ConnectorItems } from './connectorItems.ts';
import type { ConnectorMemory } from './connectorMemory.ts';
import { readAllItems, readSomeItems } from './connectorRead.ts';
import { writeByKey } from './writeByKey.ts';
import { writeByNumber } from './writeByNumber.ts';

/** A session that uses the content routes of the connector plugin. `outbound` downloads images. */
export function createConnectorSession(
  requests: SiteRequests,
  outbound: Outbound,
  memory: ConnectorMemory,
): ContentSession {
  const writing = { sender: new BatchSender(requests), media: new MediaLibrary(requests, outbound) };
  const types = new SiteTypes(requests);
  const items = (type: string) => new ConnectorItems(requests, memory, type);
  return {
    get lastOperation() {
      return memory.lastOperation;
    },
    findsEveryChange: true,
    writesAtOnce: BATCH,
    finding: () => requests.finding,
    prove: () => requests.division.prove(),
    comparesAndSets: true,
    readAll: (request) => readAllItems(requests, items(request.type.slug), request),
    readChanges: (request) => readChangedItems(requests, items(request.type.slug), request),
    read: (type, externalIds) => readSomeItems(items(type.slug), externalIds, requests.pace.atOnce),
    linkBase: ({ slug }) => ({ home: requests.root.home, rules: memory.linkRules(slug) }),
    readLinks: async (type, externalIds) =>
      readLinksOfPosts(requests, await types.postRoute(type), await types.everyStatus(), externalIds),
    readTerms: (taxonomy) => readAllTerms(requests, types, taxonomy),
    write: (type, writes) =>
      memory.knowsKeys ? writeByKey(writing, type.slug, writes) : writeByNumber(writing, type.slug, writes),
  };
}
