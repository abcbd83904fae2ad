/**
 * Resolves with the first SIGTERM or SIGINT. Further ones change nothing: Ctrl+C goes to npm and to what it runs, and
 * npm hands its own on, so that a program under `npm start` is told twice.
 */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, resolve);
  });
}
