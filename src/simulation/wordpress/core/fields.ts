import type { RestAnswer } from './restAnswer.ts';

/**
 * rest_filter_response_fields(): keeps the fields in `fields`, such as `id,title.raw`, of an object or of
 * each object in a list. Errors stay unchanged.
 */
export function onlyFields(answer: RestAnswer, fields: string | null): RestAnswer {
  if (fields === null || answer.status >= 400) return answer;
  const wanted = paths(fields);
  const { value } = answer;
  return {
    ...answer,
    value: Array.isArray(value) ? value.map((item) => pick(item, wanted)) : pick(value, wanted),
  };
}

/** rest_is_field_included(): whether `fields` contains `name` or a part of it. */
export function asksFor(fields: string | null, name: string): boolean {
  return fields === null || paths(fields).some(([first]) => first === name);
}

function paths(fields: string): string[][] {
  return fields.split(',').map((field) => field.trim().split('.'));
}

/** The parts of an object at paths such as `title.raw`. */
function pick(item: unknown, wanted: readonly string[][]): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(item)) {
    const here = wanted.filter((path) => path[0] === name).map((path) => path.slice(1));
    if (here.length === 0) continue;
    kept[name] = here.some((path) => path.length === 0) ? value : pick(value, here);
  }
  return kept;
}
