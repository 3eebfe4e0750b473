/**
 * What was found while rows became the records of a sealed candidate, as it is sealed beside them:
 * which record, which field, which rule. How much it weighs is computed here, from the sealed mapping;
 * the rows are in the report of the run that built it.
 */

import type { CompiledModule } from '../mapping/compile.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { RULES, type Rule } from '../outcome/rules.ts';
import { hasPersonalKey, type Scope } from './scope.ts';

/** One line of what is sealed. */
export interface MappedEntry {
  /** Of the record: its id, or its kept key as canonical JSON. */
  readonly id: string;
  readonly field: string;
  readonly rule: string;
}

/** The findings of a module, in the order in which they are sealed. */
export async function* checkMapped(
  scope: Scope,
  module: CompiledModule,
  entries: AsyncIterable<MappedEntry>,
): AsyncGenerator<Finding> {
  const fields = new Set(module.fields.map(({ name }) => name));
  const personal = hasPersonalKey(module);
  let strange = 0;
  for await (const { id, field, rule } of entries) {
    if (!isMapRule(rule) || !fields.has(field)) {
      strange += 1;
      continue;
    }
    yield {
      rule,
      severity: severityOf(scope.mapping.project, rule, module.name, field),
      module: module.name,
      ...(personal ? {} : { recordId: id }),
      field,
      reason: 'found when its row became this record, which was kept',
    };
  }
  if (strange === 0) return;
  const reason = `findings of no rule or field that there is: ${strange}`;
  yield { rule: 'seal-format', severity: 'BLOCKER', module: module.name, reason };
}

function isMapRule(rule: string): rule is Rule {
  return Object.hasOwn(RULES, rule) && RULES[rule as Rule].stages.includes('map');
}
