/**
 * `npm run demo`: a server and a simulated WordPress in one process: connected, broken, mended, kept in step,
 * told of changes, and shown step by step. Exits 0, or 1 with the reason. Leaves no process and no file behind.
 */
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../simulation/wordpress/simulatedWordpress.ts';
import * as contentStory from './demo/contentStory.ts';
import { startLocalServer } from './demo/localServer.ts';
import * as story from './demo/story.ts';
import * as webhookStory from './demo/webhookStory.ts';

let steps = 0;

async function main(signal: AbortSignal): Promise<void> {
  const say = (line: string) => process.stdout.write(`   ${line}\n`);
  const step = (title: string) => {
    signal.throwIfAborted();
    steps += 1;
    process.stdout.write(`\n${steps}. ${title}\n`);
  };

  process.stdout.write('Sitebridge and a WordPress, both on this machine and for this demonstration only.\n');
  step('The server starts, with a database of its own in a temporary folder');
  const begun = performance.now();
  const server = await startLocalServer();
  let wordpress: SimulatedWordpress | undefined;
  try {
    wordpress = await startSimulatedWordpress({ siteId: 0 });
    say(`Ready after ${((performance.now() - begun) / 1000).toFixed(1)} s at ${server.url}.`);
    say('It may call this machine (OUTBOUND_ALLOW); as a rule it calls public addresses only.');

    step('An agency signs in and adds a site');
    const signedIn = await story.makeSite({ serverUrl: server.url, wordpress, say }, server.core.accounts);

    step('In WordPress, someone enters the site id and key in the plugin and presses Connect');
    const connected = await story.connect(signedIn);

    step('The agency tests the connection');
    await story.test(connected, 'ok');

    step('The site breaks: the key in the plugin is another one. Test again');
    await story.testWithWrongKey(connected);

    step('The key is right again, but a plugin closes the REST API. Test again');
    await story.testWithClosedApi(connected);

    step('The plugin lets the connector through. Test again');
    await story.mend(connected);

    step('The agency makes a choice');
    await story.choose(connected);

    step('The structure is read from the site');
    await story.syncStructure(connected);

    step('The site changes');
    story.changeSite(connected);

    step('The structure is read again');
    await story.syncStructure(connected);

    step('The content of the site is read');
    await contentStory.pull(connected);

    step('Someone writes a post in the dashboard, and it is published on the site');
    const shared = await contentStory.publish(connected);

    step('The same post is edited on both sides');
    await contentStory.conflict(shared);

    step('Someone decides for what was written in the dashboard');
    await contentStory.settle(shared);

    step('In WordPress, someone publishes a post');
    const told = await webhookStory.publish(connected);

    step('Someone changes its title');
    await webhookStory.retitle(told);

    step('Someone moves it to the trash');
    await webhookStory.trash(told);

    step('Where the contents stand');
    await contentStory.standing(connected);

    step('All of it is on record');
    await story.readRecord(connected);
  } finally {
    await wordpress?.stop();
    await server.stop();
  }
  process.stdout.write('\nThe server has stopped and its files are removed.\n');
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
try {
  await main(interrupted.signal);
  process.exit(0);
} catch (error) {
  process.stderr.write(
    `\nThe demonstration failed. ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
