/** Made-up requests: right ones of the served document, and right ones with something wrong in them. */
import fc from 'fast-check';
import type { Document } from './answerRules.ts';
import { type FuzzRequest, framings, type Header } from './fuzzBytes.ts';
import type { Holdings } from './holdings.ts';
import { oddHeaders, oddMethod } from './hostileHeaders.ts';
import { coding, damage, hostileJson, poisoned } from './hostileValues.ts';
import { describedValue, type Hints } from './schemaArbitrary.ts';

const hostileTexts = [
  '%00',
  '%2e%2e',
  '%2e%2e%2f%2e%2e',
  '%252e%252e',
  '..',
  '%',
  '%zz',
  '%ED%A0%80',
  '%c0%ae',
  '1%2f2',
  '-0',
  '1e3',
  '0x10',
  '١',
  '9'.repeat(40),
  '9'.repeat(41),
  '9'.repeat(3_000),
  '{id}',
  ':id',
  '__proto__',
  '*',
  '%0d%0aX-A:%20b',
];
const hostileText = fc.constantFrom(...hostileTexts);

/** Mostly `usual`, sometimes `odd`. */
const mostly = <T>(weight: number, usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** Requests for the operations of a document. They name the rows of `own` and, seldom, of `foreign`. */
export function fuzzRequests(
  document: Document,
  own: Holdings,
  foreign: Holdings,
): fc.Arbitrary<FuzzRequest> {
  const hints = hintsFor(own, foreign);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  // The operations with a body have the most to go wrong.
  const writing = operations.filter(({ operation }) => operation.requestBody !== undefined);
  const called = fc.oneof(fc.constantFrom(...operations), fc.constantFrom(...writing));
  return fc.tuple(called, fc.boolean()).chain(([{ path, method, operation }, isCalm]) => {
    // A calm request is odd in its values only, so that they reach the inside of the server.
    const calmly = <T>(weight: number, usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
      isCalm ? usual : mostly(weight, usual, odd);
    const nothing = fc.constant(null);
    const schema = operation.requestBody?.content?.['application/json']?.schema;
    const parameters = (operation.parameters ?? []).filter((each) => each.in === 'query');
    return fc.record({
      method: calmly(8, fc.constant(method.toUpperCase()), oddMethod),
      target: fc
        .tuple(
          pathFor(path, hints, isCalm),
          isCalm ? fc.constant('') : queryFor(parameters, document, hints),
          calmly(7, fc.constant(asItIs), oddTarget),
        )
        .map(([filled, query, odd]) => odd(`${filled}${query}`)),
      json:
        schema === undefined
          ? calmly(6, nothing, hostileJson.map(written))
          : bodyOf(describedValue(schema, document.components.schemas, hints)),
      damage: isCalm ? nothing : damage,
      coding: isCalm ? nothing : coding,
      credentials: mostly(3, fc.constant('owner'), fc.constantFrom('viewer', 'key', 'none', 'garbage')),
      signature: mostly<FuzzRequest['signature']>(3, fc.constant('right'), fc.constantFrom('none', 'wrong')),
      headers: fc
        .tuple(webhookHeaders(path, own), calmly<Header[]>(2, fc.constant([]), oddHeaders))
        .map((all) => all.flat()),
      hasHost: calmly(20, fc.constant(true), fc.constant(false)),
      framing: calmly(5, fc.constant('length'), fc.constantFrom(...Object.keys(framings))),
    });
  });
}

const asItIs = (target: string) => target;

const written = (value: unknown) => JSON.stringify(value) ?? 'null';

function hintsFor(own: Holdings, foreign: Holdings): Hints {
  const id = (name: 'site' | 'integration' | 'content' | 'delivery' | 'run') =>
    fc.constantFrom<unknown>(own[name], own[name], own[name], own[name], foreign[name], 2_000_000_000);
  // No request leaves this machine: nothing listens at these addresses.
  const address = fc.constantFrom(
    'http://127.0.0.1:9',
    'http://127.0.0.1:9/blog/',
    'ftp://a',
    'http://',
    'https:',
  );
  return {
    site: id('site'),
    site_id: id('site'),
    integration: id('integration'),
    content: id('content'),
    content_id: id('content'),
    delivery: id('delivery'),
    run_id: id('run'),
    url: address,
    site_url: address,
    platform: fc.constantFrom('wordpress', 'shopify', 'custom', 'other', ''),
    config_json: fc.oneof(
      fc.constantFrom<unknown>({}, null, { site_url: 'http://127.0.0.1:9' }, { shop_domain: own.shop }),
      fc.record({ sync_settings: fc.record({ concurrency: fc.integer(), schedule: fc.jsonValue() }) }),
      fc
        .jsonValue()
        .map((value): unknown => ({ base_url: 'http://127.0.0.1:9', auth: value, content: value })),
    ),
    api_key: fc.constantFrom(own.key, own.previousKey, foreign.key, ''),
    post_type: fc.constantFrom('post', 'page', 'a'.repeat(100)),
    content_type: fc.constantFrom('post', 'page', 'product'),
  };
}

function pathFor(path: string, hints: Hints, isCalm: boolean): fc.Arbitrary<string> {
  const noun = ['sites', 'content', 'deliveries'].find((each) => path.includes(`/${each}/{id}`));
  const row = { sites: 'site', content: 'content', deliveries: 'delivery' }[noun ?? ''] ?? 'integration';
  const filled = (name: string) => {
    const usual = hints[name] ?? fc.nat();
    return (isCalm ? usual : mostly(5, usual, hostileText)).map(String);
  };
  return fc
    .tuple(filled(row), filled('run_id'), fc.constantFrom('-', '-', '_'))
    .map(([id, run, dash]) => path.replaceAll('-', dash).replace('{id}', id).replace('{run_id}', run));
}

function queryFor(
  parameters: { name: string; schema: Record<string, unknown> }[],
  document: Document,
  hints: Hints,
): fc.Arbitrary<string> {
  const one = (name: string, value: fc.Arbitrary<unknown>) =>
    value.map((each) => `${name}=${encodeURIComponent(String(each).toWellFormed())}`);
  const known = parameters.map(({ name, schema }) =>
    one(name, describedValue(schema, document.components.schemas, hints, name)),
  );
  const names = ['__proto__', 'constructor', 'a[]', 'site_id[]', 'page[a]', 'limit', ''];
  const odd = fc.tuple(fc.constantFrom(...names), hostileText).map(([name, value]) => `${name}=${value}`);
  const all = known.length === 0 ? odd : mostly(3, fc.oneof(...known), odd);
  return mostly(
    2,
    fc.array(all, { maxLength: 3 }),
    all.map((each) => [each, each, each]),
  ).map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`));
}

const oddTarget: fc.Arbitrary<(target: string) => string> = fc.constantFrom(
  (target: string) => `http://elsewhere.example${target}`,
  (target: string) => `/${target}`,
  (target: string) => target.replace('?', '/?'),
  (target: string) => `${target}#fragment`,
  (target: string) => `${target}${'/a'.repeat(2_000)}`,
  (target: string) => `${target}?${'a=b&'.repeat(3_000)}`,
  (target: string) => target.toUpperCase(),
  (target: string) => target.replace('/v1', '/v1/../v1'),
  (target: string) => target.replace('/v1/', '/v1/%2e%2e/v1/'),
  () => '*',
);

function bodyOf(right: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(
    right.map(written),
    fc
      .tuple(right, hostileJson, fc.nat())
      .map(([value, hostile, at]) => written(poisoned(value, hostile, at))),
  );
}

function webhookHeaders(path: string, own: Holdings): fc.Arbitrary<Header[]> {
  if (!path.includes('/webhooks/')) return fc.constant([]);
  const topics = [
    'products/update',
    'collections/delete',
    'app/uninstalled',
    'shop/redact',
    'orders/create',
    '',
  ];
  const at = ['2026-01-01T00:00:00Z', 'nonsense', '9999-12-31T23:59:59Z'];
  return fc.tuple(fc.constantFrom(...topics), fc.constantFrom(...at), fc.uuid()).map(([topic, time, id]) => [
    ['X-Site-Id', String(own.site)],
    ['X-Shopify-Shop-Domain', own.shop],
    ['X-Shopify-Topic', topic],
    ['X-Shopify-Triggered-At', time],
    ['X-Shopify-Webhook-Id', id],
  ]);
}
