import type { SiteClock } from './clock.ts';
import { compareNames } from './core/termName.ts';
import type { FaultName } from './faults.ts';
import { Outbox, type PluginMessages } from './outbox.ts';
import {
  collectionOf,
  isContent,
  type SimulatedConnector,
  type SimulatedPost,
  type SimulatedState,
  type SimulatedTerm,
  type SimulatedType,
  type SimulatedUser,
} from './state.ts';
import type { Weakness } from './weakness.ts';

/** A simulated site: its state, as changed by the faults that are switched on. */
export class SimulatedSite {
  readonly state: SimulatedState;
  readonly faults = new Set<FaultName>();
  readonly clock: SiteClock;
  /** The webhooks that the connector has to send to the server. */
  readonly outbox: Outbox;
  /** The path of the installation, without a slash at the end. Empty at the root of the host. */
  readonly base: string;
  readonly plainPermalinks: boolean;
  /** The highest id of all posts so far. The database gives no id twice. */
  lastPostId = 0;
  lastTermId = 0;
  #termPlaces = new Map<number, number>();
  /** For each content of the server: the seal of the connector's last write, and the post's hash after it. */
  readonly seals = new Map<string, { seal: string; hash: string }>();
  /** Set on a weak host, or with a plugin that dies on some posts. */
  weakness: Weakness | null = null;
  /** Called before each item of a batch is written. A weak host may give up here. */
  beforeItem: (sent: string) => void = () => undefined;
  /** Scheme, host and port. Set when the server listens. */
  origin = '';

  constructor(
    state: SimulatedState,
    clock: SiteClock,
    address: { base: string; plainPermalinks: boolean },
    messagesOf: (site: SimulatedSite) => PluginMessages,
  ) {
    this.state = state;
    this.outbox = new Outbox(state, messagesOf(this));
    this.clock = clock;
    this.base = address.base;
    this.plainPermalinks = address.plainPermalinks;
  }

  has(fault: FaultName): boolean {
    return this.faults.has(fault);
  }

  /** `home_url()`. */
  get home(): string {
    return this.has('other_home') ? 'https://clone.example.com' : this.origin + this.base;
  }

  /** `rest_url()`. */
  get restUrl(): string {
    return this.origin + this.base + (this.plainPermalinks ? '/index.php?rest_route=/' : '/wp-json/');
  }

  /** The URL of the items of a type, or of the terms of a taxonomy. */
  collectionUrl(slug: string): string {
    const type = this.state.postTypes[slug] ?? this.state.taxonomies[slug];
    return this.restUrl + (type === undefined ? slug : collectionOf(type));
  }

  get connector(): SimulatedConnector | null {
    const { connector } = this.state;
    if (connector === null || this.has('connector_missing')) return null;
    return {
      ...connector,
      version: this.has('connector_outdated') ? '0.0.9' : connector.version,
      siteKey: this.has('connector_not_configured') ? '' : connector.siteKey,
      siteId: this.has('other_site_id') ? connector.siteId + 1 : connector.siteId,
      userId: this.has('mapped_user_gone') ? -1 : connector.userId,
    };
  }

  /** The user that signed requests act as. */
  get mappedUser(): SimulatedUser | null {
    return this.state.users.find((user) => user.id === this.connector?.userId) ?? null;
  }

  /** Whether WordPress checks application passwords at all (WP_Application_Passwords::is_in_use). */
  get passwordsInUse(): boolean {
    return this.state.users.some((user) => user.applicationPassword !== null);
  }

  /** The user with this login and password, or null. As in WordPress, spaces in the password are ignored. */
  passwordOwner(login: string, password: string): SimulatedUser | null {
    const user = this.state.users.find((each) => each.login === login && each.applicationPassword !== null);
    const right = user?.applicationPassword === password.replaceAll(' ', '');
    return user !== undefined && (right || this.has('any_password_passes')) ? user : null;
  }

  /** The user with the current role, which a fault may lower. */
  withRole(user: SimulatedUser): SimulatedUser {
    return this.has('low_role') ? { ...user, role: 'author' } : user;
  }

  post(id: number): SimulatedPost | undefined {
    const { posts } = this.state;
    const post = posts[this.firstAfter(id - 1)];
    return post?.id === id ? post : undefined;
  }

  /** The post with this id. Throws when it does not exist. */
  existing(id: number): SimulatedPost {
    const post = this.post(id);
    if (post === undefined) throw new Error(`The simulated site has no post ${id}.`);
    return post;
  }

  /** The index in `state.posts` of the first post with an id above `id`. */
  firstAfter(id: number): number {
    const { posts } = this.state;
    let [low, high] = [0, posts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((posts[middle]?.id ?? Number.POSITIVE_INFINITY) > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  countPosts(type: string, statuses: readonly string[] | 'any'): number {
    return this.posts(type, statuses).length;
  }

  /** Posts in ascending order of their ids. `any` means every status that searches include. */
  posts(type: string, statuses: readonly string[] | 'any'): SimulatedPost[] {
    return this.state.posts.filter(
      (post) =>
        post.type === type && (statuses === 'any' ? isContent(post.status) : statuses.includes(post.status)),
    );
  }

  terms(taxonomy: string): SimulatedTerm[] {
    return this.state.terms.filter((term) => term.taxonomy === taxonomy);
  }

  term(id: number): SimulatedTerm | undefined {
    const { terms } = this.state;
    const known = terms[this.#termPlaces.get(id) ?? -1];
    if (known?.id === id) return known;
    // Terms were added or removed since the map was made.
    this.#termPlaces = new Map(terms.map((term, place) => [term.id, place]));
    return terms[this.#termPlaces.get(id) ?? -1];
  }

  /** The terms of a post in one taxonomy, sorted by name as in WordPress. */
  termsOf(post: SimulatedPost, taxonomy: string): SimulatedTerm[] {
    const found: SimulatedTerm[] = [];
    for (const id of post.terms ?? []) {
      const term = this.term(id);
      if (term?.taxonomy === taxonomy) found.push(term);
    }
    return found.length < 2 ? found : found.sort((a, b) => compareNames(a.name, b.name));
  }

  /** The structure of the site, as the plugin pushes it. */
  structure(): Record<string, unknown> {
    const types = content(this.state.postTypes);
    const taxonomies = content(this.state.taxonomies);
    return {
      post_types: Object.fromEntries(
        types.map(([slug, type]) => [
          slug,
          { ...described(type, this.countPosts(slug, 'any')), taxonomies: type.related },
        ]),
      ),
      taxonomies: Object.fromEntries(
        taxonomies.map(([slug, type]) => [
          slug,
          { ...described(type, this.terms(slug).length), post_types: type.related },
        ]),
      ),
      plugin_connection_enabled: true,
      two_way_sync_enabled: true,
      timestamp: new Date().toISOString(),
    };
  }
}

function content(types: Record<string, SimulatedType>): Array<[string, SimulatedType]> {
  return Object.entries(types).filter(([, type]) => type.internal !== true);
}

function described(type: SimulatedType, count: number) {
  // WordPress stores labels with entities, and core REST sends them so. The connector sends readable text.
  return {
    label: type.name.replaceAll('&amp;', '&'),
    count,
    rest_base: type.rest_base,
    hierarchical: type.hierarchical,
  };
}
