import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { canonicalParameters, canonicalRoute, namesIn } from '../../src/security/signedParts.ts';
import { seededRandom } from '../../src/simulation/wordpress/seededRandom.ts';

const SOURCE = join(
  import.meta.dirname,
  '../../wordpress-plugin/sitebridge-connector/includes/requests/class-sitebridge-signed-parts.php',
);

/** Reads a JSON list of `[query, header, route]` in Base64, and writes the canonical form of each. */
const SCRIPT = `
define( 'ABSPATH', '/' );
require $argv[1];
$forms = array();
foreach ( json_decode( stream_get_contents( STDIN ) ) as $case ) {
  list( $query, $header, $route ) = array_map( 'base64_decode', $case );
  $names   = Sitebridge_Signed_Parts::names( $header );
  $forms[] = array( Sitebridge_Signed_Parts::parameters( $query, $names ), Sitebridge_Signed_Parts::route( $route ) );
}
echo json_encode( $forms );`;

/** Pieces of which odd queries, headers and routes are made. Bytes are Latin-1 characters. */
const PIECES = [
  ...'ab=&+%,/.[] ~A\'"\t;',
  ...['%20', '%2B', '%2b', '%4', '%zz', '%5B', '%5D', '%00', '%2C', '%2F', '%C3%A4', '%c3%a4', '\xc3\xa4'],
  ...['\xff', '\xa0', 'rest_route', '_method', '&&', '==', 'context=edit', 'include[]=1'],
];

test('the plugin and the server have one form for odd parameters, names and routes', () => {
  const random = seededRandom(20261201);
  const text = () => {
    const length = Math.floor(random() * 12);
    return Array.from({ length }, () => PIECES[Math.floor(random() * PIECES.length)]).join('');
  };
  const cases = Array.from({ length: 20_000 }, () => [text(), text(), text()] as const);
  // The names must often be those of the query.
  const named = cases.map(([query, , route]) => [query, query.replaceAll(/=[^&]*|&/g, ','), route] as const);
  const all = [...cases, ...named];
  const encoded = all.map((each) => each.map((part) => Buffer.from(part, 'latin1').toString('base64')));
  const forms: unknown = JSON.parse(
    execFileSync('php8.2', ['-r', SCRIPT, '--', SOURCE], {
      input: JSON.stringify(encoded),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
  const own = all.map(([query, header, route]) => [
    canonicalParameters(query, namesIn(header)),
    canonicalRoute(route),
  ]);
  expect(own.filter(([params]) => params !== '').length).toBeGreaterThan(5_000);
  expect(forms).toEqual(own);
});
