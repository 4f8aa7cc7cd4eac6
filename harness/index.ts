/**
 * The harness, for tests of other applications than this one: a Toxiproxy, a proxy that understands SSE, recorded
 * histories, an oracle that judges them, a simulation in virtual time, and an audit of an endpoint. Each part is a
 * namespace, since their vocabularies overlap.
 */
export * as audit from './audit/index.ts';
export * as cli from './cli/index.ts';
export * as history from './history/index.ts';
export * as oracle from './oracle/index.ts';
export * as report from './report/index.ts';
export * as runner from './runner/index.ts';
export * as scenarios from './scenarios/index.ts';
export * as simulation from './simulation/index.ts';
export * as sseProxy from './sse-proxy/index.ts';
export * as subjects from './subjects/index.ts';
export * as toxiproxy from './toxiproxy/index.ts';
