/**
 * What was found while rows became the records of a sealed candidate, as it is sealed beside them:
 * which record, which field, which rule. How much it weighs is computed here, from the sealed mapping;
 * the rows are in the report of the run that built it.
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

/** The findings of a module, in the order in which they are sealed. */
export function planMapped(scope: Scope, module: CompiledModule): CheckPlan {
  const run = (): AsyncGenerator<Finding> => mappedFindings(scope, module);
  return { passes: [{ reads: 'sealed findings', check: 'mapped', run }] };
}

async function* mappedFindings(scope: Scope, module: CompiledModule): AsyncGenerator<Finding> {
  const { folder } = scope.files;
  const sealed = readSealedFindings(folder, module.name);
  const fields = fieldNames(module.mapping);
  const lines = recordLines(folder, module);
  let strange = 0;
  try {
    for await (const batch of sealed) {
      for (const one of batch) {
        const known = one !== null && isOfMapRule(one) && fields.has(one.field);
        const place = known ? await placeOf(module, one.id, lines) : null;
        if (!known || place === null) strange += 1;
        else yield mappedFinding(scope, module, one, place);
      }
    }
  } finally {
    await lines.close();
  }
  if (strange === 0) return;
  const reason = `findings of no rule, field or record that there is: ${strange}`;
  const file = `${module.name}/${FINDINGS_FILE}`;
  yield { rule: 'seal-format', severity: 'BLOCKER', module: module.name, file, reason };
}

type Place = Pick<Finding, 'recordId' | 'line'>;

/** Which record it is: by its key, or where that may tell of a person by its line; null for none. */
async function placeOf(
  module: CompiledModule,
  id: SealedFinding['id'],
  lines: RecordLines,
): Promise<Place | null> {
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
  place: Place,
): Finding {
  return {
    rule,
    severity: severityOf(scope.mapping.project, rule, module.name, field),
    module: module.name,
    ...place,
    field,
    reason: 'found when its row became this record',
  };
}

type KnownFinding = SealedFinding & { readonly rule: Rule };

function isOfMapRule(finding: SealedFinding): finding is KnownFinding {
  const { rule } = finding;
  return Object.hasOwn(RULES, rule) && RULES[rule as Rule].stages.includes('map');
}
