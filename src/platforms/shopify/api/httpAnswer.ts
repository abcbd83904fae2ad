import { readBrokenBody } from '../../../outbound/brokenBody.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { parseJson } from '../../../outbound/json.ts';
import { MalformedJson } from '../../../outbound/jsonReader.ts';
import type { ExplainedFault } from '../../explainedFault.ts';
import { retryAfterMs } from '../../retryAfter.ts';
import { fault } from '../faults.ts';

/**
 * The body as JSON; undefined if it is not JSON. Throws ExplainedFault `bad_encoding`, `cut_off` for a success with
 * JSON that something has spoilt on its way.
 */
export async function jsonOf({ status, body }: OutboundResponse): Promise<unknown> {
  try {
    return await parseJson(body);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
  }
  const found = status === 200 ? (await readBrokenBody(body)).found : null;
  if (found === 'packed') throw fault('bad_encoding', { variant: 'unmarked' });
  if (found === 'cut_off') throw fault('cut_off');
  return undefined;
}

/** How much of a refusal is searched for its cause. Bytes. */
const SEARCHED = 65_536;

/**
 * The fault for a status other than 200: https://shopify.dev/docs/api/usage/response-codes
 * For a 401, the caller that sent the token may know the cause more exactly.
 */
export function statusFault(answer: OutboundResponse): ExplainedFault {
  const { headers } = answer;
  const patience = { retryAfterMs: retryAfterMs(headers['retry-after'], Date.parse(headers.date ?? '')) };
  switch (answer.status) {
    case 401:
      return fault('bad_credentials');
    case 402:
      return fault('shop_frozen');
    case 403:
      return /scope|merchant approval/i.test(answer.body.subarray(0, SEARCHED).toString('utf8'))
        ? fault('missing_scopes', { values: { scopes: 'Shopify does not name them' } })
        : fault('rejected', { variant: 'forbidden' });
    case 404:
      return fault('shop_not_found');
    case 423:
      return fault('shop_locked');
    case 429:
      return fault('throttled', patience);
    case 430:
      return fault('rejected');
  }
  if (answer.status >= 500) return fault('unreachable', { variant: 'shopify', ...patience });
  return fault('unexpected_answer', { values: { found: `the status ${answer.status}` } });
}
