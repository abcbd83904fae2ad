import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Content } from '../../database/generated/client.ts';
import type { RemoteContent } from '../../platforms/contentPart.ts';
import type { ContentTerm, JsonObject, JsonValue } from '../../platforms/platform.ts';

/** What both sides have in common of a content: what is compared, and what a change is a change of. */
export interface SharedState {
  title: string;
  slug: string;
  body: string;
  excerpt: string;
  status: string;
  terms: ContentTerm[];
  metadata: JsonObject;
}

const storedTerms = z.array(z.object({ taxonomy: z.string(), slug: z.string(), name: z.string() }));
const storedMetadata: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** The shared part of a stored content. */
export function sharedState(content: Content): SharedState {
  const { title, slug, body, excerpt, status } = content;
  return {
    title,
    slug,
    body,
    excerpt,
    status,
    terms: storedTerms.parse(content.terms),
    metadata: storedMetadata.parse(content.metadata),
  };
}

/** The shared part of what the site has, as the given status here. */
export function remoteState(remote: RemoteContent, status: 'draft' | 'published'): SharedState {
  const { title, slug, body, excerpt, terms, metadata } = remote;
  return { title, slug, body, excerpt, status, terms, metadata };
}

/** A hash that does not depend on the order of terms or of keys. */
export function contentHash(state: SharedState): string {
  const terms = state.terms.map((term) => `${term.taxonomy}\0${term.slug}\0${term.name}`).sort();
  const { title, slug, body, excerpt, status, metadata } = state;
  const text = JSON.stringify([title, slug, body, excerpt, status, terms, ordered(metadata)]);
  return createHash('sha256').update(text).digest('hex');
}

function ordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.keys(value)
    .sort()
    .map((key): JsonValue => [key, ordered(value[key] ?? null)]);
}
