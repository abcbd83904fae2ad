import type { SimulatedSite } from '../site.ts';
import type { SimulatedUser } from '../state.ts';
import { forbidden, may } from './access.ts';
import { inPages } from './pages.ts';
import type { Parameters } from './parameters.ts';
import { type RestAnswer, reply } from './restAnswer.ts';

/**
 * WP_REST_Users_Controller::get_items() with the parameters `include` and `_fields`. Who may not list users sees those
 * who have published something.
 */
export function listUsers(
  site: SimulatedSite,
  parameters: Parameters,
  user: SimulatedUser | null,
): RestAnswer {
  const mayList = may(user, 'list_users');
  const include = parameters.integers('include');
  const page = inPages(parameters);
  parameters.check();
  if (parameters.text('context') === 'edit' && !mayList)
    throw forbidden('rest_forbidden_context', user, 'Sorry, you are not allowed to list users.');
  const authors = new Set(
    site.state.posts.filter(({ status }) => status === 'publish').map(({ author }) => author ?? 0),
  );
  const found = site.state.users.filter(
    ({ id }) => (mayList || authors.has(id)) && (include === undefined || include.includes(id)),
  );
  return reply(
    found.slice(page.start, page.start + page.size).map(({ id, login }) => ({ id, name: login })),
    200,
    { 'X-WP-Total': String(found.length) },
  );
}
