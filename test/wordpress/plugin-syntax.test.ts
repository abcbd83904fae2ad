import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const PLUGIN = join(import.meta.dirname, '../../wordpress-plugin/sitebridge-connector');
const FILES = readdirSync(PLUGIN, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.php'))
  .map((name) => join(PLUGIN, name));

/** Parses files, and lists the tokens that PHP 7.4 does not have. */
const SCAN = `
$new = array( 'T_MATCH', 'T_ENUM', 'T_READONLY', 'T_ATTRIBUTE', 'T_NULLSAFE_OBJECT_OPERATOR' );
foreach ( array_slice( $argv, 1 ) as $file ) {
  foreach ( token_get_all( file_get_contents( $file ), TOKEN_PARSE ) as $token ) {
    if ( is_array( $token ) && in_array( token_name( $token[0] ), $new, true ) ) {
      echo token_name( $token[0] ), ' in ', $file, ':', $token[2], "\\n";
    }
  }
}`;

test('the plugin is valid PHP 7.4', () => {
  expect(FILES.length).toBeGreaterThan(30);
  expect(execFileSync('php8.2', ['-r', SCAN, '--', ...FILES], { encoding: 'utf8' })).toBe('');
  for (const file of FILES) {
    const source = readFileSync(file, 'utf8');
    // Syntax of PHP 8.0: a catch without a variable, a promoted constructor parameter, a union type.
    expect(source).not.toMatch(/catch \( [\w\\|]+ \)/);
    expect(source).not.toMatch(/function __construct\([^)]*\b(public|private|protected)\b/);
    expect(source).not.toMatch(/^[\w\s]*function \w+\([^)]*\w\|\w/m);
  }
});

test('every shown text can be translated', () => {
  const pot = readFileSync(join(PLUGIN, 'languages/sitebridge-connector.pot'), 'utf8');
  const known = new Set(
    [...pot.matchAll(/^msgid ((?:".*"\n)+)/gm)].map(([, lines]) =>
      [...(lines ?? '').matchAll(/"(.*)"/g)].map(([, part]) => part).join(''),
    ),
  );
  const shown = FILES.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\b(?:__|esc_html__|esc_html_e)\( '((?:[^'\\]|\\.)*)'/g),
  ]).map(([, text]) => (text ?? '').replaceAll("\\'", "'").replaceAll('"', '\\"'));
  expect(shown.length).toBeGreaterThan(40);
  expect(shown.filter((text) => !known.has(text))).toEqual([]);
});
