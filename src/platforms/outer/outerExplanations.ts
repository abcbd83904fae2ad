import type { Explanations } from '../explainedFault.ts';

const BY_HEADER =
  'let our requests pass by a header that is entered as credentials_json.outer.headers, or except {path} from the sign-in';

/** Messages and hints for what stands before a site: a password, a page to sign in, a guard against bots. */
export const OUTER_EXPLANATIONS: Explanations = {
  'outer_basic_auth.refused': {
    message: 'The password before the site is not accepted.',
    hint: 'Correct the user name and password in credentials_json.outer.basic: they are those of the web server, as for a staging site.',
  },
  outer_login: {
    message: 'The site sends our requests to a page to sign in on {host}.',
    hint: `In the product that asks for the sign-in, ${BY_HEADER}. The address of the page to sign in is not the address of the site.`,
  },
  'outer_login.cloudflare_access': {
    message: 'Cloudflare Access asks for a sign-in before the site does ({host}).',
    hint: 'In Cloudflare Zero Trust, make a service token, allow it in a policy of the site with the action Service Auth, and enter its headers CF-Access-Client-Id and CF-Access-Client-Secret as credentials_json.outer.headers.',
  },
  'outer_login.entra': {
    message: 'Microsoft Entra ID (Azure) asks for a sign-in before the site does ({host}).',
    hint: `In the Azure service before the site (App Service authentication, Application Proxy), ${BY_HEADER}.`,
  },
  'outer_login.okta': {
    message: 'Okta asks for a sign-in before the site does ({host}).',
    hint: `In the gateway that sends visitors to Okta, ${BY_HEADER}.`,
  },
  'outer_login.google_iap': {
    message: "Google's Identity-Aware Proxy asks for a sign-in before the site does ({host}).",
    hint: `In the Google Cloud load balancer, ${BY_HEADER}: a backend service of its own without IAP for that path.`,
  },
  'outer_login.authelia': {
    message: 'Authelia asks for a sign-in before the site does ({host}).',
    hint: `In access_control of Authelia, add a rule with the policy bypass for {path}; or ${BY_HEADER}.`,
  },
  'outer_login.keycloak': {
    message: 'Keycloak asks for a sign-in before the site does ({host}).',
    hint: `In the proxy that sends visitors to Keycloak, ${BY_HEADER}.`,
  },
  bot_challenge: {
    message: 'A guard against bots before the site answers with a page that wants JavaScript.',
    hint: 'In the protection of the host or CDN, let requests to {path} pass, or those with our user agent, which begins with Sitebridge/.',
  },
  'bot_challenge.cookie_wall': {
    message: 'The site redirects our requests to the same address again and again.',
    hint: 'A guard against bots or a wrong rule of the web server does so: let requests to {path} pass, or those with our user agent, which begins with Sitebridge/.',
  },
  'bot_challenge.cookie_asked': {
    message: 'A guard against bots asks for its cookie again.',
    hint: 'We try again with the cookie. If it stays so, let requests to {path} pass, or those with our user agent, which begins with Sitebridge/.',
    retryable: true,
  },
};
