/**
 * Every parser of what comes from outside, with hostile input of the largest size that reaches it. None may hold
 * the event loop for long, because all tenants share it.
 */
import { describe, expect, test } from '@jest/globals';
import { jwtFromRequest, presentedSiteKey } from '../../src/http/middleware/authenticate.ts';
import { parseJson as parseBody } from '../../src/http/rawBody.ts';
import { parse } from '../../src/http/validate.ts';
import { mayHoldExactNumbers } from '../../src/outbound/exactNumber.ts';
import { foreignUrl, withoutEndSlashes } from '../../src/outbound/foreignUrl.ts';
import type { OutboundResponse } from '../../src/outbound/httpClient.ts';
import { parseJson } from '../../src/outbound/json.ts';
import { checkedUrl, redirectTarget } from '../../src/outbound/redirects.ts';
import { readJson } from '../../src/platforms/custom/apiClient.ts';
import { customConfigSchema, customCredentialsSchema } from '../../src/platforms/custom/description.ts';
import { mapItem } from '../../src/platforms/custom/itemMap.ts';
import { POINTER } from '../../src/platforms/custom/jsonPointer.ts';
import { linkedNext } from '../../src/platforms/custom/nextPage.ts';
import { retryAfterMs } from '../../src/platforms/retryAfter.ts';
import { graphqlFault } from '../../src/platforms/shopify/api/graphqlAnswer.ts';
import { jsonOf, statusFault } from '../../src/platforms/shopify/api/httpAnswer.ts';
import { slugOf } from '../../src/platforms/shopify/content/slug.ts';
import { shopifyConfigSchema, shopifyCredentialsSchema } from '../../src/platforms/shopify/settings.ts';
import { shopOfWebhook, webhookSubject } from '../../src/platforms/shopify/webhooks/webhook.ts';
import { siteSlugs } from '../../src/platforms/siteSlug.ts';
import { refusalMessage } from '../../src/platforms/wordpress/content/faultText.ts';
import { wordpressConfigSchema } from '../../src/platforms/wordpress/settings.ts';
import { isOutdated } from '../../src/platforms/wordpress/site/connectorClient.ts';
import { readDirtyJson } from '../../src/platforms/wordpress/site/dirtyJson.ts';
import {
  generatorVersion,
  looksLikeWordpress,
  looksLikeWordpressCom,
  pageFault,
  servedFromCache,
} from '../../src/platforms/wordpress/site/faultPages.ts';
import { decodeCharacterReferences, withoutTags } from '../../src/platforms/wordpress/site/htmlText.ts';
import { compareHome, parseSiteAddress } from '../../src/platforms/wordpress/site/siteAddress.ts';
import { metadataWebhook, statusWebhook } from '../../src/platforms/wordpress/webhooks/bodies.ts';
import { scrub } from '../../src/security/scrub.ts';
import { isSigned } from '../../src/security/webhookSignature.ts';
import { longestHold } from '../support/eventLoop.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/**
 * The largest JSON of a site and the largest other answer, the largest body of a request, and the headers of
 * both. Bytes.
 */
const JSON_ANSWER = 32 * MIB;
const ANSWER = 10 * MIB;
const BODY = MIB;
const HEADER = 16 * KIB;

/** Parts that are repeated up to the size of an input. Each has made a parser slow somewhere. */
const PARTS: Readonly<Record<string, string>> = {
  brackets: '[',
  'brackets and braces': '[{',
  'open objects': '{"a":',
  blanks: ' ',
  lines: '\n',
  quotes: '"',
  backslashes: '\\',
  'escaped quotes': '\\"',
  'open tags': '<',
  'empty tags': '<>',
  'open comments': '<!--',
  'open scripts': '<script ',
  'objects in text': '>{"a":',
  'strings in arrays in text': '>["',
  ampersands: '&',
  'open references': '&a',
  slashes: '/',
  dots: 'a.',
  digits: '1',
  letters: 'a',
  'open braces': '{',
  links: '<a>;',
  'links with quotes': '<a>;"',
  'generator tags': '<meta name="generator" content="WordPress 1',
  members: '<member> ',
  'fatal errors': 'PHP Fatal error: ',
  'empty arrays': '[],',
  commas: ',',
  semicolons: ';rel=',
  scopes: 'read_a ',
  keys: 'Bearer sbk_',
  parentheses: '(',
  tildes: '/~',
  'halves of a pair': '\ud800',
};

/** `size` in bytes. */
function repeated(part: string, size: number): string {
  return part.repeat(Math.ceil(size / Buffer.byteLength(part)));
}

