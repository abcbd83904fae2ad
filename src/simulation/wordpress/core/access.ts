import type { SimulatedSite } from '../site.ts';
import { capabilitiesOf, type SimulatedPost, type SimulatedUser } from '../state.ts';
import { WpError } from './restAnswer.ts';

/** Whether a user has a capability, as in map_meta_cap(), for the simulated roles. */
export function may(user: SimulatedUser | null, capability: string): boolean {
  return user !== null && capability in capabilitiesOf(user);
}

/** Pages have separate capabilities, which authors lack. All other types use those of posts. */
function capability(action: 'edit' | 'edit_others' | 'publish' | 'delete', type: string): string {
  return `${action}_${type === 'page' ? 'pages' : 'posts'}`;
}

export function mayEditType(user: SimulatedUser | null, type: string): boolean {
  return may(user, capability('edit', type));
}

export function mayEditOthers(user: SimulatedUser | null, type: string): boolean {
  return may(user, capability('edit_others', type));
}

export function mayCreate(user: SimulatedUser | null, type: string): boolean {
  return type === 'attachment' ? may(user, 'upload_files') : mayEditType(user, type);
}

export function mayPublish(user: SimulatedUser | null, type: string): boolean {
  return may(user, capability('publish', type));
}

export function mayEdit(user: SimulatedUser | null, post: SimulatedPost): boolean {
  if (mayEditOthers(user, post.type)) return true;
  return mayEditType(user, post.type) && user?.id === (post.author ?? 0);
}

export function mayDelete(user: SimulatedUser | null, post: SimulatedPost): boolean {
  return may(user, capability('delete', post.type)) && mayEdit(user, post);
}

export function mayRead(site: SimulatedSite, user: SimulatedUser | null, post: SimulatedPost): boolean {
  if (post.status === 'publish') return true;
  if (post.status === 'inherit') {
    const parent = site.post(post.parent ?? 0);
    return parent === undefined || mayRead(site, user, parent);
  }
  return mayEdit(user, post);
}

/** rest_authorization_required_code(): 403 for a signed-in user, otherwise 401. */
export function forbidden(code: string, user: SimulatedUser | null, message: string): WpError {
  return new WpError(code, user === null ? 401 : 403, message);
}
