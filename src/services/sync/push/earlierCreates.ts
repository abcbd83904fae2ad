import type { Content } from '../../../database/generated/client.ts';
import { sameTexts, textsOf } from '../../../platforms/contentTexts.ts';
import type { SentTexts } from '../../../platforms/contentWrite.ts';
import type { ContentRun } from '../phaseContext.ts';

/** The most tries of a create whose texts are remembered. */
const sentAtMost = 5;

/** Returns the texts of the earlier tries, followed by the texts that are sent now. */
export function withNow(before: SentTexts[], content: Content) {
  const last = before.at(-1);
  const isSame = last !== undefined && sameTexts(last, content);
  return [...before, ...(isSame ? [] : [content])].map(textsOf).slice(-sentAtMost);
}

/**
 * Returns the external ids of the items that belonged to other contents before the create of this content was
 * begun. An item that was pulled since then and never pushed is left out: this create may have made it.
 */
export async function ofOthers(
  run: ContentRun,
  { id, siteId, platform, contentType, createBegunAt }: Content,
  externalIds: readonly string[],
): Promise<Set<string>> {
  const others = await run.db.content.findMany({
    where: {
      siteId,
      platform,
      contentType,
      externalId: { in: [...externalIds] },
      id: { not: id },
      OR: [{ lastOpId: { not: null } }, ...(createBegunAt ? [{ createdAt: { lt: createBegunAt } }] : [])],
    },
    select: { externalId: true },
  });
  return new Set(others.flatMap(({ externalId }) => externalId ?? []));
}
