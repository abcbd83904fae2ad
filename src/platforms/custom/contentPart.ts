import { RemoteError } from '../../errors.ts';
import type { ContentPart, Pace, RemoteContent } from '../contentPart.ts';
import type { Connection, SiteStructure, WantedContent } from '../platform.ts';
import { notSupported } from '../registry.ts';
import { ApiClient, type CustomOptions } from './apiClient.ts';
import { CustomContentSession } from './contentSession.ts';
import { explained, fault } from './explanations.ts';
import { ItemSource } from './itemSource.ts';

/** Reading a structure may mean to read the whole list, to count it. Milliseconds. */
const STRUCTURE_BUDGET_MS = 60_000;
const CONTENT_BUDGET_MS = 20_000;

/** The content of a described API. Opening one whose description has none is a 501. */
export function customContentPart(options: CustomOptions): ContentPart {
  return {
    async open(connection, pace) {
      return new CustomContentSession(sourceOf(connection, options, pace, 'content'), connection.siteId);
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

/** One item; null when the API has none with this id. Throws ExplainedFault. */
export async function readCustomContent(
  connection: Connection,
  wanted: WantedContent,
  options: CustomOptions,
): Promise<RemoteContent | null> {
  const source = sourceOf(connection, options, withinBudget(CONTENT_BUDGET_MS), 'content');
  if (source.content.type.slug !== wanted.contentType) return null;
  const { items, faults } = await source.read([wanted.externalId]);
  const [refused] = faults;
  if (refused !== undefined) {
    throw fault('unreadable_item', {
      values: { why: refused.message.replace(/\.$/, '') },
      detail: refused.code,
    });
  }
  return items[0] ?? null;
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
