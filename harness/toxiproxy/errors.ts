import { SseKitError } from '../../kit/protocol/errors.ts';

/**
 * What goes wrong between the harness and a Toxiproxy. `code` is one of
 *
 * - `ERR_TOXIPROXY_INVALID`: refused before sending, because the real server would crash or misread it;
 * - `ERR_TOXIPROXY_DEADLINE`: a call had no answer in time (an owned process was restarted);
 * - `ERR_TOXIPROXY_UNREACHABLE`: nothing answers at the address;
 * - `ERR_TOXIPROXY_CRASHED`: the owned process died during the call (it is restarted);
 * - `ERR_TOXIPROXY_NOT_FOUND`, `ERR_TOXIPROXY_EXISTS`, `ERR_TOXIPROXY_BAD_REQUEST`, `ERR_TOXIPROXY_API`: the
 *   server's own error, by status 404, 409, 400 and any other, with its message;
 * - `ERR_TOXIPROXY_START`: a binary did not come up;
 * - `ERR_TOXIPROXY_UNAVAILABLE`: no engine of the wanted kind can be had here;
 * - `ERR_TOXIPROXY_INSTALL`: an installer failed; `ERR_TOXIPROXY_CHECKSUM`: it got bytes that it must not trust;
 * - `ERR_TOXIPROXY_STOPPED`: used after `stop()`.
 */
export class ToxiproxyError extends SseKitError {
  override readonly name: string = 'ToxiproxyError';
  /** HTTP status of the API's answer, where there was one. */
  readonly status: number | undefined;

  constructor(code: string, message: string, options?: { cause?: unknown; status?: number }) {
    super(code, message, options);
    this.status = options?.status;
  }
}
