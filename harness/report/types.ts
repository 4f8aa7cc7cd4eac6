import type { Budget, CheckResult, Guarantee, Validity } from '../oracle/types.ts';

/**
 * What the runner leaves behind for one scenario and one subject: `result.json`, next to its artefacts. The report
 * reads nothing else.
 */
export interface ScenarioResult {
  readonly schemaVersion: 1;
  /** Stable id from the catalogue, for example `disconnect/true-rst`; the part before `/` is its group. */
  readonly id: string;
  /** Client under test, for example `kit/chromium` or `eventsource/node`. */
  readonly subject: string;
  /** `kit` gates; `peer` is other people's software and fills the scoreboard. */
  readonly subjectKind: 'kit' | 'peer';
  readonly subjectVersion?: string;
  /** Server under test, for example `express`. */
  readonly server: string;
  /** The oracle's verdict, or `absent`: not run, see `absentReason`. */
  readonly verdict: Validity | 'absent';
  /** Why it was not run: the missing capability, browser or program. */
  readonly absentReason?: string;
  /** Results of the oracle by check; empty when absent. */
  readonly checks: Readonly<Record<string, CheckResult>>;
  /** What is expected to hold, in a sentence. */
  readonly hypothesis: string;
  /** What "normal" was before the fault. */
  readonly steadyState: string;
  /** The planned faults, in words and in order. */
  readonly faultPlan: readonly string[];
  readonly guarantee: Guarantee;
  readonly budget: Budget;
  /** Replays every random choice of the run. */
  readonly seed: string;
  /** The network under the faults. */
  readonly engine: Engine;
  readonly browser?: Software;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Measured numbers by name, before the first fault and at the end. */
  readonly metrics?: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  /** Files beside `result.json`, as relative paths. */
  readonly artefacts: Artefacts;
  /** Observations that differ from what was written down, for example another browser default. */
  readonly findings?: readonly Finding[];
  /** The run broke before the oracle could judge; the verdict is then `unknown`. */
  readonly error?: string;
  readonly tags?: readonly string[];
}

/** Relative paths of the files of one run; further names are listed as they are. */
export interface Artefacts {
  readonly history?: string;
  readonly verdict?: string;
  readonly timeline?: string;
  readonly serverProm?: string;
  readonly clientProm?: string;
  readonly scenarioProm?: string;
  readonly [name: string]: string | undefined;
}

/** Which proxy was the network: the real Toxiproxy or the embedded stand-in. */
export interface Engine {
  readonly name: 'toxiproxy' | 'embedded' | 'virtual' | 'none';
  readonly version?: string;
  /** How it was found, for example `PATH`, `docker`, `TOXIPROXY_URL`, `built with go`. */
  readonly source?: string;
}

/** A program with its version. */
export interface Software {
  readonly name: string;
  readonly version: string;
}

/** An expectation that was written down and what was seen instead. */
export interface Finding {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** `run.json` in the results directory (optional): what is true of the whole run. */
export interface RunInfo {
  readonly startedAt?: string;
  readonly seed?: string;
  readonly engine?: Engine;
  readonly browsers?: readonly Software[];
  /** Node, operating system and the like. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the run says something about, where that is not the kit: somebody's server. */
  readonly judged?: string;
  /** Subjects that could not take part, each with the reason. */
  readonly absent?: readonly { readonly subject: string; readonly reason: string }[];
}

/** One line of `mutants.json`: a deliberate bug in the kit and the scenarios that caught it. */
export interface Mutant {
  readonly mutant: string;
  readonly description: string;
  readonly caughtBy: readonly string[];
  /** What the first of them said; of a survivor, why nothing was said. */
  readonly how?: string;
}
