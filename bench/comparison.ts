/** The output of `bench:sync`: a table of times, each with its ratio to another time and the target. */
import { mayGoOn, median, print, rounds } from './rounds.ts';

/** Does a piece of work and returns its duration. Milliseconds. */
export type Timed = () => Promise<number>;

/** Returns the duration of a piece of work. Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/**
 * Measures each piece of work in turn, round by round, so that other load of the machine affects all of them.
 * Returns the medians by name.
 */
export async function inTurn<Name extends string>(each: Record<Name, Timed>): Promise<Record<Name, number>> {
  const names = Object.keys(each) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      mayGoOn();
      times.get(name)?.push(await each[name]());
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

/** Prints the header of a part of the table. */
export function head(title: string, ...columns: string[]): void {
  print(`\n${cells(title, columns.length > 0 ? columns : ['seconds', 'ratio', 'target'])}`);
}

/** Prints a line of the table: a time and further cells. */
export function line(name: string, milliseconds: number, ...more: string[]): void {
  print(cells(`  ${name}`, [(milliseconds / 1000).toFixed(2), ...more]));
}

/** Prints a line of the table without a time. */
export function figures(name: string, ...more: string[]): void {
  print(cells(`  ${name}`, more));
}

/** A ratio and its target, as two cells. */
export function ratio(of: number, to: number, most: number): [string, string] {
  const found = of / to;
  return [found.toFixed(2), atMost(found, most, String(most))];
}

/** A target as a cell: the upper limit, and whether it was met. */
export function atMost(found: number, most: number, text: string): string {
  return `<= ${text} ${found <= most ? 'met' : 'NOT met'}`;
}

function cells(name: string, columns: string[]): string {
  return name.padEnd(52) + columns.map((cell) => cell.padStart(18)).join('');
}
