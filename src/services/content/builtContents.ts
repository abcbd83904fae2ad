/** Contents whose items a page builder shows. Their bodies are read only here. */
import type { Content } from '../../database/generated/client.ts';
import { CallerError } from '../../errors.ts';
import { BUILDERS, type Builder, type RemoteContent } from '../../platforms/remoteContent.ts';

/** The builder that shows the item of a content; null for none, or while the content has no item. */
export function builderOf({
  builtWith,
  externalId,
  syncState,
}: Pick<Content, 'builtWith' | 'externalId' | 'syncState'>): Builder | null {
  if (externalId === null || syncState === 'deleted_remote') return null;
  return BUILDERS.find((builder) => builder === builtWith) ?? null;
}

/** The builder to store for an item. An answer that does not tell it leaves what is stored. */
export function builtWithNow(
  { builtWith }: Pick<RemoteContent, 'builtWith'>,
  stored: Pick<Content, 'builtWith'> | null | undefined,
): Builder | null {
  if (builtWith !== undefined) return builtWith;
  return BUILDERS.find((builder) => builder === stored?.builtWith) ?? null;
}

/** Throws 422 for an edit of a body that the site would never show. */
export function mustShowBody(content: Content, { body }: { body?: string }): void {
  const builder = builderOf(content);
  if (builder === null || body === undefined || body === content.body) return;
  const message = `is read only: on the site ${builder} shows its own layout of this item. Edit the text there, or switch ${builder} off for the item and sync again.`;
  const code = `built_with_${builder}`;
  throw new CallerError('unprocessable', `body: ${message}`, {
    code,
    fields: [{ field: 'body', code, message }],
  });
}
