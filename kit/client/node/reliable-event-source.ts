import { ReliableEventSourceCore, type ReliableEventSourceInit } from '../reliable-event-source-core.ts';
import { nodePorts } from './ports.ts';

/** `ReliableEventSource` for Node, on `node:http`. The URL has to be absolute. */
export class ReliableEventSource extends ReliableEventSourceCore {
  /**
   * @throws SyntaxError (a DOMException) when `url` cannot be parsed
   * @throws SseKitError `ERR_INVALID_OPTION` when options contradict themselves
   */
  constructor(url: string | URL, init: ReliableEventSourceInit = {}) {
    super(nodePorts, url, init);
  }
}
