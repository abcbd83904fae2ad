import { RemoteError } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { ContentPart, Pace } from '../contentPart.ts';
import type { SizeMemory } from '../parts/partSize.ts';
import type { SiteStructure } from '../platform.ts';
import { notSupported } from '../registry.ts';
import { ApiClient, type CustomOptions } from './apiClient.ts';
import { CustomContentSession } from './contentSession.ts';
import { explained } from './explanations.ts';
import { ItemSource } from './itemSource.ts';

/** The time limit for reading a structure, which may read the whole list to count it. Milliseconds. */
const STRUCTURE_BUDGET_MS = 60_000;

/** The content part of a described API. Opening it throws a 501 if the description has no content. */
export function customContentPart(options: CustomOptions): ContentPart {
  return {
    async open(connection, pace, sizes) {
      return new CustomContentSession(sourceOf(connection, options, { pace, sizes }, 'content'));
    },
  };
}

/** The structure of a described API: its one type and the number of its items. Throws ExplainedFault. */
export async function readCustomStructure(
  connection: Connection,
  options: CustomOptions,
): Promise<SiteStructure> {
  const source = sourceOf(connection, options, { pace: withinBudget(STRUCTURE_BUDGET_MS) }, 'structure');
  const { type, create, update } = source.content;
  return {
    post_types: { [type.slug]: { label: type.label, count: await count(source) } },
    taxonomies: {},
    plugin_connection_enabled: false,
    two_way_sync_enabled: create !== undefined || update !== undefined,
    // Only this server reads the structure of a described API, so its own clock is enough to tell which one
    // is newer.
    timestamp: new Date(options.clock()).toISOString(),
  };
}

function sourceOf(
  connection: Connection,
  options: CustomOptions,
  { pace, sizes }: { pace: Pace; sizes?: SizeMemory | undefined },
  operation: string,
): ItemSource {
  const client = new ApiClient(connection, options);
  const { content } = client.config;
  if (content === undefined) throw notSupported('custom', operation);
  return new ItemSource(client, content, pace, sizes);
}

async function count(source: ItemSource): Promise<number> {
  let found = 0;
  for await (const { items, page } of source.list()) {
    if (page.total !== null) return page.total;
    found += items.length;
  }
  return found;
}

/** A pace that sends one request after the other, each once, all within `ms` milliseconds. */
function withinBudget(ms: number): Pace {
  const signal = AbortSignal.timeout(ms);
  return {
    atOnce: 1,
    signal,
    async send(request) {
      if (signal.aborted) throw explained(new RemoteError('timeout', 'The time is used up.'), {});
      return request();
    },
    beforeWrite: () => Promise.reject(new Error('A count of items was asked to write.')),
  };
}
