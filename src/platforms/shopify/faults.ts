import { Faults } from '../explainedFault.ts';
import { EXPLANATIONS } from './explanations.ts';

export const faults = new Faults(EXPLANATIONS, {
  canonical: 'the address that Shopify redirects to',
});
export const { fault, explained } = faults;
