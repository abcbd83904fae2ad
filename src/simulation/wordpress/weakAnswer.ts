import { type Answer, html, json } from './answer.ts';
import { isRecord } from './core/requestBody.ts';
import { answerSite, restRoute, type SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';
import { type Breakdown, HostGaveUp, type Weakness } from './weakness.ts';

/** Answers a request on a weak host. A batch that is too large is carried out up to the place where the host gives up. */
export function answerWeakly(site: SimulatedSite, weakness: Weakness, request: SiteRequest): Answer | 'drop' {
  const route = restRoute(site, request.target)?.route;
  const isSparedWhole = weakness.onlyRendering && !request.target.includes('content.rendered');
  if (route === undefined || isSparedWhole) return answerSite(site, request);
  const isBatch = route === '/batch/v1';
  if (!isBatch && dies(weakness, request.body.toString('utf8'))) return broken(weakness.by, '');
  let written = 0;
  site.beforeItem = (sent) => {
    written += 1;
    if (written > (weakness.mostItems ?? written) || dies(weakness, sent)) throw new HostGaveUp();
  };
  try {
    const answer = answerSite(site, request);
    const isSpared = route === '/sitebridge/v1/inventory' && !weakness.countsInventory;
    return !isSpared && answer.status < 400 && isTooMuch(site, weakness, answer.body)
      ? broken(weakness.by, answer.body)
      : answer;
  } catch (error) {
    if (error instanceof HostGaveUp) return broken(weakness.by, '');
    throw error;
  } finally {
    site.beforeItem = () => undefined;
  }
}

function dies({ diesOn }: Weakness, sent: string): boolean {
  return diesOn !== undefined && sent.includes(diesOn);
}

function isTooMuch(site: SimulatedSite, { mostItems, diesOn }: Weakness, body: string): boolean {
  const value: unknown = JSON.parse(body);
  const items = itemsIn(value);
  if (mostItems !== null && items.length > mostItems) return true;
  if (diesOn === undefined) return false;
  return [...items, value].some((item) => {
    const id = isRecord(item) && typeof item.id === 'number' ? item.id : null;
    const isPost = isRecord(item) && !('taxonomy' in item);
    return id !== null && isPost && site.post(id)?.content.includes(diesOn) === true;
  });
}

function itemsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return [];
  const lists = [value.items, value.responses, value.ranges].filter((list) => Array.isArray(list));
  return lists.flat();
}

function broken(by: Breakdown, body: string): Answer | 'drop' {
  switch (by) {
    case 'gateway_timeout':
      return html('<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>', 504);
    case 'cut':
      return 'drop';
    case 'cut_off':
      return body === '' ? 'drop' : { ...json(null), body: body.slice(0, Math.ceil(body.length / 2)) };
    case 'critical_error':
      return json(
        {
          code: 'internal_server_error',
          message: '<p>There has been a critical error on this website.</p>',
          data: { status: 500 },
          additional_errors: [],
        },
        500,
      );
    case 'error_page':
      return html(
        '<html><body id="error-page"><p>There has been a critical error on this website.</p></body></html>',
        500,
      );
  }
}
