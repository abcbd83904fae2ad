/** Callers, and the response that a rule gives to each. */
import { createHmac } from 'node:crypto';
import { type Role, roles } from '../../src/services/access/tenantScope.ts';
import { signedHeaders } from '../support/webhooks.ts';
import type { CallRule } from './callRules.ts';
import type { Holdings } from './holdings.ts';

/** What a caller is to the account whose rows are called. */
export type Standing =
  | { kind: 'nobody' }
  /** Presents a token that is no right token. */
  | { kind: 'stranger' }
  | { kind: 'user'; role: Role; isOfAccount: boolean }
  /**
   * Presents a site key in `X-API-Key` or as a bearer token: the site's current or previous key, the key of another
   * site, or a text that is no site's key. `withToken`: a right token of an owner stands beside it.
   */
  | { kind: 'key'; key: 'current' | 'previous' | 'another' | 'unknown'; withToken?: true; isMisSigned?: true }
  /** Signs the body. */
  | { kind: 'signer'; signature: 'current' | 'previous' | 'wrong' | 'late' };

/** The part of a call that its credentials may depend on. */
export interface Signed {
  own: Holdings;
  text: string;
}

export interface Caller {
  name: string;
  standing: Standing;
  headers(call: Signed): Record<string, string>;
}

/** The rows that a call names: own rows, rows of another account, missing rows. */
export type Named = 'own' | 'foreign' | 'missing';

/** The status that the caller must get. `named` is 'own' only if every named row is the account's own. */
export function verdict(rule: CallRule, { standing }: Caller, named: Named): number | 'success' {
  const { admits } = rule;
  const isOwn = named === 'own' || namesNothing(rule);
  switch (admits.by) {
    case 'everyone':
      return 'success';
    case 'sending site':
      return isOwn && provesSite(standing) ? 'success' : 401;
    case 'shop':
      return isOwn && standing.kind === 'signer' && standing.signature !== 'wrong' ? 'success' : 401;
    default:
      if (standing.kind === 'user') return userVerdict(rule, admits.role, standing, isOwn);
      if (standing.kind === 'key') return keyVerdict(rule, standing, isOwn);
      // Nobody and a signer present neither a token nor a key. A site that connects learns that the key is missing.
      return admits.by === 'user or connecting site' && standing.kind !== 'stranger' ? 400 : 401;
  }
}

/** The verdict for a site key at an operation for users. */
function keyVerdict(
  rule: CallRule,
  { key, withToken }: Extract<Standing, { kind: 'key' }>,
  isOwn: boolean,
): number | 'success' {
  const yours = isOwn ? 'success' : notYours(rule);
  switch (rule.admits.by) {
    case 'user or site':
      if (key === 'previous' || key === 'unknown') return 401;
      return key === 'current' ? yours : notYours(rule);
    case 'user or connecting site':
      return key === 'current' ? yours : 403;
    default:
      return withToken ? yours : 401;
  }
}

function userVerdict(
  rule: CallRule,
  least: Role,
  { role, isOfAccount }: Extract<Standing, { kind: 'user' }>,
  isOwn: boolean,
): number | 'success' {
  if (roles.indexOf(role) < roles.indexOf(least)) return 403;
  return namesNothing(rule) || (isOwn && isOfAccount) ? 'success' : notYours(rule);
}

function provesSite(standing: Standing): boolean {
  if (standing.kind === 'key')
    return (standing.key === 'current' || standing.key === 'previous') && !standing.isMisSigned;
  return (
    standing.kind === 'signer' && (standing.signature === 'current' || standing.signature === 'previous')
  );
}

/** Does the call name no row at all? */
export function namesNothing(rule: CallRule): boolean {
  return rule.id === undefined && rule.names === undefined;
}

function notYours(rule: CallRule): number {
  return rule.notYours ?? 404;
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A caller with a text as its token that is no right token. */
export function stranger(name: string, token: string): Caller {
  return { name, standing: { kind: 'stranger' }, headers: () => bearer(token) };
}

/** A caller with a right token. */
export function user(name: string, role: Role, token: string, isOfAccount = true): Caller {
  return { name, standing: { kind: 'user', role, isOfAccount }, headers: () => bearer(token) };
}

/** A caller with a site key, in each of the two headers. */
export function keyHolders(
  name: string,
  key: Extract<Standing, { kind: 'key' }>['key'],
  keyOf: (own: Holdings) => string,
): Caller[] {
  return [
    {
      name: `${name} in X-API-Key`,
      standing: { kind: 'key', key },
      headers: ({ own }) => ({ 'X-API-Key': keyOf(own) }),
    },
    {
      name: `${name} as a bearer token`,
      standing: { kind: 'key', key },
      headers: ({ own }) => bearer(keyOf(own)),
    },
  ];
}

function signedBy(text: string, siteKey: string, secret: string, at?: Date): Record<string, string> {
  return {
    ...signedHeaders(siteKey, text, at === undefined ? {} : { at }),
    'X-Shopify-Hmac-Sha256': createHmac('sha256', secret).update(text).digest('base64'),
  };
}

/** Callers that sign the body as the plugin and as a shop do. `another` holds the secrets of another site. */
export function signers(another: Holdings): Caller[] {
  const signer = (
    name: string,
    signature: Extract<Standing, { kind: 'signer' }>['signature'],
    headers: Caller['headers'],
  ): Caller => ({ name, standing: { kind: 'signer', signature }, headers });
  const anHourAgo = () => new Date(Date.now() - 3_600_000);
  return [
    signer('a signature', 'current', ({ own, text }) => signedBy(text, own.key, own.secret)),
    signer('a signature with the previous key', 'previous', ({ own, text }) =>
      signedBy(text, own.previousKey, own.previousSecret),
    ),
    signer('a signature with the key of another site', 'wrong', ({ text }) =>
      signedBy(text, another.key, another.secret),
    ),
    signer('a signature of another body', 'wrong', ({ own, text }) =>
      signedBy(`${text} `, own.key, own.secret),
    ),
    // The signature of a shop has no time.
    signer('a signature of an hour ago', 'late', ({ own, text }) =>
      signedBy(text, own.key, own.secret, anHourAgo()),
    ),
    {
      name: 'the site key beside a wrong signature',
      standing: { kind: 'key', key: 'current', isMisSigned: true },
      headers: ({ own, text }) => ({
        ...signedBy(`${text} `, own.key, own.secret),
        'X-API-Key': own.key,
      }),
    },
  ];
}
