import type { SimulatedSite } from '../site.ts';
import type { SimulatedConnector, SimulatedPost } from '../state.ts';

/** Does this version know contents by their keys? Before 0.4.0 it knows numbers. */
export function knowsKeys({ version }: Pick<SimulatedConnector, 'version'>): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 4;
}

/** The key of the content that a post is for the server that speaks; null where it is none. */
export function keyOf({ connector }: SimulatedSite, post: SimulatedPost): string | null {
  return (connector && post.contentKeys?.[connector.servers.current]) ?? null;
}

/** The last write of the server that speaks; null where there was none. */
export function lastOperation({ connector }: SimulatedSite): string | null {
  return connector?.servers.operations.get(connector.servers.current) ?? null;
}

/** What an item or a message shows of the content that a post is. */
export function shownLink(site: SimulatedSite, post: SimulatedPost) {
  if (site.connector === null || !knowsKeys(site.connector)) return { content_id: post.contentId ?? null };
  const key = keyOf(site, post);
  return { content_key: key, content_id: key === null ? (post.contentId ?? null) : null };
}

/** One content of the server, as the connector finds its post. */
export interface Link {
  /** What its last write is kept under. */
  name: string;
  /** Is it known by a key, so that a create overwrites nothing? */
  byKey: boolean;
  post(): SimulatedPost | undefined;
  /** The key of another content that a post is; null where it is none. */
  otherOwner(post: SimulatedPost): string | null;
  adopt(post: SimulatedPost): void;
}

/** A content by its key, for the server that speaks. */
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

/** A content by its number. Connectors before 0.4.0 let a number go from one post to another. */
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
