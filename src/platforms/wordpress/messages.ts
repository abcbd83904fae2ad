import { USER_AGENT } from '../../outbound/httpClient.ts';
import { ExplainedFault, Faults } from '../explainedFault.ts';
import { EXPLANATIONS } from './explanations.ts';

export type { ExplanationValues } from '../explainedFault.ts';

/**
 * A RemoteError with the messages and hints for WordPress. In a text, `{path}` stands for the path of our
 * requests, and `{agent}` for our user agent without its version.
 */
export type WordpressFault = ExplainedFault;
export const WordpressFault = ExplainedFault;

export const faults = new Faults(EXPLANATIONS, {
  path: '/wp-json/sitebridge/v1/',
  agent: USER_AGENT.replace(/[\d.]+$/, ''),
  canonical: 'the address that the site redirects to',
});
export const { fault, explained } = faults;
