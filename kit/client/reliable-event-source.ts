import { browserPorts } from './connect.ts';
import { ReliableEventSourceCore, type ReliableEventSourceInit } from './reliable-event-source-core.ts';

/**
 * A drop-in for `EventSource` that reconnects with backoff, resumes, removes duplicates, keeps order and notices
 * silence: `const source = new ReliableEventSource(url)` where `new EventSource(url)` stood. What differs on purpose is
 * listed at `ReliableEventSourceCore`.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
 */
export class ReliableEventSource extends ReliableEventSourceCore {
  /**
   * @throws SyntaxError (a DOMException) when `url` cannot be parsed
   * @throws SseKitError `ERR_INVALID_OPTION` when options contradict themselves
   */
  constructor(url: string | URL, init: ReliableEventSourceInit = {}) {
    super(browserPorts, url, init);
  }
}
