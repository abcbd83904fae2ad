/**
 * `npm run demo` runs a server and a simulated WordPress in one process. It shows step by step how a site is
 * connected, how a broken connection is diagnosed and fixed, how contents are synced and how webhooks arrive.
 * `-- --platform shopify` does the same with a simulated Shopify. The exit code is 0, or 1 with the reason on
 * stderr. No process and no file remains.
 */
import { parseArgs } from 'node:util';
import { endSignal } from '../endSignal.ts';
import { startSimulatedShopify } from '../simulation/shopify/simulatedShopify.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../simulation/wordpress/simulatedWordpress.ts';
import * as agency from './demo/agency.ts';
import { startLocalServer } from './demo/localServer.ts';
import { tellShopifyStory } from './demo/shopify/story.ts';
import * as story from './demo/story.ts';
import * as contentStory from './demo/wordpress/contentStory.ts';
import * as webhookStory from './demo/wordpress/webhookStory.ts';

/** Prints the numbered steps and their results. When `signal` is aborted, the next step throws. */
function narrator(signal: AbortSignal) {
  let steps = 0;
  return {
    say: (line: string) => void process.stdout.write(`   ${line}\n`),
    step: (title: string) => {
      signal.throwIfAborted();
      steps += 1;
      process.stdout.write(`\n${steps}. ${title}\n`);
    },
  };
}

async function showWordpress(signal: AbortSignal): Promise<void> {
  const { say, step } = narrator(signal);

  process.stdout.write('Sitebridge and a WordPress, both on this machine and for this demonstration only.\n');
  step('The server starts, with a database of its own in a temporary folder');
  const begun = performance.now();
  const server = await startLocalServer();
  let wordpress: SimulatedWordpress | undefined;
  try {
    wordpress = await startSimulatedWordpress({ siteId: 0 });
    say(`Ready after ${((performance.now() - begun) / 1000).toFixed(1)} s at ${server.url}.`);
    say('It may call this machine (OUTBOUND_ALLOW). By default it calls public addresses only.');

    step('An agency signs in and adds a site');
    const signedIn = await story.makeSite({ serverUrl: server.url, wordpress, say }, server.core.accounts);

    step('In WordPress, someone enters the site id and key in the plugin and presses Connect');
    const connected = await story.connect(signedIn);

    step('The agency tests the connection');
    await agency.test(connected, 'ok');

    step('The site breaks: the key in the plugin is wrong. Test again');
    await story.testWithWrongKey(connected);

    step('The key is right again, but another plugin blocks the REST API. Test again');
    await story.testWithClosedApi(connected);

    step('The other plugin no longer blocks the REST API. Test again');
    await story.mend(connected);

    step('The agency excludes a content type from syncing');
    await story.choose(connected);

    step('The structure is read from the site');
    await story.syncStructure(connected);

    step('The site changes');
    story.changeSite(connected);

    step('The structure is read again');
    await story.syncStructure(connected);

    await showContent(connected, step);
  } finally {
    await wordpress?.stop();
    await server.stop();
  }
  process.stdout.write('\nThe server has stopped and its files are removed.\n');
}

async function showContent(connected: story.Connected, step: (title: string) => void): Promise<void> {
  step('The content of the site is read');
  await contentStory.pull(connected);

  step('A user writes a post in the dashboard, and a sync publishes it on the site');
  const shared = await contentStory.publish(connected);

  step('The same post is edited on both sides');
  await contentStory.conflict(shared);

  step('A user resolves the conflict and keeps the version of the dashboard');
  await contentStory.settle(shared);

  step('A user publishes a post in WordPress');
  const told = await webhookStory.publish(connected);

  step('A user changes the title of the post in WordPress');
  await webhookStory.retitle(told);

  step('A user moves the post to the trash in WordPress');
  await webhookStory.trash(told);

  step('The sync states of all contents');
  await contentStory.standing(connected);

  step('The event log contains all of this');
  await agency.readRecord(connected);
}

async function showShopify(signal: AbortSignal): Promise<void> {
  const { say, step } = narrator(signal);
  process.stdout.write('Sitebridge and a Shopify, both on this machine and for this demonstration only.\n');
  step('The server starts, with a database of its own in a temporary folder');
  const begun = performance.now();
  const shopify = await startSimulatedShopify();
  try {
    const server = await startLocalServer({ SHOPIFY_BASE_URL: shopify.baseUrl });
    try {
      say(`Ready after ${((performance.now() - begun) / 1000).toFixed(1)} s at ${server.url}.`);
      say('It calls the simulated Shopify on this machine (SHOPIFY_BASE_URL, OUTBOUND_ALLOW).');
      await tellShopifyStory(
        { serverUrl: server.url, shopify, accounts: server.core.accounts },
        { step, say },
      );
    } finally {
      await server.stop();
    }
  } finally {
    await shopify.stop();
  }
  process.stdout.write('\nThe server has stopped and its files are removed.\n');
}

const demonstrations = new Map([
  ['wordpress', showWordpress],
  ['shopify', showShopify],
]);

/** Returns the demonstration that `--platform` selects. Throws for an unknown platform. */
function chosen(): (signal: AbortSignal) => Promise<void> {
  const { values } = parseArgs({ options: { platform: { type: 'string', default: 'wordpress' } } });
  const found = demonstrations.get(values.platform);
  if (found) return found;
  const names = [...demonstrations.keys()].join(', ');
  throw new Error(`Unknown platform "${values.platform}". --platform must be one of: ${names}.`);
}

const interrupted = new AbortController();
void endSignal().then((name) => interrupted.abort(new Error(`Stopped by ${name}.`)));
try {
  await chosen()(interrupted.signal);
  process.exit(0);
} catch (error) {
  process.stderr.write(
    `\nThe demonstration failed. ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
