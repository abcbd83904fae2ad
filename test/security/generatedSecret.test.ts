import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SetupError } from '../../src/errors.ts';
import { generatedSecret } from '../../src/security/generatedSecret.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sitebridge-secret-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a secret is created once, readable only by its owner', async () => {
  const file = join(folder, 'deep', 'secret');
  expect(generatedSecret(file, () => 'first')).toBe('first');
  expect(generatedSecret(file, () => 'second')).toBe('first');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'deep'))).toEqual(['secret']);
});

test('processes that start at the same moment get the same secret', async () => {
  const file = join(folder, 'secret');
  const script = `
    import { randomBytes } from 'node:crypto';
    import { generatedSecret } from ${JSON.stringify(join(import.meta.dirname, '../../src/security/generatedSecret.ts'))};
    console.log(generatedSecret(${JSON.stringify(file)}, () => randomBytes(16).toString('hex')));`;
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', script]);
  const outputs = await Promise.all(Array.from({ length: 6 }, run));
  const secrets = new Set(outputs.map(({ stdout }) => stdout.trim()));
  expect(secrets.size).toBe(1);
  expect((await readFile(file, 'utf8')).trim()).toBe([...secrets][0]);
  expect(await readdir(folder)).toEqual(['secret']);
});

test('an empty file is not replaced, because its encrypted data would be lost', async () => {
  const file = join(folder, 'secret');
  await writeFile(file, '\n');
  expect(() => generatedSecret(file, () => 'new')).toThrow(SetupError);
  expect(() => generatedSecret(file, () => 'new')).toThrow(/is empty/);
  expect(await readFile(file, 'utf8')).toBe('\n');
});

test('an unusable folder is named', async () => {
  const file = join(folder, 'secret');
  await writeFile(file, 'kept');
  expect(() => generatedSecret(join(file, 'below'), () => 'x')).toThrow(/secret.*(ENOTDIR|EEXIST)/);
  const directory = join(folder, 'directory');
  expect(generatedSecret(join(directory, 'inner'), () => 'x')).toBe('x');
  expect(() => generatedSecret(directory, () => 'x')).toThrow(/EISDIR/);
  await chmod(file, 0o600);
});
