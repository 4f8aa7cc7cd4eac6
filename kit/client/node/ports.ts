import { noLifecycle } from '../lifecycle.ts';
import { type ClientPorts, reportErrorPort, systemClock } from '../ports.ts';
import { nodeDecoder } from './decoder.ts';
import { httpTransport } from './http-transport.ts';

/** The ports of Node: `node:http`, and the faster of its decoders for each chunk. */
export function nodePorts(): ClientPorts {
  return {
    clock: systemClock,
    random: Math.random,
    transport: httpTransport(),
    lifecycle: noLifecycle,
    decoder: nodeDecoder,
    reportError: reportErrorPort,
  };
}
