import type { Parameters } from './parameters.ts';

/** Reads `per_page`, `page` and `offset` of a list. Wrong values are recorded in the parameters. */
export function inPages(
  parameters: Parameters,
  largest = 100,
): { size: number; number: number; start: number } {
  const size = parameters.integer('per_page', { min: 1, max: largest }) ?? 10;
  const number = parameters.integer('page', { min: 1 }) ?? 1;
  return { size, number, start: parameters.integer('offset') ?? (number - 1) * size };
}
