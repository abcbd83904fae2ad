import { explanationsOf } from '../explainedFault.ts';
import { EXPLANATIONS } from './explanations.ts';

export const { fault, explained } = explanationsOf(EXPLANATIONS, {
  canonical: 'the address that Shopify redirects to',
});
