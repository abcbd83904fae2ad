import { ExplainedFault, Faults } from '../explainedFault.ts';
import { EXPLANATIONS } from './explanations.ts';

export type { ExplanationValues } from '../explainedFault.ts';

/**
 * A RemoteError with the messages and hints for WordPress. `{path}` in a text stands for the connector's
 * path.
 */
export type WordpressFault = ExplainedFault;
export const WordpressFault = ExplainedFault;

export const faults = new Faults(EXPLANATIONS, {
  path: '/wp-json/sitebridge/v1/',
  canonical: 'the address that the site redirects to',
});
export const { fault, explained } = faults;
