import type { SimulatedSite } from '../site.ts';
import type { SimulatedConnector, SimulatedPost } from '../state.ts';

/** Whether this version identifies contents by keys. Versions before 0.4.0 use numbers. */
export function knowsKeys({ version }: Pick<SimulatedConnector, 'version'>): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 4;
}

/** Whether this version says what the links of a type are made of. */
export function tellsLinkRules({ version }: Pick<SimulatedConnector, 'version'>): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 6;
}

/** The key of the post's content on the current server. Null when the post has no content there. */
export function keyOf({ connector }: SimulatedSite, post: SimulatedPost): string | null {
  return (connector && post.contentKeys?.[connector.servers.current]) ?? null;
}

/** The operation id of the current server's last write. Null when it has not written yet. */
export function lastOperation({ connector }: SimulatedSite): string | null {
  return connector?.servers.operations.get(connector.servers.current) ?? null;
}

/** The fields in an item or a webhook that name the post's content. */
export function shownLink(site: SimulatedSite, post: SimulatedPost) {
  if (site.connector === null || !knowsKeys(site.connector)) return { content_id: post.contentId ?? null };
  const key = keyOf(site, post);
  return { content_key: key, content_id: key === null ? (post.contentId ?? null) : null };
}

/** The link between one content of the server and its post. */
export interface Link {
  /** The name under which the connector stores the last write. */
  name: string;
  /** Whether the content is identified by a key. If so, a create never overwrites a post. */
  byKey: boolean;
  post(): SimulatedPost | undefined;
  /** The key or number of another content that the post belongs to. Null when there is none. */
  otherOwner(post: SimulatedPost): string | null;
  adopt(post: SimulatedPost): void;
}

/** The link of a content that the current server identifies by a key. */
export function linkByKey(site: SimulatedSite, key: string): Link {
  const server = site.connector?.servers.current ?? '';
  return {
    name: `${server} ${key}`,
    byKey: true,
    post: () => site.state.posts.find(({ contentKeys }) => contentKeys?.[server] === key),
    otherOwner: (post) => {
      const owner = keyOf(site, post);
      return owner === key ? null : owner;
    },
    adopt: (post) => {
      post.contentKeys = { ...post.contentKeys, [server]: key };
    },
  };
}

/** The link of a content with a number. Before 0.4.0 a number could move from one post to another. */
export function linkByNumber(site: SimulatedSite, number: number): Link {
  const find = () => site.state.posts.find(({ contentId }) => contentId === number);
  const isSafe = site.connector !== null && knowsKeys(site.connector);
  return {
    name: String(number),
    byKey: false,
    post: find,
    otherOwner: ({ contentId }) =>
      isSafe && contentId !== undefined && contentId !== number ? String(contentId) : null,
    adopt: (post) => {
      const before = find();
      if (before !== undefined && before !== post) delete before.contentId;
      post.contentId = number;
    },
  };
}
