/** Lints a runbook: what is wrong with it, as findings at lines and columns. Runs nothing, reads nothing else. */

import type { Finding } from '../outcome/finding.ts';
import { severityOfRule } from '../outcome/rules.ts';
import { lintCommands } from './lint/lintCommands.ts';
import { lintGates } from './lint/lintGates.ts';
import { lintMetrics } from './lint/lintMetrics.ts';
import { lintNames, lintUnused } from './lint/lintNames.ts';
import { lintRollout } from './lint/lintRollout.ts';
import { lintSecrets, secretComments } from './lint/lintSecrets.ts';
import { lintOrder, lintSteps } from './lint/lintSteps.ts';
import { lintTimes } from './lint/lintTimes.ts';
import type { Linted, Report, RunbookRule } from './lint/report.ts';
import type { LoadedRunbook } from './readRunbook.ts';

const LINTS: readonly ((linted: Linted, report: Report) => void)[] = [
  lintNames,
  lintUnused,
  lintSteps,
  lintOrder,
  lintGates,
  lintMetrics,
  lintRollout,
  lintCommands,
  lintTimes,
  lintSecrets,
];

/** Returns the findings; changes of clocks are searched for from `today` on, for a year. */
export function lintRunbook(loaded: LoadedRunbook, today: Date): readonly Finding[] {
  const { runbook, value, where, name, text } = loaded;
  const findings: Finding[] = [];
  const add = (rule: RunbookRule, file: string, reason: string): void => {
    findings.push({ rule, severity: severityOfRule(rule), file, reason });
  };
  const report: Report = (rule, pointer, reason) => {
    add(rule, where(pointer), reason);
  };
  for (const lint of LINTS) lint({ runbook, value, today }, report);
  for (const line of secretComments(text)) {
    const place = `${name}:${line}`;
    // A text with a # is no comment.
    if (findings.some(({ file, rule }) => rule === SECRET && file?.startsWith(`${place}:`)))
      continue;
    add(SECRET, place, 'a secret is written in a comment');
  }
  return findings;
}

const SECRET = 'runbook-secret';
