import { RemoteError } from '../../../errors.ts';
import type { TypeOfSite } from '../../contentPart.ts';
import { incompleteList } from '../../incompleteList.ts';
import type { RemoteTerm } from '../../remoteContent.ts';
import { walkAnyOrder } from './core/anyOrder.ts';
import type { IdList } from './core/listPage.ts';
import type { SiteRequests } from './siteRequests.ts';
import type { SiteTypes } from './siteTypes.ts';
import { readTerm } from './termRecord.ts';

/**
 * Reads every term of a taxonomy, including terms without posts. A parent is only an id here: it may not
 * exist.
 * Throws RemoteError, `incomplete_list` if the site counts more terms than it gives.
 */
export async function* readAllTerms(
  requests: SiteRequests,
  types: SiteTypes,
  taxonomy: TypeOfSite,
): AsyncGenerator<RemoteTerm[]> {
  const list = { route: await types.termRoute(taxonomy), fields: 'id,slug,name,parent,count' };
  let begun = false;
  try {
    for await (const terms of walkTerms(requests, { ...list, query: 'context=edit' })) {
      begun = true;
      yield terms;
    }
  } catch (error) {
    // A user who may not edit the terms may still read them.
    if (begun || !(error instanceof RemoteError) || error.code !== 'insufficient_role') throw error;
    yield* walkTerms(requests, { ...list, query: 'hide_empty=false' });
  }
}

async function* walkTerms(requests: SiteRequests, list: IdList): AsyncGenerator<RemoteTerm[]> {
  let [missing, of] = [0, 0];
  // Terms without a usable id are not known, so no stored term counts as deleted.
  let unusable = 0;
  for await (const { entries, total, read, nameless } of walkAnyOrder(requests, list, 'page')) {
    missing = total === null ? 0 : total - read;
    of = total ?? read;
    unusable += nameless;
    yield entries.flatMap(({ record }) => {
      const read = readTerm(record);
      if (read === null) {
        unusable += 1;
        return [];
      }
      const { id, parent, count, slug, name, unread } = read;
      return [
        {
          externalId: String(id),
          parentExternalId: parent > 0 && parent !== id ? String(parent) : null,
          slug,
          name,
          count,
          ...(unread.length === 0 ? {} : { unread }),
        },
      ];
    });
  }
  const lacking = missing + unusable;
  if (lacking > 0) throw incompleteList(of - lacking, of);
}
