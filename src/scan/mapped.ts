/**
 * What was found while rows became the records of a sealed candidate, as it is sealed beside them:
 * which record, which field, which rule. How much it weighs is computed here, from the sealed mapping;
 * the rows are in the report of the run that built it.
 */

import type { CompiledModule } from '../mapping/compile.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { RULES, type Rule } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';
import { FINDINGS_FILE } from '../seal/format.ts';
import { readSealedFindings, type SealedFinding } from '../seal/sealedFindings.ts';
import { hasPersonalKey, type Scope } from './scope.ts';

/** The findings of a module, in the order in which they are sealed. */
export async function* checkMapped(
  scope: Scope,
  module: CompiledModule,
  sealed: AsyncIterable<readonly (SealedFinding | null)[]> = readSealedFindings(
    scope.folder,
    module.name,
  ),
): AsyncGenerator<Finding> {
  const fields = new Set(module.fields.map(({ name }) => name));
  let strange = 0;
  for await (const batch of sealed) {
    for (const one of batch) {
      if (one === null || !isMapRule(one.rule) || !fields.has(one.field)) strange += 1;
      else yield mappedFinding(scope, module, one, one.rule);
    }
  }
  if (strange === 0) return;
  const reason = `findings of no rule or field that there is: ${strange}`;
  const file = `${module.name}/${FINDINGS_FILE}`;
  yield { rule: 'seal-format', severity: 'BLOCKER', module: module.name, file, reason };
}

function mappedFinding(
  scope: Scope,
  module: CompiledModule,
  { id, field }: SealedFinding,
  rule: Rule,
): Finding {
  const recordId = module.idField === null ? canonicalJson(id) : String(id[0]);
  return {
    rule,
    severity: severityOf(scope.mapping.project, rule, module.name, field),
    module: module.name,
    ...(hasPersonalKey(module) ? {} : { recordId }),
    field,
    reason: 'found when its row became this record',
  };
}

function isMapRule(rule: string): rule is Rule {
  return Object.hasOwn(RULES, rule) && RULES[rule as Rule].stages.includes('map');
}
