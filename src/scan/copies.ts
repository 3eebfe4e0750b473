/**
 * Checks copies: fields that repeat a field of a referenced record must be equal to it. A copy is
 * not compared if there is no such record, or the cell of the original failed.
 */

import type { CompiledField, CompiledModule } from '../mapping/compile/module.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { comparisonOf, type Comparison } from './comparable.ts';
import type { KeyHash } from './keyTable.ts';
import { NO_FINDINGS, recordPass, type CheckPlan, type RecordPass } from './pass.ts';
import { violationFindings, type Violation } from './recordFinding.ts';
import { referencesOf, type Reference } from './referencesOf.ts';
import { earlierFinding, hasFailed, moduleOf, type ScannedRecord, type Scope } from './scope.ts';
import {
  hashOf,
  loadTargets,
  targetPartitions,
  typeOfField,
  valueHash,
  type LoadedTargets,
  type Target,
} from './targets.ts';
import type { ViolationLog } from './violationStore.ts';

interface Copy {
  readonly field: string;
  readonly original: string;
  readonly type: FieldType;
  readonly comparison: Comparison;
  readonly via: Reference;
  readonly target: Target;
}

/** Plans findings `copy` of a module's records. */
export function planCopies(scope: Scope, module: CompiledModule): CheckPlan {
  const references = referencesOf(scope, module);
  const copies = module.fields.flatMap((field) => copyOf(scope, references, field));
  if (copies.length === 0) return {};
  const log = scope.store.openViolations();
  const kinds = copies.map(violationOf);
  const run = (): AsyncGenerator<Finding> => violationFindings(scope, module, log, kinds);
  return {
    passes: [
      ...comparisons({ scope, module, copies, log }),
      { reads: 'noted records', check: 'copies', run },
    ],
  };
}

function violationOf({ field, original, target }: Copy): Violation {
  const reason = `it differs from field ${JSON.stringify(original)} of module ${target.module}`;
  return { rule: 'copy', fields: [field], reason };
}

interface Search {
  readonly scope: Scope;
  readonly module: CompiledModule;
  readonly copies: readonly Copy[];
  /** By index of the copy. */
  readonly log: ViolationLog;
}

/** Compares copies with their originals, in one pass for each partition of the originals' keys. */
function comparisons(search: Search): RecordPass[] {
  const { scope, copies } = search;
  const targets = copies.map(({ target }) => target);
  return targetPartitions(scope, targets).map((partition) =>
    recordPass({
      check: 'copies',
      label: 'copies',
      async open() {
        const loaded = await loadTargets(scope, targets, partition);
        return {
          scan({ first, records }) {
            for (const [index, record] of records.entries()) {
              if (record !== null) compare(search, loaded, { ordinal: first + index, record });
            }
            return NO_FINDINGS;
          },
        };
      },
    }),
  );
}

function compare(search: Search, loaded: LoadedTargets, scanned: ScannedRecord): void {
  const { record } = scanned;
  for (const [kind, copy] of search.copies.entries()) {
    const { via, field, type, comparison, target } = copy;
    const values = via.fields.map((name) => memberOf(record, name));
    const key = hashOf(target, values, via.types);
    if (key === null || !loaded.holds(key)) continue;
    const originals = loaded.table(target).payloads(key);
    const own = valueHash(memberOf(record, field), type, comparison);
    if (!agrees(own, originals)) note(search, scanned, kind, originals);
  }
}

/** Notes a violation; an earlier finding on the copy or the original counts as its cause. */
function note(
  { scope, module, copies, log }: Search,
  scanned: ScannedRecord,
  kind: number,
  originals: readonly (readonly number[])[],
): void {
  const copy = copies[kind];
  if (copy === undefined || hasFailed(scope, module.name, scanned, [copy.field])) return;
  const { ordinal } = scanned;
  const parent = originals[0]?.[4] ?? -1;
  const because =
    earlierFinding(scope, module.name, ordinal, [copy.field]) ??
    earlierFinding(scope, copy.target.module, parent, [copy.original]);
  log.add(ordinal, kind, because);
}

function copyOf(scope: Scope, references: readonly Reference[], field: CompiledField): Copy[] {
  const { name, mapping, type } = field;
  if (isReference(mapping) || mapping.copyOf === undefined) return [];
  const { via: viaField, field: original } = mapping.copyOf;
  const via = references.find(
    ({ fields, nested }) => fields.join() === viaField && nested === null,
  );
  if (via === undefined) throw new TypeError(`${viaField} is not a reference`);
  const parent = moduleOf(scope, via.target.module);
  const comparison = comparisonOf([type], [typeOfField(parent, original)]);
  const target = { ...via.target, keep: { field: original, comparison } };
  return [{ field: name, original, type, comparison, via, target }];
}

/** Whether a copy agrees; true also without an original, or if that is unknown (first word 0). */
function agrees(own: KeyHash, originals: readonly (readonly number[])[]): boolean {
  if (originals.length === 0) return true;
  return originals.some((words) => words[0] === 0 || own.every((word, at) => word === words[at]));
}
