/**
 * Checks references: the record that each refers to must exist. Covers references by id and by
 * value, simple and composite, within a module, and in arrays and JSON. A reference with a null in
 * any part refers to nothing; if it is declared to match in full, all of its parts must then be
 * null.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { valuesAt } from '../mapping/idPath.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import { leavesPath, pathUse, type PathUse } from './idPaths.ts';
import type { KeyHash } from './keyTable.ts';
import { moveNear } from './nearKeys.ts';
import { packedReferences, packedVisits, type Threads } from './packedReferences.ts';
import { recordPass, NO_FINDINGS, type CheckPlan, type RecordPass } from './pass.ts';
import { violationFindings, type Violation } from './recordFinding.ts';
import { referencesOf, type Reference } from './referencesOf.ts';
import { earlierFinding, hasFailed, type ScannedRecord, type Scope } from './scope.ts';
import { hashOf, loadTargets, targetPartitions } from './targets.ts';
import type { ViolationLog } from './violationStore.ts';

/** State shared by the passes of the check. */
interface Search {
  readonly scope: Scope;
  readonly module: CompiledModule;
  readonly references: readonly Reference[];
  readonly paths: PathUse;
  /** By {@link kindOf}. */
  readonly log: ViolationLog;
}

/**
 * Plans findings `reference`, `reference-partial` and `reference-path` of a module's records. With
 * threads, references by one id of type uuid are looked up as lines are scanned, others in records.
 */
export function planReferences(
  scope: Scope,
  module: CompiledModule,
  threads: Threads | null,
): CheckPlan {
  const references = referencesOf(scope, module);
  if (references.length === 0) return {};
  const log = scope.store.openViolations();
  const search = { scope, module, references, paths: pathUse(scope, module), log };
  const packed = threads === null ? [] : packedReferences(scope, references);
  const isPacked = new Set(packed.map(({ index }) => index));
  const left = [...references.entries()].filter(([index]) => !isPacked.has(index));
  return {
    chunks: threads === null ? [] : packedVisits(scope, packed, threads, log),
    passes: [
      ...recordPasses(search, left),
      { reads: 'noted records', check: 'references', run: () => referenceFindings(search) },
    ],
  };
}

/** Faults of a reference, in the order in which a record's findings are reported. */
const MISSING = 0;
const PARTIAL = 1;
const NEAR = 2;
const OFF_PATH = 3;

/** Returns the kind of a violation by the reference at `index`; kinds of one fault are adjacent. */
function kindOf(fault: number, index: number, { references }: Search): number {
  return fault * references.length + index;
}

async function* referenceFindings(search: Search): AsyncGenerator<Finding> {
  const { scope, module, references, paths, log } = search;
  await moveNear(scope, module, references, { log, by: kindOf(NEAR, 0, search) });
  // In the order of kinds.
  yield* violationFindings(scope, module, log, [
    ...references.map(missing),
    ...references.map(partial),
    ...references.map(near),
    ...references.map((reference) => paths.violation(reference)),
  ]);
  yield* paths.findings();
}

function missing({ fields, target, nested }: Reference): Violation {
  return {
    rule: 'reference',
    fields,
    reason:
      nested !== null
        ? `it contains an id that is not in module ${target.module}`
        : `it refers to a record that is not in module ${target.module}`,
  };
}

function partial({ fields }: Reference): Violation {
  return { rule: 'reference-partial', fields, reason: 'some fields of the reference are null' };
}

const SPELLING =
  'where a key differs only in case and whitespace: make both equal with transforms, or use onMissing';

function near(reference: Reference): Violation {
  const { rule, fields, reason } = missing(reference);
  return { rule, fields, reason: `${reason}, ${SPELLING}` };
}

/** Reads the records for these references, once for each partition of the keys in their targets. */
function recordPasses(
  search: Search,
  left: readonly (readonly [index: number, reference: Reference])[],
): RecordPass[] {
  const { scope } = search;
  if (left.length === 0) return [];
  const targets = left.map(([, { target }]) => target);
  return targetPartitions(scope, targets).map((partition) =>
    recordPass({
      check: 'references',
      label: 'references',
      async open() {
        const loaded = await loadTargets(scope, targets, partition);
        const lookups = left.map(([index, reference]) => {
          return { index, reference, table: loaded.table(reference.target) };
        });
        return {
          scan({ first, records }) {
            for (const [at, record] of records.entries()) {
              if (record === null) continue;
              const scanned = { ordinal: first + at, record };
              for (const { index, reference, table } of lookups) {
                noteForm(search, index, reference, scanned);
                for (const key of keysOf(reference, record)) {
                  if (!loaded.holds(key)) continue;
                  scope.tally.references += 1;
                  if (!table.has(key)) note(search, MISSING, index, scanned);
                }
              }
            }
            return NO_FINDINGS;
          },
        };
      },
    }),
  );
}

/** Notes faults of a reference that do not depend on other records. */
function noteForm(
  search: Search,
  index: number,
  reference: Reference,
  scanned: ScannedRecord,
): void {
  const { record } = scanned;
  if (isPartial(reference, record)) note(search, PARTIAL, index, scanned);
  search.paths.note(reference, record);
  if (leavesPath(reference, record)) note(search, OFF_PATH, index, scanned);
}

/** Notes a violation; an earlier finding on one of its fields counts as its cause. */
function note(search: Search, fault: number, index: number, scanned: ScannedRecord): void {
  const { scope, module, references, log } = search;
  const fields = references[index]?.fields ?? [];
  if (hasFailed(scope, module.name, scanned, fields)) return;
  const { ordinal } = scanned;
  const because = earlierFinding(scope, module.name, ordinal, fields);
  log.add(ordinal, kindOf(fault, index, search), because);
}

/** Whether some but not all parts are null in a reference that is declared to match in full. */
function isPartial({ fields, full }: Reference, record: ReadRecord): boolean {
  if (!full) return false;
  const nulls = fields.filter((field) => memberOf(record, field) === null).length;
  return nulls > 0 && nulls < fields.length;
}

/** Hashes the keys that a record refers to. */
function keysOf({ fields, types, target, nested }: Reference, record: ReadRecord): KeyHash[] {
  const values = fields.map((field) => memberOf(record, field));
  const referred =
    nested === null ? [values] : [...valuesAt(values[0], nested.path)].map((value) => [value]);
  return referred.map((parts) => hashOf(target, parts, types)).filter((key) => key !== null);
}
