import { setImmediate } from 'node:timers';

/** Lets all that promises have made ready run. A seventh of the time that the way which browsers know takes. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
