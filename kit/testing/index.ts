export { type Exchange, type ScriptedServer, scriptedServer } from './scripted-server.ts';
export { VirtualClock } from './virtual-clock.ts';
