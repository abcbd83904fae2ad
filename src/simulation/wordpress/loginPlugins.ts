import { type Answer, html } from './answer.ts';
import { checkSignature } from './connector/signature.ts';
import { may } from './core/access.ts';
import { WpError } from './core/restAnswer.ts';
import { isSigned, type RestRequest, type SignIn } from './signIn.ts';
import type { SimulatedSite } from './site.ts';

/**
 * Plugins that let only signed-in users in, as read in their sources and tried on WordPress 6.8: Disable REST API
 * 1.9, Force Login 5.6.3, Password Protected 2.7.4, Admin Site Enhancements 5.1.0, Members 2.2.0, All-In-One
 * Security 5.1.5 and JSON Basic Authentication 0.1.
 */

/** What the plugins make of a sign-in to the REST API, in the order of their priorities. */
export function throughLoginPlugins(site: SimulatedSite, request: RestRequest, signedIn: SignIn): SignIn {
  const { user, refusal } = signedIn;
  // All-In-One Security acts before WordPress signs users of application passwords in.
  if (site.has('only_users_all_in_one_security') && (user === null || !isSigned(request))) {
    return refuse('wp_die', 500, 'You are not authorized to perform this action.');
  }
  if (
    site.has('basic_auth_plugin') &&
    refusal === null &&
    /^Basic /i.test(request.headers.authorization ?? '')
  ) {
    return accountPassword(site, request);
  }
  if (site.has('only_users_password_protected') && !may(user, 'edit_posts')) {
    return refuse('rest_cannot_access', 401, 'Only authenticated users can access the REST API.');
  }
  if (site.has('only_users_site_enhancements') && user === null) {
    const message = 'The REST API has been restricted to authenticated users.';
    return refuse('rest_api_authentication_required', 401, message);
  }
  if (user !== null || refusal !== null) return signedIn;
  if (site.has('only_users_disable_rest_api')) {
    return refuse('rest_cannot_access', 401, 'DRA: Only authenticated users can access the REST API.');
  }
  if (site.has('only_users_members')) {
    return refuse('rest_not_logged_in', 401, 'You are not currently logged in.');
  }
  if (site.has('only_users_force_login')) {
    return refuse('rest_unauthorized', 401, 'Only authenticated users can access the REST API.');
  }
  return signedIn;
}

/**
 * "JSON Basic Authentication" checks the header as an account password, before WordPress knows the request as
 * one of REST. No user of the simulation has an account password.
 */
function accountPassword(site: SimulatedSite, request: RestRequest): SignIn {
  const pair = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString(
    'utf8',
  );
  const login = pair.split(':')[0] ?? '';
  const known = site.state.users.some((each) => each.login === login);
  return known
    ? refuse(
        'incorrect_password',
        500,
        `<strong>Error:</strong> The password you entered for the username <strong>${login}</strong> is incorrect. <a href="${site.home}/wp-login.php?action=lostpassword">Lost your password?</a>`,
      )
    : refuse('invalid_username', 500, '<strong>Error:</strong> The username is not registered on this site.');
}

/** The redirect to the page to log in, or null. `route`: of the REST API; null for a page. */
export function sentToLogin(
  site: SimulatedSite,
  request: Pick<RestRequest, 'method' | 'target' | 'headers' | 'body'>,
  route: string | null,
): Answer | null {
  const path = new URL(request.target, 'http://site.invalid').pathname;
  if (path === `${site.base}/wp-login.php` || path === `${site.base}/xmlrpc.php`) return null;
  // A plugin that acts on `init` knows the users of the connector, but not those of application passwords.
  const isSignedIn = route !== null && isSignedRightly(site, { ...request, route });
  const all = site.has('login_redirect') && !isSignedIn;
  const pages =
    route === null && (site.has('only_users_force_login') || site.has('only_users_password_protected'));
  if (!all && !pages) return null;
  const to = encodeURIComponent(`${site.origin}${request.target}`);
  return { status: 302, headers: { Location: `${site.home}/wp-login.php?redirect_to=${to}` }, body: '' };
}

/** The page at wp-login.php. */
export function loginPage(site: SimulatedSite): Answer {
  return html(
    `<!DOCTYPE html><html><head><title>Log In</title><link rel="stylesheet" href="${site.home}/wp-includes/css/buttons.min.css" /></head><body class="login"><form name="loginform" id="loginform" action="${site.home}/wp-login.php" method="post"></form></body></html>`,
  );
}

function isSignedRightly(
  site: SimulatedSite,
  request: Pick<RestRequest, 'method' | 'target' | 'route' | 'headers' | 'body'>,
): boolean {
  return site.connector !== null && checkSignature(site.connector, request, Date.now()).ok;
}

function refuse(code: string, status: number, message: string): SignIn {
  return { user: null, refusal: new WpError(code, status, message, {}) };
}
