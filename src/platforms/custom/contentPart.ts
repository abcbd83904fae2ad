import { RemoteError } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { ContentPart, Pace } from '../contentPart.ts';
import type { SiteStructure } from '../platform.ts';
import { notSupported } from '../registry.ts';
import { ApiClient, type CustomOptions } from './apiClient.ts';
import { CustomContentSession } from './contentSession.ts';
import { explained } from './explanations.ts';
import { ItemSource } from './itemSource.ts';

/** Reading a structure may mean to read the whole list, to count it. Milliseconds. */
const STRUCTURE_BUDGET_MS = 60_000;

/** The content of a described API. Opening one whose description has none is a 501. */
export function customContentPart(options: CustomOptions): ContentPart {
  return {
    async open(connection, pace) {
      return new CustomContentSession(sourceOf(connection, options, pace, 'content'));
    },
  };
}

/** The structure that a description makes: its one type, counted. Throws ExplainedFault. */
export async function readCustomStructure(
  connection: Connection,
  options: CustomOptions,
): Promise<SiteStructure> {
  const source = sourceOf(connection, options, withinBudget(STRUCTURE_BUDGET_MS), 'structure');
  const { type, create, update } = source.content;
  return {
    post_types: { [type.slug]: { label: type.label, count: await count(source) } },
    taxonomies: {},
    plugin_connection_enabled: false,
    two_way_sync_enabled: create !== undefined || update !== undefined,
    // Nobody but this server makes readings of a described API, so that one clock tells which is the newer.
    timestamp: new Date(options.clock()).toISOString(),
  };
}

function sourceOf(connection: Connection, options: CustomOptions, pace: Pace, operation: string): ItemSource {
  const client = new ApiClient(connection, options);
  const { content } = client.config;
  if (content === undefined) throw notSupported('custom', operation);
  return new ItemSource(client, content, pace);
}

async function count(source: ItemSource): Promise<number> {
  let found = 0;
  for await (const { items, page } of source.list()) {
    if (page.total !== null) return page.total;
    found += items.length;
  }
  return found;
}

/** One request after the other, each sent once, all within a span of time. */
function withinBudget(ms: number): Pace {
  const signal = AbortSignal.timeout(ms);
  return {
    atOnce: 1,
    signal,
    async send(request) {
      if (signal.aborted) throw explained(new RemoteError('timeout', 'The time is used up.'), {});
      return request();
    },
  };
}
