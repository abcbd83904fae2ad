/**
 * `npm run check:docs` checks README.md, CONTRIBUTING.md and docs/. Relative paths in links and in code must
 * exist, and so must scripts named as `npm run NAME` or `npm NAME`. The documents must mention every script
 * of package.json that a person types. Prints each fault with its line. The exit code is 1 if there is a
 * fault.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Scripts that other programs call. Documents need not mention them. */
const calledByOthers = [/^postinstall$/, /^check:/];
/** Commands of npm itself. */
const npmCommands = ['ci', 'install', 'audit', 'outdated', 'run'];
/** Paths that exist only after an installation, a build or a start, and not in the repository. */
const madeLater = [
  /^\.data(\/|$)/,
  /^\.env$/,
  /^dist(\/|$)/,
  /^node_modules(\/|$)/,
  /^src\/database\/generated/,
];

interface Place {
  file: string;
  line: number;
}

const scripts = packageScripts();
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: root })];
const missing: string[] = [];

for (const file of documents) {
  if (!existsSync(join(root, file))) {
    missing.push(`${file}: the file does not exist`);
    continue;
  }
  let fenced = false;
  for (const [index, line] of textOf(file).split('\n').entries()) {
    const place = { file, line: index + 1 };
    if (/^\s*```/.test(line)) {
      fenced = !fenced;
      continue;
    }
    for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) checkPath(target, dirname(file), place);
    const code = fenced ? [line] : [...line.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    for (const text of code) {
      checkScripts(text, place);
      for (const word of text.split(/[\s"'=()]+/)) if (looksLikePath(word)) checkPath(word, '.', place);
    }
  }
}

const told = documents.flatMap((file) => scriptsNamedIn(textOf(file)));
for (const [name, command] of Object.entries(scripts)) {
  if (!calledByOthers.some((pattern) => pattern.test(name)) && !told.includes(name))
    missing.push(`package.json: no document mentions the script ${name}`);
  for (const [file] of command.matchAll(/[\w./-]+\.(?:ts|js|sh)\b/g))
    if (!existsSync(join(root, file)))
      missing.push(`package.json: the file ${file}, which ${name} runs, does not exist`);
}

for (const line of missing) process.stdout.write(`${line}\n`);
process.stdout.write(
  missing.length === 0
    ? `All paths and scripts in ${documents.join(', ')} exist.\n`
    : `${missing.length} faults found.\n`,
);
process.exitCode = missing.length === 0 ? 0 : 1;

function checkScripts(text: string, { file, line }: Place): void {
  for (const name of scriptsNamedIn(text))
    if (!Object.hasOwn(scripts, name)) missing.push(`${file}:${line}: the script ${name} does not exist`);
}

/** The scripts in `npm run x`, `npm run -s x`, `npm start`, `npm test`, without npm's own commands. */
function scriptsNamedIn(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run )?(?:(?:-s|--silent) )?([a-z][\w:-]*)/g)]
    .map(([, name = '']) => name)
    .filter((name) => !npmCommands.includes(name));
}

function checkPath(target: string, from: string, { file, line }: Place): void {
  const [path = ''] = target.split('#');
  if (path === '' || /^[a-z][a-z+.-]*:/i.test(path)) return;
  const relative = normalize(join(from, path)).replace(/\/$/, '');
  if (madeLater.some((pattern) => pattern.test(relative))) return;
  const found = /[*?]/.test(relative)
    ? globSync(relative, { cwd: root }).length > 0
    : existsSync(join(root, relative));
  if (!found) missing.push(`${file}:${line}: ${path} does not exist`);
}

/** Whether a word looks like a path of the repository, by its top folder or its file extension. */
function looksLikePath(word: string): boolean {
  if (!/^[\w./*@-]+$/.test(word) || word.startsWith('/')) return false;
  const [first = ''] = word.replace(/^\.\//, '').split('/');
  const topFolder = /^(src|test|bench|prisma|scripts|docs|wordpress-plugin|\.ci)$/.test(first);
  return (
    (word.includes('/') && topFolder) ||
    /^[\w.-]+\.(ts|md|json|yml|prisma)$/.test(word) ||
    /^(Dockerfile|LICENSE|\.env\.example)$/.test(word)
  );
}

function packageScripts(): Record<string, string> {
  const { scripts: read }: { scripts: Record<string, string> } = JSON.parse(textOf('package.json'));
  return read;
}

function textOf(file: string): string {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
