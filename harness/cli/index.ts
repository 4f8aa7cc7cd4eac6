export { type CliHost, type CliServer, EXIT } from './host.ts';
export { showsColour } from './paint.ts';
export { sseKit } from './program.ts';
