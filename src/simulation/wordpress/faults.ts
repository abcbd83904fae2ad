import { withRawControls } from '../rawControls.ts';
import type { Answer } from './answer.ts';
import type { FaultScope, REPLACED_ANSWERS } from './replacedAnswers.ts';

/**
 * The faults of a simulated site. Its pages are shorter than the real ones, but keep the words, headers and
 * status that identify the real ones.
 */
export type FaultName =
  | keyof typeof REPLACED_ANSWERS
  | keyof typeof CHANGED_ANSWERS
  | (typeof BEHAVIOURS)[number];

interface ChangedAnswer {
  scope: FaultScope;
  change: (answer: Answer) => Answer;
}

/** WordPress answers, but its response is changed on the way. */
export const CHANGED_ANSWERS = {
  dirty_json_bom: { scope: 'api', change: (answer) => ({ ...answer, body: `\uFEFF${answer.body}` }) },
  dirty_json_notice: {
    scope: 'api',
    change: (answer) => ({
      ...answer,
      body: `<br />\n<b>Notice</b>:  Undefined index: {a} in <b>/srv/plugin.php</b> on line <b>1</b><br />\n${answer.body}`,
    }),
  },
  dirty_json_named: {
    scope: 'api',
    change: (answer) => ({
      ...answer,
      body: `<br />\n<b>Warning</b>:  Cannot read {"a":1} and {"b": in <b>/srv/www/wp-content/plugins/old-slider/slider.php</b> on line <b>12</b><br />\n${answer.body}`,
    }),
  },
  dirty_json_script: {
    scope: 'api',
    change: (answer) => ({
      ...answer,
      body: `${answer.body}\n<script>window.stats = {"queries":[1,2,3]}; if (stats) { send(stats[0]); }</script>`,
    }),
  },
  /** A filter of the output puts line breaks and tabs into the texts of JSON. */
  dirty_json_raw_controls: {
    scope: 'api',
    change: (answer) => ({ ...answer, body: withRawControls(answer.body) }),
  },
  cut_off: {
    scope: 'api',
    change: (answer) => ({ ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) }),
  },
  /** A limit of the host that only a page of posts exceeds. */
  large_answers_cut: {
    scope: 'api',
    change: (answer) => ({ ...answer, body: answer.body.slice(0, 1_500) }),
  },
  always_success: {
    scope: 'everything',
    change: (answer) => (answer.status >= 400 ? { ...answer, status: 200 } : answer),
  },
  clock_slow: {
    scope: 'everything',
    change: (answer) => ({ ...answer, headers: { ...answer.headers, Date: shifted(-600) } }),
  },
  cached_api: {
    scope: 'connector',
    change: (answer) => ({ ...answer, headers: { ...answer.headers, Age: '37' } }),
  },
  too_large: {
    scope: 'api',
    change: (answer) => ({ ...answer, body: answer.body.padEnd(11 * 1024 * 1024) }),
  },
} as const satisfies Record<string, ChangedAnswer>;

/** WordPress, the connector or the connection behaves in an unusual way. */
export const BEHAVIOURS = [
  'outer_password',
  'outer_service_token',
  'query_stripped',
  'query_context_stripped',
  'writes_forbidden',
  'writes_not_allowed',
  'writes_answered_otherwise',
  'cookie_wall',
  'cookie_wall_endless',
  'cookie_wall_odd',
  'auth_header_stripped',
  'signature_headers_stripped',
  'basic_auth_plugin',
  'login_redirect',
  'only_users_all_in_one_security',
  'only_users_disable_rest_api',
  'only_users_force_login',
  'only_users_members',
  'only_users_password_protected',
  'only_users_site_enhancements',
  'gzip_unmarked',
  'gzip_false',
  'gzip_twice',
  'xmlrpc_disabled',
  'wrong_password_reported',
  'any_password_passes',
  'application_passwords_off',
  'low_role',
  'mapped_user_gone',
  'connector_missing',
  'connector_outdated',
  'connector_not_configured',
  'connection_disabled',
  'auth_not_enforced',
  'signature_not_compared',
  'cached_ping',
  'connector_clock_slow',
  'lists_shortened',
  'page_limit_lowered',
  'order_forced',
  'items_left_out',
  'items_closed',
  'items_doubled',
  'total_stripped',
  'total_doubled',
  'term_names_odd',
  'term_slugs_odd',
  'term_ids_odd',
  'other_home',
  'other_site_id',
  'redirect',
  'reset',
  'api_reset',
  'silent',
] as const;

function shifted(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toUTCString();
}