/** The parts in every frame that makes them nearly right, so that the parser only fails at the end. */
function* inputs(size: number, frames: readonly (readonly [string, string])[]) {
  for (const [name, part] of Object.entries(PARTS)) {
    for (const [before, after] of frames) {
      yield { name: `${before.slice(0, 60)} ${name} ${after}`, text: before + repeated(part, size) + after };
    }
  }
  // Every character of the host is another one: the encoding of host names compares each with each.
  const host = String.fromCodePoint(...Array.from({ length: 7_000 }, (_, index) => 0x4e00 + index));
  yield { name: 'a host in Unicode', text: `https://${repeated(host, size)}.example/` };
}

function page(body: Buffer | string, headers: Record<string, string> = {}, status = 403): OutboundResponse {
  const connect = { dns_ms: null, tcp_ms: null, tls_ms: null };
  return {
    status,
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.from(body),
    url: 'https://a.example/',
    redirects: 0,
    ms: 1,
    connect,
  };
}

interface Parser {
  size: number;
  frames?: readonly (readonly [string, string])[];
  read: (text: string, body: Buffer) => unknown;
}

const NO_FRAME = [['', '']] as const;
const custom = (change: object) => ({
  base_url: 'https://a.example',
  auth: { type: 'none' },
  test: { path: '/' },
  ...change,
});
const allHeaders = (text: string, names: readonly string[]) =>
  page('', Object.fromEntries(names.map((name) => [name, text])));

