import { API_SECRET, type SimulatedApi } from './simulatedApi.ts';
import type { AuthKind } from './state.ts';

/** The `config_json` that an operator would write for a simulated API. */
export function describeApi({ url, auth, paging }: Pick<SimulatedApi, 'url' | 'auth' | 'paging'>) {
  return {
    base_url: url,
    auth: AUTH[auth],
    test: { path: '/me', expect_json_pointer: '/user/name' },
    content: {
      type: { slug: 'article', label: 'Articles' },
      list: { path: '/articles', items: '/data/items', total: '/paging/total' },
      paging: PAGING[paging],
      item: { path: '/articles/{id}', at: '/data' },
      create: { path: '/articles', at: '/data', find: { param: 'ref', by: 'content_key' } },
      update: { path: '/articles/{id}', at: '/data' },
      map: {
        external_id: '/id',
        title: '/attributes/title',
        slug: '/attributes/slug',
        body: '/attributes/text',
        excerpt: '/attributes/summary',
        status: {
          at: '/attributes/state',
          values: { published: ['live'], draft: ['in_work'], gone: ['removed'] },
        },
        url: '/links/self',
        modified_at: '/updated_at',
        content_key: '/ref',
        terms: { at: '/attributes/tags', taxonomy: 'tag', slug: '/key', name: '/label' },
        metadata: { author: '/attributes/author' },
      },
    },
  };
}

const AUTH = {
  none: { type: 'none' },
  bearer: { type: 'bearer' },
  header: { type: 'header', name: 'X-Api-Key' },
  basic: { type: 'basic' },
  query: { type: 'query', name: 'api_key' },
} as const satisfies Record<AuthKind, object>;

const PAGING = {
  page: { type: 'page', size_param: 'per_page', size: 2 },
  offset: { type: 'offset' },
  cursor: { type: 'cursor', next: '/paging/next_cursor' },
  link: { type: 'link' },
} as const;

/** The `credentials_json` for a simulated API. */
export function credentialsOf(auth: AuthKind): Record<string, string> {
  const credentials: Record<AuthKind, Record<string, string>> = {
    none: {},
    bearer: { token: API_SECRET },
    header: { value: API_SECRET },
    query: { value: API_SECRET },
    basic: { username: 'ada', password: API_SECRET },
  };
  return credentials[auth];
}
