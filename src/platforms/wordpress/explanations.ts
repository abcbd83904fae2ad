import { CONNECTION_EXPLANATIONS } from '../connectionExplanations.ts';
import type { Explanations } from '../explainedFault.ts';
import { WAY_EXPLANATIONS } from './wayExplanations.ts';

const ALLOW_PATH = 'allow requests whose path begins with {path} and whose user agent begins with {agent}';

/** Messages and hints for the fault codes of a WordPress site. */
export const EXPLANATIONS: Explanations = {
  ...CONNECTION_EXPLANATIONS,
  ...WAY_EXPLANATIONS,
  invalid_url: {
    message: 'The site address is not a web address.',
    hint: 'Write it as in the browser, for example https://example.com or https://example.com/blog.',
  },
  'unreachable.reset': {
    message: 'The site breaks off the connection before it has answered.',
    hint: "A firewall may cut us off, or PHP crashes: look into the web server's error log, and allow requests from this server.",
    retryable: true,
  },
  'unreachable.gateway': {
    message: 'The proxy in front of the site says that the site itself is down.',
    hint: 'Check that PHP and the web server behind the proxy or CDN are running.',
    retryable: true,
  },
  timeout: {
    message: 'The site did not answer in time.',
    hint: 'The site is very slow or stuck. We try again; look for slow plugins if it stays so.',
    retryable: true,
  },
  too_large: {
    message: 'The answer of the site is larger than this server accepts.',
    hint: 'Check that the address leads to the site and not to a download, and that no plugin adds to REST answers.',
  },

  not_wordpress: {
    message: 'There is a website here, but no WordPress was found.',
    hint: 'Check the address. If WordPress is in a subdirectory, add it to the address, for example https://example.com/blog.',
  },
  wordpress_com: {
    message: 'This is a site on WordPress.com, which offers no REST API of its own.',
    hint: 'A plan that allows plugins is needed, and the connector plugin in it; or move the site to a hoster of your own.',
  },
  plain_permalinks: {
    message: 'The site uses plain permalinks.',
    hint: 'No need to act. Pretty permalinks (Settings > Permalinks) also give the REST API its usual address.',
  },
  rest_disabled: {
    message: "A plugin or setting switches the site's REST API off for us, signed in or not.",
    hint: 'In the plugin that restricts the REST API, allow the namespace sitebridge/v1 ({path}). Most such plugins let signed-in users pass: check also that site key or password are right.',
  },
  'rest_disabled.sign_in_page': {
    message: 'A plugin sends our requests to the page to log in, signed in or not.',
    hint: 'In the plugin that closes the site to visitors, except the REST API ({path}). The connector plugin signs in earlier than an application password, and may pass.',
  },
  'rest_disabled.wp_die': {
    message: "A plugin breaks the site's REST API off for us, signed in or not.",
    hint: 'In the plugin that restricts the REST API (such as All-In-One Security: Disallow unauthorized REST requests), let us in, or install the connector plugin: it signs in earlier than an application password, and passes.',
  },
  'rest_disabled.disable_rest_api': {
    message: 'The plugin Disable REST API lets only signed-in users use the REST API.',
    hint: 'Under Settings > Disable REST API, tick the namespace sitebridge/v1 for unauthenticated users. Signed-in users pass, so check also that site key or password are right.',
  },
  'rest_disabled.itsec_rest_api_access_restricted': {
    message: 'Solid Security (formerly iThemes Security) restricts the REST API.',
    hint: 'Under Security > Settings > Advanced > WordPress Tweaks, set REST API to Default Access.',
  },
  'rest_disabled.disable_wp_rest_api': {
    message: 'The plugin Disable WP REST API lets only signed-in users use the REST API.',
    hint: 'Signed-in users pass: check that site key or password are right. Else deactivate that plugin, or use one that can except the namespace sitebridge/v1.',
  },
  'rest_disabled.sitebridge_connection_disabled': {
    message: 'The connection is switched off in the connector plugin.',
    hint: 'Switch it on in WordPress under Settings > Sitebridge.',
  },
  'rest_disabled.hidden': {
    message: 'WordPress is there, but its REST API does not answer under any of its addresses.',
    hint: 'A plugin or the web server hides it: allow the path {path} and the parameter rest_route.',
  },

  firewall: {
    message: 'Something in front of WordPress forbids our request.',
    hint: `In the web server, firewall or security plugin of the site, ${ALLOW_PATH}.`,
  },
  'firewall.wordfence': {
    message: 'The Wordfence firewall blocks our requests.',
    hint: `In Wordfence > Firewall > All Firewall Options, ${ALLOW_PATH} (Allowlisted URLs), and unblock this server under Blocking.`,
  },
  'firewall.cloudflare': {
    message: 'Cloudflare answers with a browser challenge or a block.',
    hint: `In Cloudflare > Security > WAF, add a custom rule with the action Skip for URI paths that begin with {path} and user agents that begin with {agent}, bot fight mode included.`,
  },
  'firewall.sucuri': {
    message: 'The Sucuri firewall blocks our requests.',
    hint: `In the Sucuri dashboard under Access Control > Allow URL Paths, ${ALLOW_PATH}.`,
  },
  'firewall.modsecurity': {
    message: "ModSecurity in the site's web server blocks our requests.",
    hint: `Ask the hoster to ${ALLOW_PATH}: they find the rule's number in the ModSecurity audit log.`,
  },
  'firewall.siteground': {
    message: "SiteGround's anti-bot system answers with a captcha.",
    hint: `Ask SiteGround's support to ${ALLOW_PATH} past the anti-bot captcha.`,
  },
  'firewall.imunify360': {
    message: 'Imunify360 on the host treats this server as a bot.',
    hint: `Ask the hoster to allow this server in Imunify360 and to ${ALLOW_PATH}.`,
  },
  'firewall.incapsula': {
    message: 'Imperva (Incapsula) in front of the site blocks our requests.',
    hint: `In Imperva's security rules, ${ALLOW_PATH}.`,
  },
  'firewall.akamai': {
    message: 'Akamai in front of the site blocks our requests.',
    hint: `In Akamai's security configuration, ${ALLOW_PATH}.`,
  },
  'firewall.aws_waf': {
    message: 'AWS WAF in front of the site blocks our requests.',
    hint: `In the web ACL, ${ALLOW_PATH}, before the rule that challenges.`,
  },
  auth_header_stripped: {
    message: 'WordPress does not see the Authorization header that we send.',
    hint: 'The web server strips it: add "CGIPassAuth On" or "SetEnvIf Authorization (.*) HTTP_AUTHORIZATION=$1" to .htaccess. The connector plugin needs no such header.',
  },
  'auth_header_stripped.signature': {
    message: 'The connector does not see the X-Sitebridge headers that we send.',
    hint: 'A proxy, CDN or cache before the site drops them or answers in its place: let requests to {path} pass with all headers and uncached.',
  },
  application_passwords_off: {
    message: 'Application passwords are switched off on the site.',
    hint: 'WordPress offers them only over HTTPS, and security plugins can switch them off: switch them on, or install the connector plugin, which needs none.',
  },
  bad_credentials: {
    message: 'The site does not accept the user name and application password.',
    hint: 'Make a new application password in WordPress under Users > Profile and enter it here with the login name of that user.',
  },
  'bad_credentials.unclear': {
    message: 'WordPress does not sign us in with the user name and application password.',
    hint: 'Make a new application password in WordPress under Users > Profile. If that changes nothing, the web server strips the Authorization header: add "CGIPassAuth On" to .htaccess, or install the connector plugin, which needs no such header.',
  },
  'bad_credentials.signature': {
    message: 'The connector holds another site key than this server.',
    hint: 'Rotate the site key here, and enter the new key in WordPress under Settings > Sitebridge.',
  },
  connector_other_key: {
    message:
      'The connector does not hold the key of this site, so the application password is used instead of it.',
    hint: 'Enter server address, site id and the current site key in WordPress under Settings > Sitebridge. If the plugin belongs to another server, it can stay as it is: syncs are slower then, and no change is told at once.',
  },
  request_rewritten: {
    message:
      'The connector holds our key, but another request arrived there than we sent: a proxy {difference}.',
    hint: 'Something in front of WordPress, or a plugin, rewrites our requests: let it pass those to {path} unchanged.',
  },
  'bad_credentials.not_configured': {
    message: 'The connector is installed, but holds no site key yet.',
    hint: 'In WordPress under Settings > Sitebridge, enter server address, site id and site key, and press Connect.',
  },
  'bad_credentials.no_key': {
    message: 'The connector is installed, but this site has no key on this server.',
    hint: 'Make a site key here, and enter it in WordPress under Settings > Sitebridge.',
  },
  basic_auth_plugin: {
    message:
      'A plugin checks the Authorization header as an account password, and refuses application passwords.',
    hint: 'Deactivate that plugin ("JSON Basic Authentication" or one like it): WordPress needs none for application passwords. Or install the connector plugin, whose signature does not use this header.',
  },
  insufficient_role: {
    message: 'The WordPress user may not do what is needed: {missing}.',
    hint: 'Use a WordPress user with the role Editor or Administrator.',
  },
  'insufficient_role.user_invalid': {
    message:
      'The connector cannot act as the WordPress user that is chosen there: the user is gone, or administers the network and did not enter the key.',
    hint: 'Choose an Editor in WordPress under Settings > Sitebridge.',
  },
  connector_missing: {
    message: 'WordPress is there, but the connector plugin is not.',
    hint: 'Install and activate the plugin Sitebridge Connector in WordPress, or enter a user name and application password here.',
  },
  connector_outdated: {
    message: 'The connector plugin {found} is too old; {minimum} is the oldest that works.',
    hint: 'Update the plugin Sitebridge Connector in WordPress.',
  },
  auth_not_enforced: {
    message: 'The site lets a request with a wrong key pass, so a passed test would prove nothing.',
    hint: 'Another plugin, a proxy or a cache answers for the connector: let nothing answer {path} but the connector plugin.',
  },
  'auth_not_enforced.password': {
    message: 'The site lets a request with a wrong password pass, so a passed test would prove nothing.',
    hint: 'Another plugin signs every request in: deactivate plugins that change the sign-in of the REST API.',
  },
  identity_mismatch: {
    message: 'Another site answers than the one asked for: {found}.',
    hint: 'If this is a clone or the site has moved, correct the site address here, or make a new site for the clone.',
  },
  'identity_mismatch.site_id': {
    message: 'The connector is connected as another site of this server.',
    hint: 'If this is a clone, make a new site here; else enter the right site id in WordPress under Settings > Sitebridge.',
  },
  'identity_mismatch.other_home': {
    message: 'The site is connected as {connected}, and this request is for {asked}.',
    hint: 'If the site has moved, confirm it: in the plugin, or with "moved": true. If this is a copy, make a site of its own for it here, and connect the copy with the key of that site.',
  },
  maintenance: {
    message: 'The site is in maintenance mode, as during an update.',
    hint: 'We try again. If it lasts longer than an hour, delete the file .maintenance in the WordPress folder.',
    retryable: true,
  },
  site_database: {
    message: 'WordPress cannot reach its database.',
    hint: 'The database of the site is down, or wp-config.php has the wrong access data: ask the hoster. We try again.',
    retryable: true,
  },
  fatal: {
    message: 'WordPress stops with a critical error.',
    hint: "Look into PHP's error log (or wp-content/debug.log) for the plugin or theme that fails.",
  },
  'fatal.sitebridge_nonce_store_failed': {
    message: 'The connector cannot write to the database of the site.',
    hint: "Check that the database has room and that WordPress's database user may write.",
  },
  clock_skew: {
    message: "The site's clock and ours are {seconds} seconds apart.",
    hint: "Set the clock of the site's server by NTP.",
  },
  unexpected_answer: {
    message: 'The site gave an answer that WordPress does not give: {found}.',
    hint: 'A plugin changes the REST API. Deactivate other plugins one by one to find it.',
  },
};
