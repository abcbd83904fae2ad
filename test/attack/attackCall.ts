/** Sends one call as a caller, and tells the parts of the response that two callers may compare. */

import type { Caller } from './callers.ts';
import type { CallRule } from './callRules.ts';
import type { Holdings } from './holdings.ts';
import { type Operation, pathOf } from './operations.ts';

export interface AttackAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export interface AttackCall {
  url: string;
  operation: Operation;
  rule: CallRule;
  caller: Caller;
  /** The rows whose keys the caller has. */
  own: Holdings;
  named: Holdings;
  /** The second row that the call names; by default of the same account as the first. */
  second?: Holdings;
  /** Another spelling of the path. */
  path?: string;
}

let calls = 0;

/** Every call has an address of its own, so that no limit of failures meets it. */
function nextAddress(): string {
  calls += 1;
  return `10.${(calls >> 16) & 255}.${(calls >> 8) & 255}.${calls & 255}`;
}

/** Sends the call. All calls have the same request id, so that responses are comparable byte by byte. */
export async function send(call: AttackCall): Promise<AttackAnswer> {
  const { operation, rule, named, second = named } = call;
  const { query, body, headers } = rule.send?.(named, second) ?? {};
  const text = body === undefined ? '' : JSON.stringify(body);
  const path = pathOf(call.path ?? operation.path, rule, named, second);
  const answer = await fetch(`${call.url}${path}${query === undefined ? '' : `?${query}`}`, {
    method: operation.method,
    headers: {
      'X-Forwarded-For': nextAddress(),
      'X-Request-Id': 'attack',
      Prefer: 'respond-async',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
      ...call.caller.headers({ own: call.own, text }),
    },
    ...(body === undefined ? {} : { body: text }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text: await answer.text(),
  };
}

/** The response without what differs from call to call: the date, and the count of the throttle. */
export function comparable({ status, headers, text }: AttackAnswer): AttackAnswer {
  const { date: _date, ratelimit: _left, ...rest } = headers;
  return { status, headers: rest, text };
}
