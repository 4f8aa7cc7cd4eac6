// The direction of imports (docs/architecture.md): nothing points upward, and the client and the server
// meet only in kit/protocol. Run by `npm run boundaries`, part of `npm test`.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const tests = '\\.test(-d)?\\.ts$|\\.fixture\\.ts$|/test-support/';

module.exports = {
  forbidden: [
    forbid(
      'no-circular',
      'a cycle has no first file to read',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    forbid(
      'protocol-imports-nothing',
      'kit/protocol is the ground floor',
      { path: '^kit/protocol', pathNot: tests },
      { path: '^(kit/(?!protocol)|harness|fixtures|e2e)' },
    ),
    forbid(
      'client-not-server',
      'client and server meet only in kit/protocol',
      { path: '^kit/client', pathNot: tests },
      { path: '^kit/(server|adapters|stores)' },
    ),
    forbid(
      'server-not-client',
      'client and server meet only in kit/protocol',
      { path: '^kit/(server|adapters|stores)', pathNot: tests },
      { path: '^kit/client' },
    ),
    forbid(
      'server-not-adapters',
      'frameworks import inward, never the reverse',
      { path: '^kit/server', pathNot: tests },
      { path: '^kit/(adapters|stores)' },
    ),
    forbid(
      'kit-not-upward',
      'nothing in the kit knows the harness',
      { path: '^kit', pathNot: tests },
      { path: '^(harness|fixtures|e2e|bench|examples)' },
    ),
    forbid(
      'harness-not-upward',
      'fixtures build on the harness',
      { path: '^harness', pathNot: tests },
      { path: '^(fixtures|e2e|bench|examples)' },
    ),
    forbid(
      'oracle-shares-no-bug',
      'the oracle decodes bytes with eventsource-parser directly and takes only types from the kit',
      { path: '^harness/(oracle|history)', pathNot: tests },
      { path: '^kit', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'client-runs-in-a-browser',
      'only kit/client/node may use Node',
      { path: '^kit/(client/(?!node)|protocol)', pathNot: tests },
      { dependencyTypes: ['core'] },
    ),
  ],
  options: {
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
