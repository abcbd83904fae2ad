import { ExplainedFault, explanationsOf } from '../explainedFault.ts';
import { EXPLANATIONS } from './explanations.ts';

export type { ExplanationValues } from '../explainedFault.ts';

/** What is wrong with a WordPress. In its words `{path}` stands for the connector's path. */
export const WordpressFault = ExplainedFault;
export type WordpressFault = ExplainedFault;

export const { fault, explained } = explanationsOf(EXPLANATIONS, {
  path: '/wp-json/sitebridge/v1/',
  canonical: 'the address that the site redirects to',
});
