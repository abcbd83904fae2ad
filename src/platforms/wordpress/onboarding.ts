import { RemoteError } from '../../errors.ts';
import { runConnectionTest } from '../connectionTest.ts';
import type { OnboardingPart } from '../platform.ts';
import type { WebhookHeaders } from '../webhookPart.ts';
import { readUuid } from './content/uuid.ts';
import { fault, faults } from './messages.ts';
import { compareHome, parseSiteAddress, type SiteAddress } from './site/siteAddress.ts';

const HOME_HEADER = 'X-Sitebridge-Home';
const INSTALLATION_HEADER = 'X-Sitebridge-Installation';

/** How the connector plugin names its site. Plugins before 0.5.0 do not name it. */
export const wordpressOnboarding: OnboardingPart = {
  headers: [
    {
      name: HOME_HEADER,
      required: false,
      description:
        'The home of the WordPress that sends this. A copy of the connected site is told by its home.',
    },
    {
      name: INSTALLATION_HEADER,
      required: false,
      description: 'The UUID of the installation of the plugin.',
    },
  ],
  senderOf(headers) {
    const home = addressOf(headerOf(headers, HOME_HEADER));
    if (home === null) return null;
    return { home: home.href, installation: readUuid(headerOf(headers, INSTALLATION_HEADER)) };
  },
  areTwoHomes(one, other) {
    const [first, second] = [addressOf(one), addressOf(other)];
    return first !== null && second !== null && compareHome(first, second.href) === 'other';
  },
  refuseOtherHome: ({ connected, asked }) =>
    runConnectionTest(faults, async (list) => {
      await list.run('identity', async () => {
        // Without its query, which may hold a secret.
        const found = addressOf(asked)?.href ?? '';
        const values = { connected, asked: found };
        throw fault('identity_mismatch', { variant: 'other_home', values, detail: found });
      });
    }),
};

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' && value.length <= 2_000 ? value : '';
}

function addressOf(text: string): SiteAddress | null {
  try {
    return parseSiteAddress(text);
  } catch (error) {
    if (error instanceof RemoteError) return null;
    throw error;
  }
}
