/**
 * Runs the work and returns its result with the longest time that the event loop was held without a break, in
 * milliseconds of this thread's processor. So other processes on the machine do not count.
 */
export async function longestHold<T>(work: () => T | Promise<T>): Promise<{ value: T; ms: number }> {
  let longest = 0;
  let before = process.threadCpuUsage();
  const turn = () => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1_000);
    before = process.threadCpuUsage();
  };
  let running = true;
  const watch = () => {
    turn();
    if (running) setImmediate(watch);
  };
  setImmediate(watch);
  await new Promise(setImmediate);
  turn();
  longest = 0;
  try {
    const value = await work();
    turn();
    return { value, ms: longest };
  } finally {
    running = false;
  }
}
