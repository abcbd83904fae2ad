/** Sites whose answers or requests are changed on the way, and sites behind a door of their host. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../../src/platforms/connection.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { readOut, testPace } from '../../support/contentCaller.ts';
import { connectionTo, notes, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

let site: SimulatedWordpress;
const { platform, close } = testPlatform();

beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
});
afterEach(() => {
  site.clearFaults();
  site.state.requests.length = 0;
});
afterAll(async () => {
  close();
  await site.stop();
});

const WAYS = [
  ['connector', {}],
  ['password', PASSWORD],
] as const;
type Way = (typeof WAYS)[number][0];

/** The connector is missing where an application password signs in. */
function by(way: Way): void {
  if (way === 'password') site.setFault('connector_missing');
}

const tested = (changes: Partial<Connection>) => platform.testConnection(connectionTo(site.url, changes));

async function open(changes: Partial<Connection>) {
  const session = await platform.content?.open(connectionTo(site.url, changes), testPace());
  if (session === undefined) throw new Error('WordPress has content.');
  return session;
}

const POSTS = { type: { slug: 'post', structure: null }, newest: null, cursor: null };

describe('a filter of the output that puts line breaks and tabs into JSON', () => {
  it.each(WAYS)('is read past, and told once, by %s', async (way, credentials) => {
    const body = '<p>one</p>\n\n\t<p>two "quoted" \\n</p>';
    const post = site.editor.create('post', { title: 'Lines', content: body, status: 'publish' });
    by(way);
    site.setFault('dirty_json_raw_controls');
    const result = await tested({ credentials });
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(notes(result).filter((code) => code !== 'connector_missing')).toEqual(['dirty_json']);
    expect(result.checks.find(({ code }) => code === 'dirty_json')).toMatchObject({ name: 'content' });
    const { items } = await readOut((await open({ credentials })).readAll(POSTS));
    const read = items.find(({ externalId }) => externalId === String(post.id));
    expect(read).toMatchObject({ title: 'Lines', body });
    expect(read).not.toHaveProperty('unread');
  });
});
