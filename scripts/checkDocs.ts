/** Everything that the documentation names exists: paths, links, npm scripts. Prints what is missing, with its line. */
import { existsSync, readFileSync } from 'node:fs';

const documents = ['README.md', 'CONTRIBUTING.md'];
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
/** Written while running, so they need not be there. */
const made = /^(dist|\.data|DATA_DIR)\//;
const missing: string[] = [];

for (const document of documents) {
  for (const [index, line] of readFileSync(document, 'utf8').split('\n').entries()) {
    const tell = (what: string) => missing.push(`${document}:${index + 1}: ${what}`);
    for (const [, name = ''] of line.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      if (!Object.hasOwn(scripts, name)) tell(`there is no script ${name}`);
    }
    const links = [...line.matchAll(/\]\(([^)#:]+)\)/g)];
    const paths = [...line.matchAll(/`([\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:ts|json|md|yml))`/g)];
    for (const [, path = ''] of [...links, ...paths]) {
      // Of what looks like a path, only what begins in a folder of ours is one; the rest is an API path or a rate.
      const [root = ''] = path.split('/');
      const ours = !path.includes('/') || existsSync(root);
      if (ours && !made.test(path) && !existsSync(path)) tell(`there is no ${path}`);
    }
  }
}
for (const file of Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.(?:ts|sh)\b/g) ?? [])) {
  if (!existsSync(file)) missing.push(`package.json: there is no ${file}`);
}

if (missing.length > 0) {
  process.stderr.write(`${missing.join('\n')}\n`);
  process.exitCode = 1;
}
