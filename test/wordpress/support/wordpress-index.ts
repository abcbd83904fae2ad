/** What a WordPress offers to plugins, and since when, read from the comments in its source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the comment of a function, method, class or hook says. */
export interface Documented {
  /** The version in its first `@since`, such as 5.9; null without one. */
  since: number | null;
  deprecated: boolean;
}

/** All that have one name, by name. Methods of several classes share a name. */
type Index = Map<string, Documented[]>;

/** What a WordPress offers. */
export interface WordpressIndex {
  functions: Index;
  methods: Index;
  classes: Index;
  hooks: Index;
}

/** A comment, followed by the declaration of a function, a method or a class. */
const DECLARED =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:#\[[^\]]*\]\s*)*([\w\s]*?)\b(function|class|interface)\s+&?(\w+)/g;
/** A comment, followed by the call that runs a hook, within the same statement. */
const RUN =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/[^;{}]*?\b(?:apply_filters|do_action)(_ref_array|_deprecated)?\(\s*(['"])([^'"]+)\3/g;

/** Reads the source in a folder with the files of a WordPress. */
export function wordpressIndex(root: string): WordpressIndex {
  const index: WordpressIndex = {
    functions: new Map(),
    methods: new Map(),
    classes: new Map(),
    hooks: new Map(),
  };
  for (const file of sourceFiles(root)) {
    const source = readFileSync(file, 'utf8');
    for (const [, comment = '', modifiers = '', kind, name = ''] of source.matchAll(DECLARED)) {
      if (kind !== 'function') add(index.classes, name, comment);
      else if (modifiers.trim() === '') add(index.functions, name, comment);
      else add(index.methods, name, comment);
    }
    for (const [, comment = '', how, , name = ''] of source.matchAll(RUN)) {
      add(index.hooks, name, how === '_deprecated' ? `${comment}@deprecated` : comment);
    }
  }
  return index;
}

function sourceFiles(root: string): string[] {
  return ['wp-includes', 'wp-admin'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.php'))
      .map((name) => join(root, folder, name)),
  );
}

function add(index: Index, name: string, comment: string): void {
  // A hook that runs in several places is described in one of them.
  if (/(?:filter|action|hook) is documented in/.test(comment)) return;
  const since = /@since\s+(?:MU\s*\()?(\d+\.\d+)/.exec(comment)?.[1];
  const known = index.get(name) ?? [];
  known.push({ since: since === undefined ? null : Number(since), deprecated: /@deprecated/.test(comment) });
  index.set(name, known);
}
