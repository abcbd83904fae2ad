/** The ways of writing an address that no request of the server may reach. */

/** Hosts that a URL accepts and that lead to a private address. `{port}` follows each of them. */
export const PRIVATE_HOSTS: readonly string[] = [
  // Loopback, in every form of IPv4.
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0X7F.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  // The same, encoded.
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '127。0。0。1',
  '１２７．０．０．１',
  '①②⑦.⓪.⓪.①',
  '127\t.0.0.1',
  // This host.
  '0',
  '00',
  '0x0',
  '0.0.0.0',
  '0.1.2.3',
  // Names of this host.
  'localhost',
  'LocalHost',
  'ⓛocalhost',
  // Private networks, link-local with the metadata of clouds, carriers, benchmarks, documentation, the rest.
  '10.0.0.1',
  '172.31.255.254',
  '192.168.1.1',
  '0300.0250.1.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '⑯⑨.②⑤④.①⑥⑨.②⑤④',
  '100.64.0.1',
  '198.18.0.1',
  '192.0.0.8',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  // IPv6.
  '[::1]',
  '[0000:0000::0001]',
  '[::]',
  '[0:0:0:0:0:0:0:0]',
  '[fe80::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[ff02::1]',
  '[ff0e::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[4000::1]',
  // IPv4 within IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo.
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::FFFF:169.254.169.254]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::169.254.169.254]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:7f00:1::]',
];

/** URLs that are refused as they are written. `{port}` is the port of the trap. */
export const REFUSED_URLS: readonly string[] = [
  'http://good.example@127.0.0.1:{port}/',
  'http://good.example:80@127.0.0.1:{port}/',
  'http://user:password@localhost:{port}/',
  'http://%67ood@127.0.0.1:{port}/',
  'http://[fe80::1%25lo]:{port}/',
  'http://[fe80::1%lo]:{port}/',
  'http://127.0.0.1%00.good.example:{port}/',
  'http://127.0.0.256:{port}/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:{port}/_GET%20/',
  'ftp://127.0.0.1:{port}/',
  'dict://127.0.0.1:{port}/',
  'ldap://127.0.0.1:{port}/',
  'ws://127.0.0.1:{port}/',
  'data:text/html,hello',
  'javascript:alert(1)',
  'unix:/var/run/docker.sock',
];

/** Other ways to write the URL of a private host. */
export const PRIVATE_URLS: readonly string[] = [
  'HTTP://127.0.0.1:{port}/',
  'http:127.0.0.1:{port}',
  'http:\\\\127.0.0.1:{port}\\',
  'http://127.0.0.1:{port}\\@good.example/',
  'http://127.0.0.1:{port}#@good.example/',
  'http://127.0.0.1:{port}?@good.example/',
  'https://127.0.0.1:{port}/',
  'https://[::1]:{port}/',
];

/** What a name may resolve to, for a hostile name server. */
export const PRIVATE_ANSWERS: readonly string[] = [
  '127.0.0.1',
  '127.0.0.2',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '198.18.0.1',
  '192.0.2.1',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fe80::1',
  'fd12::1',
  'ff02::1',
];

/** The URLs that lead to a private host, with the port of the trap. */
export function privateUrls(port: number): string[] {
  const urls = PRIVATE_HOSTS.map((host) => `http://${host}:{port}/`);
  return [...urls, ...PRIVATE_URLS].map((url) => withPort(url, port));
}

/** The URLs that are refused as they are written, with the port of the trap. */
export function refusedUrls(port: number): string[] {
  return REFUSED_URLS.map((url) => withPort(url, port));
}

function withPort(url: string, port: number): string {
  return url.replaceAll('{port}', String(port));
}
