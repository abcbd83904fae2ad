import { z } from 'zod';
import { type Content, Prisma } from '../../database/generated/client.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { ContentTerm, RemoteContent, SentTexts } from '../../platforms/contentPart.ts';
import { contentTextNames } from '../../platforms/contentTexts.ts';
import { contentHash, type SharedState, sharedState } from './sharedState.ts';

/** The columns of a content of whose create nothing is open any more. */
export const noCreate = { createBegunAt: null, createSentAs: Prisma.DbNull };

const sentTexts = z.array(z.record(z.enum(contentTextNames), z.string()));

/** The texts that a create was sent with so far, the latest last. */
export function readSentTexts({ createSentAs }: Pick<Content, 'createSentAs'>): SentTexts[] {
  return sentTexts.parse(createSentAs ?? []);
}

/** Has the item just the texts that a create was sent with? */
export function isAsWasSent(item: RemoteContent, sent: SentTexts): boolean {
  return texts.every((name) => item[name] === sent[name]);
}

/** What a site is to make of a content: nothing finer than this is asked of it. */
export function wantedStatus(status: Content['status']): 'draft' | 'published' {
  return status === 'ready' || status === 'published' ? 'published' : 'draft';
}

/** The texts that a site may change on saving, as WordPress takes out markup that the user may not write. */
const texts = contentTextNames.filter((name) => name !== 'slug');

/** What the site keeps otherwise than it was sent. */
export function changedOnSaving(content: Content, onSite: SharedState): string[] {
  return [
    ...texts.filter((name) => content[name] !== onSite[name]),
    ...(wantedStatus(content.status) === onSite.status ? [] : ['status']),
  ];
}

/**
 * Is what the site has what this content was sent as? A site finishes what it is given: a slug where there was none
 * or a number behind one, a default category, names of terms, metadata of its own.
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
 * The columns of a content that the site has taken. Slug, terms, metadata and status are as the site finished them:
 * WordPress schedules what it is to publish where the date lies ahead of its clock. Texts stay as they were written
 * here, and the base says what the site made of them.
 */
export function columnsAsWritten(content: Content, onSite: SharedState) {
  const hash = contentHash(onSite);
  const terms: Prisma.InputJsonArray = onSite.terms.map(({ taxonomy, slug, name }) => ({
    taxonomy,
    slug,
    name,
  }));
  const status: Content['status'] =
    onSite.status === 'published' ? 'published' : content.status === 'archived' ? 'archived' : 'draft';
  return {
    slug: onSite.slug,
    terms,
    metadata: { ...sharedState(content).metadata, ...onSite.metadata },
    status,
    baseHash: hash,
    remoteHash: hash,
  };
}

/** Is it the slug that was sent, or what a site makes of it: its own where none was sent, or a number behind one. */
export function sameSlug(sent: string, onSite: string): boolean {
  return (
    sent === '' || sent === onSite || (onSite.startsWith(sent) && /^-\d+$/.test(onSite.slice(sent.length)))
  );
}

function sameTerms(sent: ContentTerm[], onSite: ContentTerm[], created: boolean): boolean {
  const named = new Set(sent.map((term) => term.taxonomy));
  const keys = (terms: ContentTerm[]) =>
    new Set(terms.map(({ taxonomy, slug }) => `${taxonomy}:${slug.split('/').at(-1)}`));
  const wanted = keys(sent);
  // Of a new content, what nothing was said of is the site's to choose.
  const found = keys(onSite.filter((term) => !created || named.has(term.taxonomy)));
  return wanted.size === found.size && [...wanted].every((key) => found.has(key));
}

function sameMetadata(sent: JsonObject, onSite: JsonObject): boolean {
  return Object.entries(onSite).every(
    ([key, value]) => !Object.hasOwn(sent, key) || JSON.stringify(sent[key]) === JSON.stringify(value),
  );
}
