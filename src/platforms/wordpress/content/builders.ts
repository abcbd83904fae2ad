/** The page builders of posts: see `BUILDERS`. */
import { BUILDERS, type Builder, type ItemFault, type RemoteContent } from '../../remoteContent.ts';

/** How builders are called in messages. */
const NAMES: Readonly<Record<Builder, string>> = {
  elementor: 'Elementor',
  divi: 'Divi',
  beaver_builder: 'Beaver Builder',
  bricks: 'Bricks',
  oxygen: 'Oxygen',
  breakdance: 'Breakdance',
};

/**
 * The REST namespaces of builders. Without such a namespace, no post of a site is rendered to look for a builder while
 * the site is read.
 */
const NAMESPACE = /^(elementor|bricks|breakdance|oxygen|fl-builder|fl-controls|divi)\b/;

/** Does the site name a builder in the root of its API? */
export function namesBuilder(namespaces: readonly string[]): boolean {
  return namespaces.some((name) => NAMESPACE.test(name));
}

/** The `built_with` that the connector tells; undefined from a connector before 0.6.0, and for an unknown word. */
export function toldBuilder(value: unknown): Builder | null | undefined {
  if (value === null) return null;
  return BUILDERS.find((name) => name === value);
}

/**
 * The builder whose marks the raw body of a post has: Divi stores its layout there, as shortcodes before version 5 and
 * as blocks since then, and Beaver Builder wraps its own text in a block. The other builders leave no mark, so null
 * does not mean that there is no builder.
 */
export function builderInRaw(body: string): Builder | null {
  if (/^\s*(\[et_pb_section\b|<!-- wp:divi\/)/.test(body)) return 'divi';
  return /^\s*<!-- wp:fl-builder\/layout\b/.test(body) ? 'beaver_builder' : null;
}

/**
 * The builder that has made the rendered body of a post; null for none. An embedded template of a builder has the id
 * of the template, so a mark with an id must have that of the post. Oxygen and Breakdance, whose layout is a part of
 * the page and not of its body, mostly leave no mark.
 */
export function builderInRendered(rendered: string, id: string): Builder | null {
  const has = (pattern: string) => new RegExp(pattern).test(rendered);
  if (has(`data-elementor-id=["']${id}["']`)) return 'elementor';
  if (has(`class=["'][^"']*\\bfl-builder-content-${id}\\b`)) return 'beaver_builder';
  if (has(`class=["'][^"']*\\bbde-[\\w-]+-${id}-\\d+\\b`)) return 'breakdance';
  if (has(`^\\s*<[a-z]+[^>]*\\bclass=["'][^"']*\\bbrxe-`)) return 'bricks';
  if (has(`^\\s*<[a-z]+[^>]*\\bclass=["'][^"']*\\b(ct|oxy)-(section|inner-content)\\b`)) return 'oxygen';
  return has(`^\\s*<[a-z]+[^>]*\\bclass=["'][^"']*\\bet_(pb_section|builder_inner_content)\\b`)
    ? 'divi'
    : null;
}

/**
 * The note about the body of a write that was not sent, because a builder shows the post; none if the site has that
 * body anyway.
 */
export function bodyNotes(
  builder: Builder | null,
  write: { body: string; unread?: readonly string[] },
  remote: RemoteContent,
): ItemFault[] {
  const isUnread = write.unread?.includes('body') === true;
  if (builder === null || isUnread || remote.body === write.body) return [];
  const name = NAMES[builder];
  return [
    {
      externalId: remote.externalId,
      code: `built_with_${builder}`,
      message:
        `The body was not sent: ${name} shows its own layout of this item, so the body would be stored and never ` +
        `shown. Edit the text in ${name}, or switch it off for the item.`,
      explains: 'body',
    },
  ];
}

/**
 * The note about the body of a write that was not sent, because the site cannot render the post, so that a builder may
 * show it; none if the site has that body anyway.
 */
export function unknownBuilderNotes(write: { body: string }, remote: RemoteContent): ItemFault[] {
  if (remote.body === write.body) return [];
  return [
    {
      externalId: remote.externalId,
      code: 'builder_unknown',
      message:
        'The body was not sent: the site has a page builder and cannot render this item, so a layout of the builder ' +
        'may stand in its place. Mend the item on the site, or edit its text there.',
      explains: 'body',
    },
  ];
}
