/**
 * Resolves with the first SIGTERM or SIGINT. Further signals change nothing. Under `npm start` a program gets
 * Ctrl+C twice: once from the terminal and once from npm, which forwards its own.
 */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, resolve);
  });
}
