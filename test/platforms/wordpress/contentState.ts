/** The state of the content tests' site, and the types of its responses. */
import type { IncomingMessage } from 'node:http';

export interface FakePost {
  id: number;
  type: string;
  status: string;
  slug: string;
  title: string;
  content: string;
  excerpt: string;
  author: number;
  parent: number;
  featured_media: number;
  date_gmt: string | null;
  modified_gmt: string;
  meta: Record<string, unknown>;
  categories: number[];
  tags: number[];
  /** The key of the server's content that the connector has linked to the post. */
  contentKey: string | null;
  /** Wrong values that the site returns instead of the right ones. */
  spoilt?: Record<string, unknown>;
}

export interface FakeTerm {
  id: number;
  taxonomy: 'category' | 'post_tag';
  slug: string;
  name: string;
  parent: number;
}

export interface SiteRequest {
  method: string;
  route: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  bytes: Buffer;
  headers: IncomingMessage['headers'];
}

export interface SiteReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** A hook's effect: another response, raw bytes, or a broken connection. */
type Intervention = SiteReply | { raw: string } | 'break off' | undefined;

export interface FakeState {
  posts: FakePost[];
  terms: FakeTerm[];
  media: Array<{ id: number; slug: string; bytes: number }>;
  /** Posts that the user may not see. */
  hidden: Set<number>;
  /** `none`: not installed; `old`: without content routes. */
  connector: 'none' | 'old' | 'content';
  hasBatch: boolean;
  /** Meta keys that are registered for REST. Other meta is ignored. */
  registeredMeta: string[];
  gmtOffset: number;
  timezone: string;
  /** What the site, with its language and plugins, makes of a title or a slug. */
  makesSlug(text: string): string;
  /** The site's clock. Milliseconds since 1970. */
  clock(): number;
  /** Called before a request is processed. */
  before(request: SiteRequest): Intervention;
  /** Called after a request was processed, before the response is sent. */
  after(request: SiteRequest): Intervention;
}

export const USER = 5;

export function fakePost(id: number, changes: Partial<FakePost> = {}): FakePost {
  const modified = new Date(Date.UTC(2026, 0, 1) + id * 3_600_000).toISOString().slice(0, 19);
  return {
    id,
    type: 'post',
    status: id % 2 === 1 ? 'publish' : 'draft',
    slug: `post-${id}`,
    title: `Post ${id}`,
    content: `<p>Text ${id}</p>`,
    excerpt: '',
    author: USER,
    parent: 0,
    featured_media: 0,
    date_gmt: modified,
    modified_gmt: modified,
    meta: {},
    categories: [1],
    tags: id % 3 === 0 ? [2] : [],
    contentKey: null,
    ...changes,
  };
}

export function nowOf(site: FakeState): string {
  return new Date(site.clock()).toISOString().slice(0, 19);
}

export function refused(status: number, code: string, message = code, data = {}): SiteReply {
  return { status, body: { code, message, data: { status, ...data } } };
}
