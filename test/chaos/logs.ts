import type { Fleet } from './fleet.ts';

/** The level of a line about which someone must act. */
const errorLevel = 50;

/** The lines of all processes that blame the server, each once. */
export function errorLines(fleet: Fleet): string[] {
  const lines = fleet.programs.flatMap(({ stderr }) => stderr.split('\n'));
  const serious = lines.filter((line) => {
    if (line.trim() === '') return false;
    if (!line.startsWith('{')) return true;
    const { level } = JSON.parse(line) as { level: number };
    return level >= errorLevel;
  });
  return [...new Set(serious.map((line) => line.slice(0, 1_500)))];
}

/** The secrets that any process has printed, by their names. */
export function printedSecrets(fleet: Fleet, secrets: Record<string, string>): string[] {
  const printed = fleet.programs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  return Object.entries(secrets).flatMap(([name, secret]) => (printed.includes(secret) ? [name] : []));
}
