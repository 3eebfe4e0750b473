/** Lints a runbook: what is wrong with it, as findings at lines and columns. Runs nothing, reads nothing else. */

import type { Finding } from '../outcome/finding.ts';
import { severityOfRule } from '../outcome/rules.ts';
import { lintCommands } from './lint/lintCommands.ts';
import { lintGates } from './lint/lintGates.ts';
import { lintNames, lintUnused } from './lint/lintNames.ts';
import { lintSecrets } from './lint/lintSecrets.ts';
import { lintOrder, lintSteps } from './lint/lintSteps.ts';
import { lintTimes } from './lint/lintTimes.ts';
import type { Linted, Report } from './lint/report.ts';
import type { LoadedRunbook } from './readRunbook.ts';

const LINTS: readonly ((linted: Linted, report: Report) => void)[] = [
  lintNames,
  lintUnused,
  lintSteps,
  lintOrder,
  lintGates,
  lintCommands,
  lintTimes,
  lintSecrets,
];

/** Returns the findings; changes of clocks are searched for from `today` on, for a year. */
export function lintRunbook(
  { runbook, value, where }: LoadedRunbook,
  today: Date,
): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (rule, pointer, reason) => {
    findings.push({ rule, severity: severityOfRule(rule), file: where(pointer), reason });
  };
  for (const lint of LINTS) lint({ runbook, value, today }, report);
  return findings;
}
