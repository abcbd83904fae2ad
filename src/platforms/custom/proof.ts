import type { Pace } from '../contentPart.ts';
import { overload } from '../parts/division.ts';
import type { ApiClient, ApiRequest } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';

/**
 * Sends the cheapest request that an API must answer: that of its connection test, or a page of one item if the test
 * reads the list. Throws RemoteError if the API does not answer.
 */
export async function proveApi({
  client,
  content,
  pace,
}: {
  client: ApiClient;
  content: ContentDescription;
  pace: Pace;
}): Promise<void> {
  const { test } = client.config;
  const send = (request: ApiRequest, divisible: boolean) =>
    pace.send(
      async () => {
        const response = await client.send(request);
        if (response.status >= 500) throw client.refusal(request, response);
      },
      { repeatable: true, writes: false, divisible },
    );
  const method = test.method ?? 'GET';
  const single = pagesOfOne(content);
  const isOfList = withoutQuery(test.path) === withoutQuery(content.list.path);
  if (single === null || (!isOfList && method === 'GET')) {
    await send({ method: 'GET', path: isOfList || method === 'GET' ? test.path : content.list.path }, false);
    return;
  }
  // The first item of the list may be one that fails alone. Then the second tells.
  const failed = await send(single(0), true).catch(overload);
  if (failed !== undefined) await send(single(1), false);
}

/** The requests for pages of one item; null if the description has no parameter for the size of a page. */
function pagesOfOne({ list, paging }: ContentDescription): ((place: number) => ApiRequest) | null {
  if (paging.type === 'cursor' || paging.type === 'link') return null;
  if (paging.type === 'page' && paging.size_param === undefined) return null;
  const size = paging.size_param ?? 'limit';
  const param = paging.param ?? paging.type;
  const first = paging.type === 'page' ? (paging.first ?? 1) : 0;
  return (place) => ({
    method: 'GET',
    path: list.path,
    query: { [size]: '1', [param]: String(first + place) },
  });
}

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? path;
}
