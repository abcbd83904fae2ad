/** The state of a simulated WordPress, and its initial content. */

type Role = 'administrator' | 'editor' | 'author' | 'subscriber';

export interface SimulatedUser {
  id: number;
  login: string;
  role: Role;
  /** Without spaces, because WordPress ignores spaces when it compares application passwords. */
  applicationPassword: string | null;
}

export interface SimulatedPost {
  id: number;
  type: string;
  status: string;
  slug: string;
  title: string;
  content: string;
  excerpt?: string;
  /** Visitors must enter it to read the post. */
  password?: string;
  /** The ids of the post's terms. */
  terms?: number[];
  /** Meta that is registered for REST. REST does not return other meta. */
  meta?: Record<string, MetaValue>;
  /** Protected meta, which REST never shows: the marks of page builders, and the lock of the editor. */
  protectedMeta?: Record<string, string>;
  modified_gmt: string;
  /** How many hours local time was ahead of UTC when `modified_gmt` was written. When absent, as now. */
  modifiedOffset?: number;
  /** When absent, equal to `modified_gmt`. */
  date_gmt?: string;
  /** A draft without a fixed date. Each save sets a new date. */
  floating?: boolean;
  /** The id of a user, 0 when absent. */
  author?: number;
  /** The id of a post, 0 when absent. */
  parent?: number;
  /** The id of the featured image, 0 when absent. */
  featured_media?: number;
  /** The status and slug from before the post was moved to the trash. */
  trashed?: { status: string; slug: string };
  /** The content number of an older server. Only the connector stores it. */
  contentId?: number;
  /** The content key of this post on each server. Only the connector stores it. */
  contentKeys?: Record<string, string>;
  /** Attachments only. */
  file?: SimulatedFile;
}

export type MetaValue = string | number | boolean;
export type MetaType = 'string' | 'integer' | 'number' | 'boolean';

export interface SimulatedFile {
  name: string;
  mime: string;
  alt: string;
  size: number;
}

export interface SimulatedTerm {
  id: number;
  taxonomy: string;
  /** As stored in the database: `&amp;` for `&`. */
  name: string;
  slug: string;
  /** The id of the parent, 0 when absent. */
  parent?: number;
  description?: string;
}

export interface SimulatedType {
  name: string;
  rest_base: string;
  /** `wp/v2` when absent. */
  rest_namespace?: string;
  hierarchical: boolean;
  /** The taxonomies of a post type, or the post types of a taxonomy. */
  related: string[];
  /** The type is built into WordPress and has no content. The connector leaves it out. */
  internal?: boolean;
  /** The meta of a post type that is registered for REST. */
  meta?: Record<string, MetaType>;
}

