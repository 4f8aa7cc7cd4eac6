// An entry of its own: log lines are wanted in browsers too, where prom-client is not.
export {
  consoleLogger,
  type FactLogger,
  type LogFactsOptions,
  logClientFacts,
  logServerFacts,
} from './log-facts.ts';
export { redact, redactText } from './redact.ts';
