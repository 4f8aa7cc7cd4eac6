export { type AuditTarget, observe } from './observe.ts';
export {
  type AuditReport,
  type CheckResult,
  type Grade,
  judgeAudit,
  type ProxyFault,
} from './report.ts';
export type {
  Ending,
  Exchange,
  Finding,
  Observations,
  Purpose,
  SeenFrame,
  SeenPiece,
  Verdict,
} from './types.ts';
