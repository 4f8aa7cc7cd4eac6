import { describeBrowser, findBrowsers } from '../harness/runner/browsers.ts';
import { acquireToxiproxy } from '../harness/toxiproxy/index.ts';

/** Says once, before any test, which network engine and which browsers this run has, and which seed. */
export default async function globalSetup(): Promise<void> {
  const toxiproxy = await acquireToxiproxy();
  console.log(`network  ${toxiproxy.describe()}`);
  await toxiproxy.stop(); // each worker acquires its own by the same order
  for (const browser of findBrowsers()) console.log(`browser  ${describeBrowser(browser)}`);
  console.log(`seed     ${process.env.SSE_KIT_SEED} (replay with SSE_KIT_SEED=${process.env.SSE_KIT_SEED})`);
}
