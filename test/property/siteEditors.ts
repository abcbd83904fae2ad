import { siteSlug } from '../../src/platforms/siteSlug.ts';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { type PersonStep, termChoices, type UndatedStep } from './steps.ts';
import { pick, pieceOf, type Writings } from './writings.ts';

/** The types of the posts that people write. */
export const types = ['post', 'page'];

/** The pictures of the first two posts, in the site's library. */
export const pictures = [900, 901];

const structures = ['/%postname%/', '/archives/%post_id%', '/news/%postname%/'];

const undated =
  /^site_(renames_term|moves_term|deletes_term|deletes_user|deletes_picture|sets_permalinks|replaces)$/;

function isUndated(step: PersonStep): step is UndatedStep {
  return undated.test(step.step);
}

/** The people who work on the site. */
export class SiteEditors {
  readonly #wordpress: SimulatedWordpress;
  readonly #writings: Writings;

  constructor(wordpress: SimulatedWordpress, writings: Writings) {
    this.#wordpress = wordpress;
    this.#writings = writings;
  }

  posts(): SimulatedPost[] {
    return this.#wordpress.state.posts.filter(
      ({ status, type }) => status !== 'auto-draft' && type !== 'attachment',
    );
  }

  do(step: PersonStep): void {
    const { editor } = this.#wordpress;
    if (step.step === 'site_creates') {
      const changes = { status: step.status, ...this.#writings.texts(step.writing, null) };
      const title = changes.title ?? this.#writings.newTitle(pieceOf(changes.content));
      editor.create(step.type, { ...changes, title });
      return;
    }
    if (isUndated(step)) {
      this.#change(step);
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

  #change({ step, value }: UndatedStep): void {
    const { editor, state } = this.#wordpress;
    // WordPress does not delete the default category.
    const term = pick(
      state.terms.filter(({ id, taxonomy }) => id !== 1 && taxonomy !== 'genre'),
      value,
    );
    const slug = `re-${term?.slug}`;
    if (step === 'site_deletes_user') editor.deleteUser(1, 2);
    else if (step === 'site_deletes_picture') {
      const picture = state.posts.find(({ id }) => id === pictures[value % 2]);
      if (picture !== undefined) editor.deletePicture(picture.id);
    } else if (step === 'site_sets_permalinks') editor.setPermalinks(structures[value % 3] ?? '');
    else if (step === 'site_replaces')
      editor.replaceByQuery(value % 2 ? 'Text' : 'Word', value % 2 ? 'Word' : 'Text');
    else if (term === undefined) return;
    else if (step === 'site_deletes_term') editor.deleteTerm(term.id);
    else if (step === 'site_moves_term') {
      if (term.taxonomy === 'category') editor.editTerm(term.id, { parent: value % 2 });
    } else if (!state.terms.some((other) => other.slug === slug))
      editor.editTerm(term.id, { slug, name: `Re ${term.name}` });
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
