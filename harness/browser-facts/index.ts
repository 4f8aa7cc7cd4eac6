export { type Bench, openBench } from './bench.ts';
export { type ExperimentName, experiments } from './experiments.ts';
export { type BrowserFact, type BrowserFamily, browserFacts, expectedOf } from './facts.ts';