/** A request that reached the simulation. */
interface SeenRequest {
  method: string;
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface SimulatedState {
  name: string;
  wordpressVersion: string;
  users: SimulatedUser[];
  postTypes: Record<string, SimulatedType>;
  taxonomies: Record<string, SimulatedType>;
  /** How the links of posts are made, such as `/%postname%/` or `/archives/%post_id%`. */
  permalinkStructure: string;
  /** Statuses that a plugin registered with `exclude_from_search`. */
  hiddenStatuses: string[];
  /** Posts in ascending order of their ids. */
  posts: SimulatedPost[];
  terms: SimulatedTerm[];
  /** The settings of the connector plugin, or null when it is not installed. */
  connector: SimulatedConnector | null;
  requests: SeenRequest[];
}

export interface SimulatedConnector {
  version: string;
  siteId: number;
  /** Empty when the plugin is not connected yet. */
  siteKey: string;
  /** Signed requests act as this user. */
  userId: number;
  integrationId: number | null;
  usedNonces: Set<string>;
  /** The server that sent the last request, and the last write of each server. Empty before version 0.4.0. */
  servers: { current: string; operations: Map<string, string> };
  /** The installation of the plugin, and the home with which it was connected. Empty before version 0.5.0. */
  installation: { id: string; home: string };
}

const AUTHOR = ['edit_posts', 'publish_posts', 'delete_posts', 'upload_files'];
const EDITOR = [
  ...AUTHOR,
  'edit_others_posts',
  'manage_categories',
  'edit_pages',
  'edit_others_pages',
  'publish_pages',
  'delete_pages',
  'unfiltered_html',
];
const CAPABILITIES: Readonly<Record<Role, readonly string[]>> = {
  administrator: [...EDITOR, 'manage_options', 'list_users'],
  editor: EDITOR,
  author: AUTHOR,
  subscriber: [],
};

/** The route of the items of a type, or of the terms of a taxonomy. */
export function collectionOf(type: SimulatedType): string {
  return `${type.rest_namespace ?? 'wp/v2'}/${type.rest_base}`;
}

/** Whether posts with this status count as content of the site. Searches leave out the other statuses. */
export function isContent(status: string): boolean {
  return status !== 'trash' && status !== 'auto-draft' && status !== 'inherit';
}

/** The capabilities of a user in WordPress's format: only the granted ones, each with the value true. */
export function capabilitiesOf(user: SimulatedUser): Record<string, true> {
  return Object.fromEntries([...CAPABILITIES[user.role], 'read'].map((name) => [name, true]));
}

/** The types that an editor sees in WordPress 6.8, and a type and a taxonomy of a plugin. */
export function initialTypes(): Pick<SimulatedState, 'postTypes' | 'taxonomies'> {
  return {
    postTypes: {
      post: { name: 'Posts', rest_base: 'posts', hierarchical: false, related: ['category', 'post_tag'] },
      page: { name: 'Pages', rest_base: 'pages', hierarchical: true, related: [] },
      attachment: { name: 'Media', rest_base: 'media', hierarchical: false, related: [], internal: true },
      wp_block: {
        name: 'Patterns',
        rest_base: 'blocks',
        hierarchical: false,
        related: ['wp_pattern_category'],
        internal: true,
      },
      book: { name: 'Books &amp; more', rest_base: 'books', hierarchical: true, related: ['genre'] },
    },
    taxonomies: {
      category: { name: 'Categories', rest_base: 'categories', hierarchical: true, related: ['post'] },
      post_tag: { name: 'Tags', rest_base: 'tags', hierarchical: false, related: ['post'] },
      wp_pattern_category: {
        name: 'Pattern Categories',
        rest_base: 'wp_pattern_category',
        hierarchical: false,
        related: ['wp_block'],
        internal: true,
      },
      genre: { name: 'Genres', rest_base: 'genres', hierarchical: true, related: ['book'] },
    },
  };
}

/** Posts in every status, so that the count of one status differs from the count of all. */
export function initialContent(): Pick<SimulatedState, 'posts' | 'terms'> {
  const statuses: ReadonlyArray<readonly [type: string, statuses: readonly string[]]> = [
    ['post', ['publish', 'publish', 'publish', 'draft', 'private', 'pending', 'trash', 'auto-draft']],
    ['page', ['publish', 'draft']],
    ['book', ['publish', 'private', 'trash']],
  ];
  const posts = statuses
    .flatMap(([type, list]) => list.map((status) => ({ type, status })))
    .map(({ type, status }, index) => ({
      id: index + 1,
      type,
      status,
      slug: `${type}-${index + 1}`,
      title: `${type} ${index + 1}`,
      content: `<!-- wp:paragraph -->\n<p>Text ${index + 1}</p>\n<!-- /wp:paragraph -->`,
      terms: type === 'post' ? [2, 3] : [],
      author: 1,
      modified_gmt: '2026-01-01T00:00:00',
    }));
  const terms = [
    { id: 1, taxonomy: 'category', name: 'Uncategorized', slug: 'uncategorized' },
    { id: 2, taxonomy: 'category', name: 'News', slug: 'news' },
    { id: 3, taxonomy: 'post_tag', name: 'green', slug: 'green' },
    { id: 4, taxonomy: 'genre', name: 'Poetry', slug: 'poetry' },
  ];
  return { posts, terms };
}
