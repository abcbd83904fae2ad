import type { SentRequest } from '../../../security/requestSignature.ts';
import { type ExplanationValues, fault, type WordpressFault } from '../messages.ts';
import { type ApiAnswer, isRecord } from './siteClient.ts';

/** The connector shows so many characters of a part. */
const MOST_SEEN = 2_000;

/** The most changes that a message names, and the most characters of a text of the site in it. */
const MOST_NAMED = 5;
const LONGEST_NAME = 80;

/**
 * The fault for a signature that the connector refuses: it holds another key, or something on the way has changed
 * the request. Connectors before 0.6.0 do not say which. All that the site says is foreign text.
 */
export function refusedSignature(
  { value, sent }: Pick<ApiAnswer, 'value' | 'sent'>,
  values: ExplanationValues,
): WordpressFault {
  const told = isRecord(value) ? value : {};
  const data = isRecord(told.data) ? told.data : {};
  const key = told.key ?? data.key;
  const seen = told.seen ?? data.seen;
  if (sent === undefined || key !== sent.key || !isRecord(seen)) {
    return fault('bad_credentials', { variant: 'signature', values });
  }
  const changes = changesOf(sent, seen);
  const named = changes.length === 0 ? ['changed one of our X-Sitebridge headers'] : changes;
  const list = named.slice(0, MOST_NAMED);
  if (named.length > list.length) list.push('changed more');
  const difference = list.join(', ');
  return fault('request_rewritten', { values: { ...values, difference }, detail: difference });
}

function changesOf(sent: SentRequest, seen: Record<string, unknown>): string[] {
  const turned = (from: string, to: unknown) =>
    from.slice(0, MOST_SEEN) === to ? [] : [`turned ${shown(from)} into ${shown(to)}`];
  const isSameBody = sent.bodySha256 === seen.body_sha256;
  return [
    ...turned(sent.method, seen.method),
    ...turned(sent.route, seen.route),
    ...parameterChanges(sent.params, seen.params),
    ...(isSameBody ? [] : ['changed the body']),
  ];
}

/** The changes of parameters, by their names. The values are not shown. */
function parameterChanges(sent: string, seen: unknown): string[] {
  const text = typeof seen === 'string' ? seen.slice(0, MOST_SEEN) : '';
  if (sent.slice(0, MOST_SEEN) === text) return [];
  const [before, after] = [byName(sent), byName(text)];
  // The end of a long list is not shown, so it cannot be compared.
  const last = text.length === MOST_SEEN ? [...after.keys()].at(-1) : undefined;
  const isComparable = (name: string) => last === undefined || name < last;
  const changes = [...new Set([...before.keys(), ...after.keys()])].filter(isComparable).flatMap((name) => {
    const [own, other] = [before.get(name) ?? [], after.get(name) ?? []];
    if (own.join('&') === other.join('&')) return [];
    if (other.length === own.length) return [`changed the parameter ${shownName(name)}`];
    return [`${other.length < own.length ? 'took away' : 'added'} the parameter ${shownName(name)}`];
  });
  return changes.length === 0 ? ['changed a parameter'] : changes;
}

function byName(params: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const pair of params === '' ? [] : params.split('&')) {
    const name = pair.slice(0, Math.max(0, pair.indexOf('=')));
    found.set(name, [...(found.get(name) ?? []), pair]);
  }
  return found;
}

function shownName(name: string): string {
  // Brackets are common in names, and harmless.
  return shown(name.replaceAll(/%5B/gi, '[').replaceAll(/%5D/gi, ']'));
}

/** A text of the site, on one line and not too long. */
function shown(text: unknown): string {
  if (typeof text !== 'string' || text === '') return 'nothing';
  const line = text.slice(0, LONGEST_NAME + 1).replaceAll(/[^\x21-\x7e]/g, '?');
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME)}…` : line;
}
