import type { Explanations } from '../explainedFault.ts';
import { OUTER_EXPLANATIONS } from '../outer/outerExplanations.ts';

/** Messages and hints for what stands before a WordPress, and for what changes or stops requests on the way. */
export const WAY_EXPLANATIONS: Explanations = {
  ...OUTER_EXPLANATIONS,
  outer_basic_auth: {
    message: 'The web server asks for a password before WordPress does, as staging sites do.',
    hint: 'Enter its user name and password as credentials_json.outer.basic, remove it, or except {path} from it.',
  },
  writes_blocked: {
    message: 'The site can be read, but not written to: {who} answers POST {target} with {found}.',
    hint: 'In the web server, firewall or settings of the host, allow POST requests to {target} and to paths that begin with {path}. Until then contents are read, and nothing is pushed.',
  },
  outer_needs_connector: {
    message:
      'The password before the site and the application password are both sent in the header Authorization, which holds only one.',
    hint: 'Install the connector plugin, whose signature does not use this header; or except {path} from the password before the site.',
  },
  query_stripped: {
    message: 'Parameters of our requests are lost on the way to WordPress: {missing}.',
    hint: 'A cache, CDN or proxy before the site drops query parameters: let requests to {path} pass with their whole query, and uncached.',
  },
};
