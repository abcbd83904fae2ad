import { z } from 'zod';
import type { JsonObject } from '../../connection.ts';
import type { ContentWrite } from '../../contentWrite.ts';
import { isIncomplete } from '../../incompleteList.ts';
import type { ItemFault, RemoteContent, RemoteTerm } from '../../remoteContent.ts';
import { globalId } from '../api/globalId.ts';
import { note } from './contentInput.ts';
import type { ItemReader } from './itemReader.ts';
import { COLLECTION_BY_HANDLE } from './mutations.ts';
import { TAXONOMIES } from './taxonomies.ts';

/** Finds the blogs and collections of a shop that contents name, each once. Throws ExplainedFault. */
export class Groupings {
  readonly #reader: ItemReader;
  #blogs: Promise<RemoteTerm[]> | null = null;
  readonly #collections = new Map<string, Promise<string | null>>();

  constructor(reader: ItemReader) {
    this.#reader = reader;
  }

  /**
   * The global id of the blog that a content names. A create without such a blog gets the shop's first blog.
   * null if there is none. A blog that the shop does not have becomes a note.
   */
  async blogFor(write: ContentWrite, notes: ItemFault[]): Promise<string | null> {
    const blogs = await this.#allBlogs();
    const wanted = write.terms.find(({ taxonomy }) => taxonomy === 'blog');
    const found = blogs.find(({ slug }) => slug === wanted?.slug);
    const [first] = blogs;
    const chosen = found ?? (write.externalId === null ? first : undefined);
    if (wanted !== undefined && found === undefined)
      notes.push(note(write, 'blog_unknown', `The shop has no blog ${wanted.slug}.`));
    return chosen === undefined ? null : globalId('Blog', chosen.externalId);
  }

  #allBlogs(): Promise<RemoteTerm[]> {
    this.#blogs ??= (async () => {
      const found: RemoteTerm[] = [];
      const blogs = TAXONOMIES.find(({ slug }) => slug === 'blog');
      try {
        for await (const terms of blogs?.terms(this.#reader.query.bind(this.#reader)) ?? [])
          found.push(...terms);
      } catch (error) {
        if (!isIncomplete(error)) throw error;
      }
      return found;
    })();
    this.#blogs.catch(() => {
      this.#blogs = null;
    });
    return this.#blogs;
  }

  /**
   * Adds to `input` which collections a product joins and leaves. A collection that the shop does not have
   * becomes a note.
   */
  async memberships(
    write: ContentWrite,
    before: RemoteContent | null,
    input: JsonObject,
    notes: ItemFault[],
  ): Promise<void> {
    const slugs = (terms: ContentWrite['terms']) =>
      new Set(terms.filter(({ taxonomy }) => taxonomy === 'collection').map(({ slug }) => slug));
    const wanted = slugs(write.terms);
    const had = slugs(before?.terms ?? []);
    const ids = async (some: readonly string[]) => {
      const found: string[] = [];
      for (const slug of some) {
        const id = await this.#collection(slug);
        if (id !== null) found.push(id);
        else notes.push(note(write, 'collection_unknown', `The shop has no collection ${slug}.`));
      }
      return found;
    };
    const join = await ids([...wanted].filter((slug) => !had.has(slug)));
    const leave = await ids([...had].filter((slug) => !wanted.has(slug)));
    if (join.length > 0) input.collectionsToJoin = join;
    if (leave.length > 0) input.collectionsToLeave = leave;
  }

  #collection(handle: string): Promise<string | null> {
    const known = this.#collections.get(handle);
    if (known) return known;
    const asked = this.#reader.query(COLLECTION_BY_HANDLE, { handle }).then(({ data }) => {
      const read = z.object({ id: z.string() }).safeParse(data.collectionByIdentifier);
      return read.success ? read.data.id : null;
    });
    this.#collections.set(handle, asked);
    asked.catch(() => this.#collections.delete(handle));
    return asked;
  }
}

/** Does the content name a blog other than its current one? Only then is the article moved. */
export function changedBlog(write: ContentWrite, before: RemoteContent | null): boolean {
  const blog = (terms: ContentWrite['terms']) => terms.find(({ taxonomy }) => taxonomy === 'blog')?.slug;
  const wanted = blog(write.terms);
  return wanted !== undefined && wanted !== (before === null ? undefined : blog(before.terms));
}
