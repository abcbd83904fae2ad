import type { SimulatedItem } from './state.ts';

/**
 * Parses a search in Shopify's syntax: https://shopify.dev/docs/api/usage/search-syntax Conditions are joined
 * by AND. Conditions joined by OR must be in parentheses. The simulation knows conditions on `id`,
 * `updated_at`, `handle` and `status`. It throws an Error for any other condition, so that a search never
 * returns a wrong result.
 */
export function searchFor(query: string | null | undefined): (item: SimulatedItem) => boolean {
  const conditions = (query ?? '')
    .split(' AND ')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(condition);
  return (item) => conditions.every((holds) => holds(item));
}

function condition(text: string): (item: SimulatedItem) => boolean {
  if (text.startsWith('(') && text.endsWith(')')) {
    const either = text.slice(1, -1).split(' OR ').map(condition);
    return (item) => either.some((holds) => holds(item));
  }
  const [, name = '', comparator = '', quoted = ''] = /^(\w+):(>=|<=|>|<)?(.+)$/.exec(text) ?? [];
  const value = quoted.replace(/^'(.*)'$/, '$1');
  switch (name) {
    case 'id':
      return (item) => compare(item.id, Number(value), comparator);
    case 'updated_at':
      return (item) => compare(Date.parse(item.updatedAt), Date.parse(value), comparator);
    case 'handle':
      return (item) => value.split(',').includes(item.handle);
    case 'status':
      return (item) => value.split(',').includes(item.status.toLowerCase());
  }
  throw new Error(`The simulated shop does not understand the condition ${text}.`);
}

function compare(a: number, b: number, comparator: string): boolean {
  switch (comparator) {
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
  }
  return a === b;
}
