/**
 * Reports the sealed findings of a candidate, which were made when its rows were mapped: record,
 * field and rule. Severities are computed from the sealed mapping. The rows are in the report of
 * the run that built the candidate.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { fieldNames } from '../mapping/model.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { RULES, type Rule } from '../outcome/rules.ts';
import { FINDINGS_FILE } from '../seal/format.ts';
import { readSealedFindings, type SealedFinding } from '../seal/sealedFindings.ts';
import type { CheckPlan } from './pass.ts';
import { shownKeyOf } from './recordFinding.ts';
import { recordLines, type RecordLines } from './recordLines.ts';
import type { Scope } from './scope.ts';

/** Plans the findings of a module, in sealed order. */
export function planMapped(scope: Scope, module: CompiledModule): CheckPlan {
  const run = (): AsyncGenerator<Finding> => mappedFindings(scope, module);
  return { passes: [{ reads: 'sealed findings', check: 'mapped', run }] };
}

async function* mappedFindings(scope: Scope, module: CompiledModule): AsyncGenerator<Finding> {
  const { folder } = scope.files;
  const sealed = readSealedFindings(folder, module.name);
  const fields = fieldNames(module.mapping);
  const lines = recordLines(folder, module);
  let unknown = 0;
  try {
    for await (const batch of sealed) {
      for (const one of batch) {
        const known = one !== null && isOfMapRule(one) && fields.has(one.field);
        const locator = known ? await locatorOf(module, one.id, lines) : null;
        if (!known || locator === null) unknown += 1;
        else yield mappedFinding(scope, module, one, locator);
      }
    }
  } finally {
    await lines.close();
  }
  if (unknown === 0) return;
  const reason = `findings with an unknown rule, field or record: ${unknown}`;
  const file = `${module.name}/${FINDINGS_FILE}`;
  yield { rule: 'seal-format', severity: 'BLOCKER', module: module.name, file, reason };
}

type RecordLocator = Pick<Finding, 'recordId' | 'line'>;

/** Locates a record by its key, or by its line if the key may be personal data; null if unknown. */
async function locatorOf(
  module: CompiledModule,
  id: SealedFinding['id'],
  lines: RecordLines,
): Promise<RecordLocator | null> {
  if (id.length !== module.orderFields.length) return null;
  const recordId = shownKeyOf(module, id);
  if (recordId !== undefined) return { recordId };
  const line = await lines.lineOf(id);
  return line === null ? null : { line };
}

function mappedFinding(
  scope: Scope,
  module: CompiledModule,
  { rule, field }: KnownFinding,
  locator: RecordLocator,
): Finding {
  return {
    rule,
    severity: severityOf(scope.mapping.project, rule, module.name, field),
    module: module.name,
    ...locator,
    field,
    reason: 'found when its row became this record',
  };
}

type KnownFinding = SealedFinding & { readonly rule: Rule };

function isOfMapRule(finding: SealedFinding): finding is KnownFinding {
  const { rule } = finding;
  return Object.hasOwn(RULES, rule) && RULES[rule as Rule].stages.includes('map');
}
