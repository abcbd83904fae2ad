import type { Connection } from '../connection.ts';
import { isIncomplete } from '../incompleteList.ts';
import type { PostTypeStructure, SiteStructure, TaxonomyStructure } from '../platform.ts';
import { type AdminAnswer, AdminClient, type Operation } from './api/adminClient.ts';
import type { CostBuckets } from './api/costBucket.ts';
import type { ShopifyOptions } from './api/options.ts';
import { holds, readShop } from './api/shopFacts.ts';
import { KINDS } from './content/contentKinds.ts';
import { countItems } from './content/counts.ts';
import { TAXONOMIES } from './content/taxonomies.ts';
import { requireScopes, WRITE_SCOPES } from './neededScopes.ts';

/**
 * Reads the structure of a shop: its four kinds of content as post types, and their groupings as taxonomies.
 * Taxonomies that the app may not see are left out, as the app does not need them. Throws ExplainedFault.
 */
export async function readShopifyStructure(
  connection: Connection,
  options: ShopifyOptions,
  buckets: CostBuckets,
): Promise<SiteStructure> {
  const client = new AdminClient(connection, options, buckets);
  const { scopes } = await readShop(client);
  requireScopes(scopes, 'read');
  let answeredAt: string | null = null;
  const query = async (operation: Operation, variables: Record<string, unknown>): Promise<AdminAnswer> => {
    const answer = await client.ask(operation, variables);
    answeredAt ??= answer.answeredAt;
    return answer;
  };

  const postTypes: Record<string, PostTypeStructure> = {};
  for (const kind of KINDS) {
    const { slug, label, taxonomies } = kind;
    const count = (await countItems(kind, query)) ?? 0;
    postTypes[slug] = { label, count, hierarchical: false, taxonomies };
  }
  const taxonomies: Record<string, TaxonomyStructure> = {};
  for (const taxonomy of TAXONOMIES) {
    if (!holds(scopes, taxonomy.scope)) continue;
    let count = 0;
    try {
      for await (const terms of taxonomy.terms(query)) count += terms.length;
    } catch (error) {
      // The count is for people. A sync says what the list lacks.
      if (!isIncomplete(error)) throw error;
    }
    const { slug, label, postTypes: post_types } = taxonomy;
    taxonomies[slug] = { label, count, hierarchical: false, post_types };
  }
  return {
    post_types: postTypes,
    taxonomies,
    // A shop needs no plugin: the app that is installed there gives us access.
    plugin_connection_enabled: true,
    two_way_sync_enabled: WRITE_SCOPES.every((alternatives) =>
      alternatives.some((scope) => scopes.has(scope)),
    ),
    timestamp: answeredAt ?? new Date(options.clock()).toISOString(),
  };
}
