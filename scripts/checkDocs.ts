/**
 * `npm run check:docs`: what README.md, CONTRIBUTING.md and docs/ name must be there: relative paths in links and
 * in code, and scripts as `npm run NAME` or `npm NAME`. And they tell of every script of package.json that a person
 * types. Prints what is wrong, with its line; exit code 1 if anything is.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Scripts that others call, so that no document need tell them. */
const calledByOthers = [/^postinstall$/, /^check:/];
/** npm's own commands. */
const npmCommands = ['ci', 'install', 'audit', 'outdated', 'run'];
/** Written where the program runs, and not in the repository. */
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
const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];
const missing: string[] = [];

for (const file of documents) {
  if (!existsSync(join(root, file))) {
    missing.push(`${file}: is not there`);
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
    missing.push(`package.json: no document tells of the script ${name}`);
  for (const [file] of command.matchAll(/[\w./-]+\.(?:ts|js|sh)\b/g))
    if (!existsSync(join(root, file))) missing.push(`package.json: there is no ${file}, which ${name} runs`);
}

for (const line of missing) process.stdout.write(`${line}\n`);
process.stdout.write(
  missing.length === 0
    ? `What ${documents.join(', ')} name is there.\n`
    : `${missing.length} things are missing.\n`,
);
process.exitCode = missing.length === 0 ? 0 : 1;

function checkScripts(text: string, { file, line }: Place): void {
  for (const name of scriptsNamedIn(text))
    if (!Object.hasOwn(scripts, name)) missing.push(`${file}:${line}: there is no script ${name}`);
}

/** `npm run x`, `npm run -s x`, `npm start`, `npm test`; not what npm does itself. */
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
  if (!found) missing.push(`${file}:${line}: there is no ${path}`);
}

/** A file or folder of ours: it begins with one that the repository has at its top, or ends like one of its files. */
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
