import type { Explanations } from './explainedFault.ts';

/** Messages and hints for the codes of the outbound client, which can concern any site, and for `ok`. */
export const CONNECTION_EXPLANATIONS: Explanations = {
  ok: { message: 'The site is connected.', hint: '' },
  server_paused: {
    message: 'This server is paused and calls no site.',
    hint: 'The operator of this server has to say which server the database belongs to (npm run -s admin -- server adopt).',
  },
  invalid_url: {
    message: 'The address is not a web address.',
    hint: 'Write it as in the browser, for example https://example.com.',
  },
  'invalid_url.credentials': {
    message: 'The site address holds a user name or password.',
    hint: 'Write the address without them, for example https://example.com.',
  },
  private_address: {
    message: 'The site is not on a public network address.',
    hint: 'The site must be reachable from the internet. For a site in a private network, the operator of this server has to allow its address range (OUTBOUND_ALLOW).',
  },
  dns: {
    message: 'No server is known under the name in the site address.',
    hint: 'Check the spelling of the address. A new domain can take a day until its name is known everywhere.',
  },
  'dns.no_answer': {
    message: "The name servers of the site's domain do not answer.",
    hint: 'We try again. If it stays so, ask the domain registrar to check the domain and its name servers.',
    retryable: true,
  },
  unreachable: {
    message: 'The site cannot be reached.',
    hint: 'Check that the web server is running and that no firewall drops requests from this server.',
    retryable: true,
  },
  'unreachable.refused': {
    message: 'The host is there, but refuses connections.',
    hint: 'Start the web server, check the port in the address, or open the port in the firewall.',
    retryable: true,
  },
  'unreachable.timeout': {
    message: 'The host does not answer to connection attempts.',
    hint: 'The host is down, or its firewall drops us: ask the hoster to allow requests from this server.',
    retryable: true,
  },
  'unreachable.reset': {
    message: 'The site breaks off the connection before it has answered.',
    hint: "A firewall may cut us off, or the site crashes: look into its server's log, and allow requests from this server.",
    retryable: true,
  },
  'unreachable.not_http': {
    message: 'Something answers under this address that is not a web server.',
    hint: 'Check the port in the address.',
  },
  tls: {
    message: 'No secure connection to the site can be made.',
    hint: 'Ask the hoster of the site to check the certificate.',
  },
  'tls.expired': {
    message: "The site's certificate has expired, or is not valid yet.",
    hint: 'Renew the certificate, and check that it is renewed automatically.',
  },
  'tls.self_signed': {
    message: "The site's certificate is self-signed, so nobody can tell whose it is.",
    hint: "Install a certificate of a known authority, such as Let's Encrypt.",
  },
  'tls.wrong_name': {
    message: "The site's certificate is made out to another name.",
    hint: 'Use the address that the certificate names, or get a certificate for this one, with and without www.',
  },
  'tls.incomplete_chain': {
    message: 'The site sends its certificate without the intermediate certificate. Browsers may hide that.',
    hint: 'Install the full chain (often called fullchain.pem) in the web server.',
  },
  'tls.untrusted': {
    message: "The site's certificate comes from an authority that is not trusted.",
    hint: 'Install a certificate of a known authority with its full chain.',
  },
  'tls.protocol': {
    message: 'The site does not speak TLS under this address and port.',
    hint: 'Check the port in the address, or switch HTTPS with TLS 1.2 or newer on.',
  },
  redirect: {
    message: 'The site lives under another address: {canonical}.',
    hint: 'Use {canonical} as the site address. Credentials are never sent along to another host.',
  },
  timeout: {
    message: 'The site did not answer in time.',
    hint: "The site is very slow or stuck. We try again; look into its server's log if it stays so.",
    retryable: true,
  },
  bad_encoding: {
    message: 'The answers of the site are not compressed as their header Content-Encoding says.',
    hint: 'A plugin, the web server or a cache compresses twice or sets the header wrongly: let only one of them compress.',
  },
  cut_off: {
    message: 'The answer of the site ends in the middle.',
    hint: "A proxy or a time limit cuts answers off: look into the log of the site's server. We try again.",
    retryable: true,
  },
  too_large: {
    message: 'The answer of the site is larger than this server accepts.',
    hint: 'Check that the address leads to the site and not to a download.',
  },
};
