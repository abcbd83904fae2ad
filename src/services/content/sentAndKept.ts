import { z } from 'zod';
import { type Content, Prisma } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import { contentTextNames } from '../../platforms/contentTexts.ts';
import type { SentTexts } from '../../platforms/contentWrite.ts';
import type { ContentTerm, RemoteContent, Visibility } from '../../platforms/remoteContent.ts';
import { siteSlug, siteSlugs, withEnding } from '../../platforms/siteSlug.ts';
import { contentHash, type SharedState, sharedState } from './sharedState.ts';

/** The columns of a content without an open create. */
export const noCreate = { createBegunAt: null, createSentAs: Prisma.DbNull };

const sentTexts = z.array(z.record(z.enum(contentTextNames), z.string()));

/** The texts that the tries of a create have sent so far, the latest last. */
export function readSentTexts({ createSentAs }: Pick<Content, 'createSentAs'>): SentTexts[] {
  return sentTexts.parse(createSentAs ?? []);
}

/** Does the item have exactly the texts that a create sent? The slug may differ. */
export function isAsWasSent(item: RemoteContent, sent: SentTexts): boolean {
  return texts.every((name) => item[name] === sent[name]);
}

/** The status that a content is to have on its site. No finer status is ever requested. */
export function wantedStatus(status: Content['status']): 'draft' | 'published' {
  return status === 'ready' || status === 'published' || status === 'private' ? 'published' : 'draft';
}

/** A published content is `private` here if not everyone can read its item on the site. Other statuses stay. */
export function shownStatus(status: Content['status'], visibility: Visibility): Content['status'] {
  if (status !== 'published' && status !== 'private') return status;
  return visibility === 'public' ? 'published' : 'private';
}

/**
 * Texts that a site may change on saving. WordPress, for example, removes markup that the user may not write.
 */
const texts = contentTextNames.filter((name) => name !== 'slug');

/** The names of the fields that the site saved differently from what was sent. */
export function changedOnSaving(content: Content, onSite: SharedState): string[] {
  return [
    ...texts.filter((name) => content[name] !== onSite[name]),
    ...(wantedStatus(content.status) === onSite.status ? [] : ['status']),
  ];
}

/**
 * Does the site have what this content was sent as? A site may complete a content on saving: with a slug if
 * none was sent, a number after the slug, a default category, names of terms, metadata of its own.
 */
export function isAsSent(content: Content, onSite: SharedState): boolean {
  const local = sharedState(content);
  const isNew = content.createBegunAt !== null || content.baseHash === null;
  return (
    changedOnSaving(content, onSite).length === 0 &&
    sameSlug(local.slug, onSite.slug) &&
    sameTerms(local.terms, onSite.terms, isNew) &&
    sameMetadata(local.metadata, onSite.metadata)
  );
}

/**
 * The columns of a content after the site has saved it. Slug, terms, metadata and status become what the site
 * made of them: WordPress, for example, schedules a post whose date is ahead of its clock. The texts stay as
 * they were written here. The base hash covers the texts as the site saved them.
 */
export function columnsAsWritten(content: Content, onSite: SharedState, visibility: Visibility) {
  const hash = contentHash(onSite);
  const terms: Prisma.InputJsonArray = onSite.terms.map(({ taxonomy, slug, name }) => ({
    taxonomy,
    slug,
    name,
  }));
  const status: Content['status'] =
    onSite.status === 'published'
      ? shownStatus('published', visibility)
      : content.status === 'archived'
        ? 'archived'
        : 'draft';
  return {
    slug: onSite.slug,
    terms,
    metadata: { ...sharedState(content).metadata, ...onSite.metadata },
    status,
    baseHash: hash,
    remoteHash: hash,
  };
}

/**
 * Can the site's slug come from the slug that was sent? The site writes it in its own letters, and may add a
 * number. If no slug was sent, the site makes its own.
 */
export function sameSlug(sent: string, onSite: string): boolean {
  if (sent === '' || sent === onSite) return true;
  const number = /-\d+$/.exec(onSite)?.[0] ?? '';
  return siteSlugs(sent).some(
    (slug) => slug === onSite || (number !== '' && withEnding(slug, number) === onSite),
  );
}

function sameTerms(sent: ContentTerm[], onSite: ContentTerm[], created: boolean): boolean {
  const named = new Set(sent.map((term) => term.taxonomy));
  const keys = (terms: ContentTerm[]) =>
    new Set(terms.map(({ taxonomy, slug }) => `${taxonomy}:${siteSlug(slug.split('/').at(-1) ?? '')}`));
  const wanted = keys(sent);
  // For a new content, the site may choose the terms of any taxonomy for which no term was sent.
  const found = keys(onSite.filter((term) => !created || named.has(term.taxonomy)));
  return wanted.size === found.size && [...wanted].every((key) => found.has(key));
}

function sameMetadata(sent: JsonObject, onSite: JsonObject): boolean {
  return Object.entries(onSite).every(
    ([key, value]) => !Object.hasOwn(sent, key) || JSON.stringify(sent[key]) === JSON.stringify(value),
  );
}
