import { siteSlug } from '../../src/platforms/siteSlug.ts';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { type PersonStep, termChoices } from './steps.ts';
import { pick, pieceOf, type Writings } from './writings.ts';

/** The types of the posts that people write. */
export const types = ['post', 'page'];

/** The people who work on the site. */
export class SiteEditors {
  readonly #wordpress: SimulatedWordpress;
  readonly #writings: Writings;

  constructor(wordpress: SimulatedWordpress, writings: Writings) {
    this.#wordpress = wordpress;
    this.#writings = writings;
  }

  posts(): SimulatedPost[] {
    return this.#wordpress.state.posts.filter(({ status }) => status !== 'auto-draft');
  }

  do(step: PersonStep): void {
    const { editor } = this.#wordpress;
    if (step.step === 'site_creates') {
      const changes = { status: step.status, ...this.#writings.texts(step.writing, null) };
      const title = changes.title ?? this.#writings.newTitle(pieceOf(changes.content));
      editor.create(step.type, { ...changes, title });
      return;
    }
    if (!('which' in step)) return;
    const there = this.posts().filter(({ type }) => types.includes(type));
    const able = there.filter(({ status }) => (status === 'trash') === (step.step === 'site_untrashes'));
    const post = pick(able, step.which);
    if (post === undefined) return;
    if (step.step === 'site_edits') this.#edit(post, step);
    else if (step.step === 'site_sets_terms') {
      if (post.type === 'post') editor.setTerms(post.id, 'category', [1 + (step.value % 2)]);
    } else if (step.step === 'site_sets_meta') {
      if (post.type === 'post') editor.setMeta(post.id, { subtitle: `Sub ${step.value}` });
    } else this.#move(post, step);
  }

  #edit(post: SimulatedPost, { writing, status }: Extract<PersonStep, { step: 'site_edits' }>): void {
    const { editor } = this.#wordpress;
    const changes = this.#writings.texts(writing, post.content);
    if (changes.title !== undefined) this.#writings.alive.delete(post.title);
    editor.edit(post.id, { ...changes, ...(status === null ? {} : { status }) });
    if (writing.terms !== undefined && post.type === 'post')
      editor.setTerms(post.id, 'post_tag', this.#tagIds(writing.terms));
  }

  /** Changes the status of a post alone, or removes the post. */
  #move(post: SimulatedPost, { step }: PersonStep): void {
    const { editor } = this.#wordpress;
    if (step === 'site_trashes') editor.trash(post.id);
    else if (step === 'site_untrashes') editor.untrash(post.id);
    else if (step === 'site_schedules') editor.schedule(post.id, 5);
    else if (step === 'site_publishes_scheduled') {
      if (post.status === 'future') editor.publishScheduled(post.id);
    } else if (step === 'site_deletes') {
      this.#writings.alive.delete(post.title);
      editor.delete(post.id);
    }
  }

  #tagIds(chosen: readonly number[]): number[] {
    const slugs = chosen.map((at) => siteSlug(termChoices[at]?.slug ?? ''));
    return this.#wordpress.state.terms
      .filter(({ taxonomy, slug }) => taxonomy === 'post_tag' && slugs.some((each) => each === slug))
      .map(({ id }) => id);
  }
}
