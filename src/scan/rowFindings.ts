/**
 * Reports the findings in run.json, which are about the rows of a table, or about what its policy keeps
 * out, and not about a record.
 * Severities are computed from the sealed mapping.
 */

import type { Mapping } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { severityOf } from '../mapping/severity.ts';
import { takers } from '../mapping/takers.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { RUN_FILE, type ModuleAccounting, type RunFile } from '../seal/format.ts';

const OF_ROWS: ReadonlySet<string> = new Set<Rule>([
  'filtered-row',
  'filtered-kind',
  'row-multiplied',
]);

/** On personal data that an option let into the candidate. */
const OF_POLICIES: ReadonlySet<string> = new Set<Rule>(['pii-dropped', 'pii-treatment']);

/** Yields the findings in sealed order, of `modules`, or of all modules if it is null. */
export function* checkRowFindings(
  run: RunFile,
  mapping: Mapping,
  modules: readonly string[] | null,
): Generator<Finding> {
  for (const { module, rule, reason } of run.findings ?? []) {
    if (modules !== null && (module === null || !modules.includes(module))) continue;
    const about = { ...(module === null ? {} : { module }), file: RUN_FILE };
    if (OF_ROWS.has(rule) || OF_POLICIES.has(rule)) {
      const severity = severityOf(mapping.project, rule as Rule, module ?? '');
      yield { rule, severity, ...about, reason };
    } else {
      const unknown = 'a finding on the rows of a table has an unknown rule';
      yield { rule: 'seal-format', severity: 'BLOCKER', ...about, reason: unknown };
    }
  }
  for (const line of run.accounting) {
    if (modules !== null && !modules.includes(line.module)) continue;
    if (!isUnreported(line, run, mapping)) continue;
    const rows = `rows of table ${quoteName(line.table)} that no module takes`;
    const reason = `${rows} are in the accounting, but in no finding`;
    yield { rule: 'accounting', severity: 'BLOCKER', module: line.module, file: RUN_FILE, reason };
  }
}

/** Whether a module filters rows that no other one takes, and no finding reports it. */
function isUnreported(
  line: ModuleAccounting,
  { accounting, findings = [], sample }: RunFile,
  mapping: Mapping,
): boolean {
  if (line.filtered === 0 || sample !== undefined) return false;
  const all = accounting.filter(({ source, table }) => {
    return source === line.source && table === line.table;
  });
  const readers = takers(all, ({ module }) => module, mapping);
  const isReported = findings.some(({ module, rule }) => {
    return module === line.module && rule.startsWith('filtered-');
  });
  return readers.length === 1 && readers.includes(line) && !isReported;
}
