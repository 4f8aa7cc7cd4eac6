export { type Advice, adviceOn } from './advice.ts';
export { foreignTarget } from './foreign-target.ts';
export { type Look, lookAt } from './look.ts';
export { atPaceOf, patienceFor } from './pace.ts';
export { type Question, questionOf } from './question.ts';
export { whySkipped } from './reach.ts';
