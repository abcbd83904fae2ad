import type { Explanations } from '../explainedFault.ts';
import { OUTER_EXPLANATIONS } from '../outer/outerExplanations.ts';

/** Messages and hints for what stands before a WordPress, and for what changes or stops requests and answers on the way. */
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
  dirty_json: {
    message:
      'PHP or a plugin prints other text beside the answers: warnings, a script, a byte order mark. We skip it.',
    hint: 'Switch display_errors off in PHP, and correct the plugin or file that prints the text.',
  },
  'dirty_json.named': {
    message: 'PHP prints warnings about {file} beside its answers. We skip them.',
    hint: 'Switch display_errors off in PHP, and update or correct the plugin or theme of that file.',
  },
  'dirty_json.raw_controls': {
    message:
      'A filter puts line breaks or tabs into the texts of the answers, which JSON does not allow. We read on.',
    hint: 'Find the plugin or theme that changes the output of the REST API, such as one that formats or compresses HTML, and except {path} from it.',
  },
  'bad_encoding.unmarked': {
    message: 'The answers of the site are compressed, but no header says so.',
    hint: 'A plugin, the web server or a cache compresses twice or removes the header Content-Encoding: let only one of them compress.',
  },
  cut_off: {
    message: 'The answer of the site ends in the middle.',
    hint: "A proxy, or a limit of PHP's time or memory, cuts answers off: look into the error log of the site's web server. We try again.",
    retryable: true,
  },
  cached_api: {
    message: 'A cache answers instead of the REST API.',
    hint: 'Exclude {path} from the cache of the site, the caching plugin and the CDN.',
  },
  'cached_api.replayed': {
    message: 'A request of ours reached the connector twice.',
    hint: 'A proxy or cache in front of the site repeats requests: exclude {path} from it.',
    retryable: true,
  },
};
