export { digest, digestData } from './digest.ts';
export { HistoryError } from './errors.ts';
export { type HistoryFile, type HistoryProblem, parseHistory, readHistory } from './reader.ts';
export type * from './types.ts';
export { PLAYED } from './types.ts';
export { isHistoryRecord, recordProblem } from './validate.ts';
export { createHistory, type History, type HistoryOptions, type Unstamped } from './writer.ts';
