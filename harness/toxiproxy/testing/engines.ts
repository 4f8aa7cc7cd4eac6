import { acquireToxiproxy } from '../acquire.ts';
import { ToxiproxyError } from '../errors.ts';

/**
 * The engines that a suite runs over. The real one is found or installed like everywhere else; where it cannot be had
 * the suite is skipped under a name that says why, never silently.
 */
export async function enginesUnderTest(): Promise<
  readonly { readonly engine: 'toxiproxy' | 'embedded'; readonly unavailable?: string }[]
> {
  try {
    const probe = await acquireToxiproxy({ engine: 'toxiproxy' });
    await probe.stop();
    return [{ engine: 'toxiproxy' }, { engine: 'embedded' }];
  } catch (error) {
    if (!(error instanceof ToxiproxyError) || error.code !== 'ERR_TOXIPROXY_UNAVAILABLE') throw error;
    return [{ engine: 'toxiproxy', unavailable: error.message }, { engine: 'embedded' }];
  }
}