const PARSERS: Readonly<Record<string, Parser>> = {
  'JSON of an answer': {
    size: JSON_ANSWER,
    frames: [['[', '1]']],
    read: (_text, body) => parseJson(body),
  },
  'numbers in JSON of an answer': {
    size: 256 * 1024,
    frames: [
      ['[1', ']'],
      ['[-', '0]'],
      ['[0.', '0]'],
      ['[1e', ']'],
    ],
    read: (text) => mayHoldExactNumbers(text),
  },
  'JSON with other output around it': {
    size: ANSWER,
    frames: [
      ['', '}'],
      ['{"', ''],
      ['Notice: [ ', ' {"a":1}'],
      ['x{"a":1,"b":', '</script>'],
    ],
    read: (_text, body) => readDirtyJson(body),
  },
  'JSON of a custom API': {
    size: ANSWER,
    read: (_text, body) => readJson({ method: 'GET', path: '/' }, page(body)),
  },
  'JSON of a shop': { size: ANSWER, read: (_text, body) => jsonOf(page(body)) },
  'JSON of a request': {
    size: BODY,
    frames: [
      ['', ''],
      ['{"a":[', ']}'],
    ],
    read: (text) => parseBody(text),
  },
  'a wrong body': {
    size: BODY,
    read: (text) => [
      parse(statusWebhook, { external_id: text, status: text, url: text, modified_gmt: text }),
    ],
  },
  'a status webhook': {
    size: BODY,
    frames: [
      ['', ''],
      ['2026-01-01T00:00:00.', 'Z'],
    ],
    read: (text) => statusWebhook.safeParse({ external_id: text, post_type: text, modified_gmt: text }),
  },
  'a metadata webhook': {
    size: BODY,
    read: (text) => metadataWebhook.safeParse({ external_id: 1, title: text, meta: { a: text } }),
  },
  'a webhook of a shop': {
    size: BODY,
    frames: [
      ['', ''],
      ['gid://shopify/Product/', ''],
    ],
    read: (text) => [
      webhookSubject(text, {}),
      webhookSubject('products/update', { admin_graphql_api_id: text, updated_at: text }),
      shopOfWebhook({ 'x-shopify-shop-domain': text.slice(0, HEADER) }),
    ],
  },
  'a signature': {
    size: HEADER,
    frames: [
      ['', ''],
      ['v1,', ' v1,a'],
    ],
    read: (text) => isSigned('key', '{}', { id: text, timestamp: '1', signature: text }),
  },
  'an Authorization header': {
    size: HEADER,
    frames: [
      ['', ''],
      ['Bearer ', ''],
      ['Bearer', '\u0001'],
    ],
    read: (text) => [
      jwtFromRequest({ headers: { authorization: text } }),
      presentedSiteKey({ authorization: text }),
    ],
  },
  'a Link header': {
    size: HEADER,
    frames: [
      ['', ''],
      ['<a>; rel="', ''],
      ['<a>; title="', '"; rel=next'],
    ],
    read: (text) => linkedNext(text),
  },
  'a Retry-After header': {
    size: HEADER,
    frames: [
      ['', ''],
      ['Mon, ', ''],
      ['1.', 'a'],
    ],
    read: (text) => retryAfterMs(text, 0),
  },
  'a redirect': {
    size: HEADER,
    frames: [
      ['', ''],
      ['https://a.example/', ''],
      ['https://', '.example'],
    ],
    read: (text) => redirectTarget(302, { location: text }, new URL('https://a.example')),
  },
  'a URL of an answer': {
    size: ANSWER,
    frames: [
      ['', ''],
      ['https://', '.example'],
      ['https://a.example/', 'a'],
    ],
    read: (text) => [foreignUrl(text), withoutEndSlashes(text)],
  },
  'the URL of a request': { size: ANSWER, frames: [['https://', '.example']], read: checkedUrl },
  'a site address': {
    size: BODY,
    frames: [
      ['', ''],
      ['a', '@'],
      ['https://a.example/', 'a'],
      ['https://', '.example'],
    ],
    read: (text) => parseSiteAddress(text),
  },
  "a site's own address": {
    size: ANSWER,
    frames: [
      ['https://a.example/', 'a'],
      ['https://', '.example'],
    ],
    read: (text) => compareHome(new URL('https://a.example'), text),
  },
  'settings of WordPress': {
    size: BODY,
    frames: [
      ['', ''],
      ['a', '@'],
      ['https://', '.example'],
    ],
    read: (text) => wordpressConfigSchema.safeParse({ site_url: text }),
  },
  'settings of a shop': {
    size: BODY,
    frames: [
      ['', ''],
      ['a', '.myshopify.com'],
    ],
    read: (text) => [
      shopifyConfigSchema.safeParse({ shop_domain: text }),
      shopifyCredentialsSchema.safeParse({ access_token: text, client_id: text, client_secret: text }),
    ],
  },
  'settings of a custom API': {
    size: BODY,
    frames: [
      ['', ''],
      ['/', '}'],
      ['https://', '.example'],
    ],
    read: (text) => [
      customConfigSchema.safeParse(custom({ base_url: text })),
      customConfigSchema.safeParse(custom({ test: { path: text, expect_json_pointer: text } })),
      customConfigSchema.safeParse(custom({ auth: { type: 'header', name: text } })),
      customCredentialsSchema.safeParse({ token: text, username: text, password: text }),
    ],
  },
  'a JSON pointer': { size: BODY, frames: [['/', '~']], read: (text) => POINTER.test(text) },
  'an item of a custom API': {
    size: 4 * MIB - 100,
    frames: [
      ['', ''],
      ['2026-01-01T00:00:00.', 'a'],
      ['https://', '.example'],
    ],
    read: (text) =>
      mapItem(
        { id: text.slice(0, 100), text, long: { id: text } },
        {
          type: { slug: 'a', label: 'A' },
          map: { external_id: '/id', title: '/id', body: '/text', url: '/text', modified_at: '/text' },
        },
      ),
  },
  'a page in place of an answer': {
    size: ANSWER,
    frames: [
      ['', ''],
      ['<meta name="generator" content="WordPress 1', ''],
      ['<form ', ' id="loginform'],
      ['<body id="error-page">', 'Briefly unavailable'],
    ],
    read: (_text, body) => [
      pageFault(page(body), {}),
      pageFault(page(body, {}, 200), {}),
      looksLikeWordpress(page(body)),
      generatorVersion(page(body)),
      statusFault(page(body)),
    ],
  },
  'headers of an answer': {
    size: HEADER,
    frames: [
      ['', ''],
      ['<', '>; rel="https://api.w.org/'],
    ],
    read: (text) => {
      const answer = allHeaders(text, [
        'link',
        'x-cache',
        'age',
        'server',
        'www-authenticate',
        'retry-after',
        'host-header',
      ]);
      return [
        pageFault(answer, {}),
        servedFromCache(answer),
        looksLikeWordpressCom(answer),
        statusFault(answer),
      ];
    },
  },
  'a message of WordPress': {
    size: ANSWER,
    read: (text) => refusalMessage({ message: text, data: { params: { a: text, b: text } } }),
  },
  'a name in HTML': { size: ANSWER, read: (text) => [decodeCharacterReferences(text), withoutTags(text)] },
  'a short name in HTML': { size: 100_000, read: decodeCharacterReferences },
  'an error of GraphQL': {
    size: ANSWER,
    read: (text) =>
      graphqlFault([{ message: text, extensions: { code: 'ACCESS_DENIED', requiredAccess: text } }]),
  },
  'a version of the plugin': { size: 10 * KIB, read: isOutdated },
  'a text without secrets': { size: BODY, read: scrub },
  'a title for a slug': { size: BODY, read: (text) => [slugOf(text), siteSlugs(text)] },
};

/** A parser may refuse its input by any of the errors that its callers expect. */
async function settled(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return error;
  }
}

describe('hostile input of the largest size holds the event loop for less than 100 ms', () => {
  test.each(Object.entries(PARSERS))(
    '%s',
    async (_name, { size, frames = NO_FRAME, read }) => {
      const slow: string[] = [];
      for (const { name, text: built } of inputs(size, frames)) {
        const body = Buffer.from(built);
        const text = body.toString();
        const { ms } = await longestHold(() => settled(() => read(text, body)), 100);
        if (ms >= 100) slow.push(`${name}: ${Math.round(ms)} ms`);
      }
      expect(slow).toEqual([]);
    },
    300_000,
  );
});
