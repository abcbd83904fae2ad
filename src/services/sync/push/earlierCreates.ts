import type { Content } from '../../../database/generated/client.ts';
import type { SentTexts } from '../../../platforms/contentPart.ts';
import { sameTexts, textsOf } from '../../../platforms/contentTexts.ts';
import type { ContentRun } from '../phaseContext.ts';

/** So many texts of tries that came to nothing are remembered. */
const sentAtMost = 5;
/** The texts as they are being sent now, after those that were sent before. */
export function withNow(before: SentTexts[], content: Content) {
  const last = before.at(-1);
  const isSame = last !== undefined && sameTexts(last, content);
  return [...before, ...(isSame ? [] : [content])].map(textsOf).slice(-sentAtMost);
}

/**
 * Which of these items belonged to other contents before the create of this one was begun. One that was pulled since
 * and never pushed may be what the create has made.
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
