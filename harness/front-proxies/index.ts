export { findProgram } from './find-program.ts';
export { type FrontProxy, type FrontProxyKind, startFrontProxy } from './front-proxy.ts';
