import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { strFromU8, unzipSync } from 'fflate';
import { buildPluginZip } from '../../wordpress-plugin/build-zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'sb-zip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the zip contains only the plugin's folder", () => {
  const built = buildPluginZip(join(folder, 'a.zip'));
  const files = unzipSync(readFileSync(built.path));
  expect(Object.keys(files).sort()).toEqual(built.files);
  expect(built.files).toEqual(
    expect.arrayContaining([
      'sitebridge-connector/sitebridge-connector.php',
      'sitebridge-connector/uninstall.php',
      'sitebridge-connector/readme.txt',
      'sitebridge-connector/languages/sitebridge-connector.pot',
    ]),
  );
  for (const name of built.files) {
    expect(name).toMatch(/^sitebridge-connector\/([a-z]+\/){0,2}[a-z-]+\.(php|txt|pot)$/);
  }
  const main = strFromU8(files['sitebridge-connector/sitebridge-connector.php'] ?? new Uint8Array());
  expect(main).toContain(`Version:           ${built.version}`);
});

test('the same sources give the same bytes, in every time zone', () => {
  const zone = process.env.TZ;
  try {
    const zips = ['Pacific/Auckland', 'America/Los_Angeles'].map((name) => {
      process.env.TZ = name;
      return readFileSync(buildPluginZip(join(folder, `${name.length}.zip`)).path);
    });
    expect(zips[0]?.equals(zips[1] ?? Buffer.alloc(0))).toBe(true);
  } finally {
    if (zone === undefined) {
      delete process.env.TZ;
    } else {
      process.env.TZ = zone;
    }
  }
});
