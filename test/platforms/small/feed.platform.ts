import { z } from 'zod';
import type { OutboundClient } from '../../../src/outbound/httpClient.ts';
import { CONNECTION_EXPLANATIONS } from '../../../src/platforms/connectionExplanations.ts';
import { runConnectionTest } from '../../../src/platforms/connectionTest.ts';
import { Faults } from '../../../src/platforms/explainedFault.ts';
import type { Platform } from '../../../src/platforms/platform.ts';

const faults = new Faults(
  {
    ...CONNECTION_EXPLANATIONS,
    not_a_feed: {
      message: 'There is no JSON Feed under this address.',
      hint: 'Enter the address of the feed itself, which often ends in feed.json.',
    },
  },
  { canonical: 'the address that it redirects to' },
);

const configSchema = z.strictObject({
  feed_url: z.url({ protocol: /^https?$/ }).meta({ description: 'The address of the feed.' }),
});

/** A JSON Feed: https://www.jsonfeed.org/version/1.1/ */
export function createFeedPlatform({ outbound }: { outbound: OutboundClient }): Platform {
  return {
    name: 'feed',
    type: 'feed',
    capabilities: { usesSiteKey: false, structure: false, content: false },
    configSchema,
    credentialsSchema: z.strictObject({}),
    testConnection: ({ config }) =>
      runConnectionTest(faults, async (list, remote) => {
        const { feed_url } = configSchema.parse(config);
        const response = await list.reach(() => outbound.request({ url: feed_url }));
        await list.run('feed', async () => {
          const feed = readFeed(response.body.toString());
          if (feed === null) throw faults.fault('not_a_feed');
          remote.name = feed.title;
          return { value: feed };
        });
      }),
  };
}

const feedShape = z.object({
  version: z.string().startsWith('https://jsonfeed.org/version/'),
  title: z.string(),
});

/** The response is foreign input and may be any text. */
function readFeed(body: string): z.output<typeof feedShape> | null {
  try {
    return feedShape.parse(JSON.parse(body));
  } catch {
    return null;
  }
}
