/** Severity of a finding: the project's setting, or else the rule's own. */

import type { Severity } from '../outcome/finding.ts';
import { severityOfRule, type Rule } from '../outcome/rules.ts';
import type { Lowered } from '../outcome/outcome.ts';
import type { Mapping, ProjectMapping } from './model.ts';

/**
 * Returns the severity of `rule` in a module's field: the last matching setting, else the rule's
 * own. A finding about several fields together, such as a unique set, is about each of them.
 */
export function severityOf(
  project: Pick<ProjectMapping, 'severities'>,
  rule: Rule,
  module: string,
  fields: string | readonly string[] = [],
): Severity {
  const about = typeof fields === 'string' ? [fields] : fields;
  return severitySetting(project, rule, module, about) ?? severityOfRule(rule);
}

/** Returns the last matching setting of a project; undefined if there is none. */
export function severitySetting(
  project: Pick<ProjectMapping, 'severities'>,
  rule: Rule,
  module: string,
  fields: readonly string[],
): Severity | undefined {
  const setting = project.severities?.findLast(
    (candidate) =>
      candidate.rule === rule &&
      (candidate.module === undefined || candidate.module === module) &&
      (candidate.field === undefined || fields.includes(candidate.field)),
  );
  return setting?.severity;
}

const WEIGHTS: Readonly<Record<Severity, number>> = { INFO: 0, WARNING: 1, BLOCKER: 2 };

/** Lists the severities that a project lowers: its settings in their order, then invariants. */
export function loweredSeverities({ project, modules }: Mapping): Lowered[] {
  const settings = (project.severities ?? []).map(({ severity, rule, ...where }) => {
    const from = severityOfRule(rule);
    return Object.assign(where, { rule, from, to: severity });
  });
  const invariants = modules.flatMap(({ module, invariants: all = [] }) =>
    all.map(({ id, severity: to = 'BLOCKER' }) => {
      return { rule: 'invariant', module, invariant: id, from: 'BLOCKER', to } as const;
    }),
  );
  return [...settings, ...invariants].filter(({ from, to }) => WEIGHTS[to] < WEIGHTS[from]);
}
