/**
 * The plugin calls nothing that is newer than the WordPress and the PHP that its header requires, and nothing
 * that is deprecated. WordPress 5.9 itself cannot be started here, so the comments in the source of the later
 * versions tell what it had.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { runPhpFile } from './support/php-script.ts';
import { phpUnderTest, versionsUnderTest } from './support/versions-under-test.ts';
import { wordpressFiles } from './support/wordpress-files.ts';
import { type Documented, wordpressIndex } from './support/wordpress-index.ts';

const PLUGIN = join(import.meta.dirname, '../../wordpress-plugin/sitebridge-connector');
const FILES = readdirSync(PLUGIN, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.php'))
  .map((name) => join(PLUGIN, name));

/** Names with the file and line of the call. */
const named = z.array(z.tuple([z.string(), z.string()]));
const calls = z.object({
  version: z.string(),
  functions: named,
  methods: named,
  classes: named,
  hooks: named,
  own: z.array(z.string()),
  internal: z.array(z.string()),
});

const header = readFileSync(join(PLUGIN, 'sitebridge-connector.php'), 'utf8');
const required = Number(/Requires at least:\s*([\d.]+)/.exec(header)?.[1]);

describe.each(versionsUnderTest())('the plugin and WordPress %s', (version) => {
  const wordpress = wordpressIndex(wordpressFiles(version));
  const plugin = runPhpFile('plugin-calls.php', FILES).then((printed) => calls.parse(JSON.parse(printed)));

  /** Why a call does not work everywhere; null for a good one. */
  const faultOf = (known: Documented[]): string | null => {
    if (known.every(({ deprecated }) => deprecated)) return 'is deprecated';
    const newer = known.every(({ since }) => since !== null && since > required);
    return newer ? `is since ${known.map(({ since }) => since).join(', ')}` : null;
  };
  const faultsOf = (found: [string, string][], index: Map<string, Documented[]>): string[] =>
    found.flatMap(([name, place]) => {
      const fault = faultOf(index.get(name) ?? [{ since: null, deprecated: false }]);
      return fault === null ? [] : [`${name} ${fault}: ${place}`];
    });

  test('all of WordPress is read that the plugin could call', async () => {
    const { functions, methods, hooks, version: php } = await plugin;
    expect(required).toBe(5.9);
    expect(php).toMatch(new RegExp(`^${phpUnderTest() ?? '8.2'}\\.`));
    expect(wordpress.functions.get('wp_insert_post')).toEqual([{ since: 1, deprecated: false }]);
    expect(wordpress.functions.get('str_contains')).toEqual([{ since: 5.9, deprecated: false }]);
    expect(wordpress.functions.get('wp_json_file_decode')).toEqual([{ since: 5.9, deprecated: false }]);
    expect(wordpress.functions.get('get_page')).toEqual([{ since: 1.5, deprecated: true }]);
    expect(wordpress.hooks.get('wp_after_insert_post')).toEqual([{ since: 5.6, deprecated: false }]);
    expect(faultOf(wordpress.functions.get('get_page') ?? [])).toBe('is deprecated');
    expect(faultOf([{ since: 6.1, deprecated: false }])).toBe('is since 6.1');
    expect(functions.length).toBeGreaterThan(500);
    expect(methods.length).toBeGreaterThan(500);
    expect(hooks.length).toBeGreaterThan(30);
  });

  test('every function is PHP’s, the plugin’s, or as old as the plugin’s header says', async () => {
    const { functions, own, internal } = await plugin;
    const givenByPhp = new Set([...internal, 'exit', 'die']);
    const unguarded = functions.filter(([name, place]) => {
      const source = readFileSync(place.replace(/:\d+$/, ''), 'utf8');
      return !own.includes(name) && !givenByPhp.has(name) && !source.includes(`function_exists( '${name}' )`);
    });
    const unknown = unguarded.filter(([name]) => !wordpress.functions.has(name));
    expect(unknown).toEqual([]);
    expect(faultsOf(unguarded, wordpress.functions)).toEqual([]);
  });

  test('every method, class and hook of WordPress is as old as the plugin’s header says', async () => {
    const { methods, classes, hooks, own } = await plugin;
    const foreign = (found: [string, string][]) => found.filter(([name]) => !own.includes(name));
    expect(faultsOf(foreign(methods), wordpress.methods)).toEqual([]);
    expect(faultsOf(foreign(classes), wordpress.classes)).toEqual([]);
    expect(faultsOf(hooks, wordpress.hooks)).toEqual([]);
  });
});
