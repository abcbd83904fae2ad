/** What a simulated WordPress holds, and the content that it starts with. */

type Role = 'administrator' | 'editor' | 'author' | 'subscriber';

export interface SimulatedUser {
  id: number;
  login: string;
  role: Role;
  /** As WordPress compares them: without spaces. */
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
  /** Ids of its terms. */
  terms?: number[];
  /** Meta that is registered for REST; other meta is not shown there. */
  meta?: Record<string, MetaValue>;
  modified_gmt: string;
  /** Hours that the site's local time was ahead of UTC when `modified_gmt` was written; as now when absent. */
  modifiedOffset?: number;
  /** As `modified_gmt` when absent. */
  date_gmt?: string;
  /** A draft without a date of its own: each save dates it anew. */
  floating?: boolean;
  /** A user's id; 0 when absent. */
  author?: number;
  /** A post's id; 0 when absent. */
  parent?: number;
  /** The featured image's id; 0 when absent. */
  featured_media?: number;
  /** What it had before it was put into the trash. */
  trashed?: { status: string; slug: string };
  /** The number by which an older server knows it, which only the connector keeps. */
  contentId?: number;
  /** The keys of the contents that it is, by server, which only the connector keeps. */
  contentKeys?: Record<string, string>;
  /** Of an attachment. */
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
  /** As stored: `&amp;`, where a person reads `&`. */
  name: string;
  slug: string;
  /** The parent's id; 0 when absent. */
  parent?: number;
  description?: string;
}

export interface SimulatedType {
  name: string;
  rest_base: string;
  /** `wp/v2` where there is none. */
  rest_namespace?: string;
  hierarchical: boolean;
  /** The taxonomies of a post type, or the post types of a taxonomy. */
  related: string[];
  /** Comes with WordPress and is no content; the connector leaves it out. */
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
  /** Those of a plugin, registered with `exclude_from_search`. */
  hiddenStatuses: string[];
  /** In ascending order of their ids. */
  posts: SimulatedPost[];
  terms: SimulatedTerm[];
  /** The connector plugin as it is set up, or null when it is not installed. */
  connector: SimulatedConnector | null;
  requests: SeenRequest[];
}

export interface SimulatedConnector {
  version: string;
  siteId: number;
  /** Empty: not connected yet. */
  siteKey: string;
  /** Requests act as this user. */
  userId: number;
  integrationId: number | null;
  usedNonces: Set<string>;
  /** Which server spoke last, and the last write of each; empty before 0.4.0. */
  servers: { current: string; operations: Map<string, string> };
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
  administrator: [...EDITOR, 'manage_options'],
  editor: EDITOR,
  author: AUTHOR,
  subscriber: [],
};

/** The route of a type's items or of a taxonomy's terms. */
export function collectionOf(type: SimulatedType): string {
  return `${type.rest_namespace ?? 'wp/v2'}/${type.rest_base}`;
}

/** Whether a status belongs to the site's content; the others are left out of searches. */
export function isContent(status: string): boolean {
  return status !== 'trash' && status !== 'auto-draft' && status !== 'inherit';
}

/** A user's capabilities as WordPress lists them: only what is held, always true. */
export function capabilitiesOf(user: SimulatedUser): Record<string, true> {
  return Object.fromEntries([...CAPABILITIES[user.role], 'read'].map((name) => [name, true]));
}

/** The types of WordPress 6.8 that an editor sees, and a type with a taxonomy of a plugin. */
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

/** Posts in every status, so that counts of one status differ from counts of all. */
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
