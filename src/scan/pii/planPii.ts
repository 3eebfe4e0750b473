/**
 * The check of personal data in a module: every cell is searched for classes that its policy does not
 * allow there, stored forms are proven, values that the policy keeps out are looked for, and the
 * policy is compared with what was found.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { keysOf } from '../../mapping/compile/treatedCell.ts';
import { isReference } from '../../mapping/model.ts';
import { piiOf } from '../../mapping/piiPolicy.ts';
import type { Finding } from '../../outcome/finding.ts';
import { memberOf, type RecordBatch } from '../../seal/candidateReader.ts';
import { taintFinder } from '../../taint/taintSet.ts';
import { recordPass, type CheckPlan, type ChunkVisit, type Visit, type Visitor } from '../pass.ts';
import type { TreatedField } from '../../treatment/treatment.ts';
import type { PlacedChunk } from '../scannedFiles.ts';
import type { ScannedRecord, Scope } from '../scope.ts';
import { expectedPasses } from './expectedPasses.ts';
import { legacyIdPasses } from './lineageIds.ts';
import { moduleFindings } from './moduleFindings.ts';
import { modulePrivacy, printKey } from './modulePrivacy.ts';
import { piiFinding } from './piiFinding.ts';
import { planQuasi } from './quasiGroups.ts';
import { partsOf } from './keyParts.ts';
import { searchedFields, type SearchedField } from './searchedField.ts';
import { valueSearch, type FieldCounts, type ValueFault } from './searchValue.ts';
import { sourceFaults, type SourceFault, type TaintedField } from './sourceValues.ts';
import { taintedKeyPasses } from './taintedKeys.ts';

const LABEL = 'personal data';

/** Plans the findings of a module; `inChunks` if threads search its lines, else records are parsed. */
export function planPii(scope: Scope, module: CompiledModule, inChunks: boolean): CheckPlan {
  const { searches } = scope.pii;
  const fields = searches ? searchedFields(module, scope.mapping) : [];
  const search = { scope, module, fields, tainted: taintedFields(scope, module) };
  const own = [
    ...(searches ? legacyIdPasses(scope, module) : []),
    ...expectedPasses(scope, module),
    ...taintedKeyPasses(scope, module),
    ...(searches ? (planQuasi(scope, module).passes ?? []) : []),
  ];
  if (fields.length + search.tainted.length === 0 && !searches) return { passes: own };
  return inChunks
    ? { chunks: [chunkVisit(search)], passes: own }
    : { passes: [recordPass(recordVisit(search)), ...own] };
}

interface ModuleSearch {
  readonly scope: Scope;
  readonly module: CompiledModule;
  readonly fields: readonly SearchedField[];
  /** Fields in which values of the source are looked for. */
  readonly tainted: readonly TaintedField[];
}

/** Kinds of values in which no text of a person can be. */
const CLOSED: ReadonlySet<string> = new Set(['boolean', 'blob', 'bytes', 'uuid']);

/** Returns all fields but ids that Sealift makes; most in a stored form have values of their own. */
function taintedFields({ pii }: Scope, module: CompiledModule): TaintedField[] {
  const { origins = [] } = pii.tainted ?? {};
  return module.fields
    .filter(({ mapping, treated, type }) => {
      return (
        origins.length > 0 &&
        !isReference(mapping) &&
        (treated === null ? !CLOSED.has(type.kind) : mayStayWhole(treated))
      );
    })
    .map(({ name, treated }) => {
      const declared = piiOf(module.mapping, name);
      const own = treated === null ? declared?.class : undefined;
      const allowed = new Set([own, ...(declared?.mayContain ?? [])]);
      const allows = origins.flatMap(({ class: of }, at) => (allowed.has(of) ? [at + 1] : []));
      return { name, allows };
    });
}

/** Whether a value that is short enough is stored as it is. */
function mayStayWhole({ to }: TreatedField): boolean {
  return typeof to === 'object' && 'first' in to;
}

function chunkVisit(search: ModuleSearch): ChunkVisit {
  const { scope, fields, tainted } = search;
  const { secrets, tainted: values, names: known } = scope.pii;
  const taint = values === null ? {} : { taint: values.taint };
  const names = known === null ? {} : { names: known };
  return {
    check: 'pii',
    label: LABEL,
    wanted: { searched: fields, tainted, secrets, ...taint, ...names },
    open: () => {
      const log = moduleLog(search);
      return {
        *scan({ firstLine, lines, pii, counts }: PlacedChunk): Generator<Finding> {
          log.count(lines, counts);
          for (const { line, key, field, ...fault } of pii) {
            yield log.finding({ ordinal: firstLine + line, record: key }, field, fault);
          }
        },
        end: () => log.end(),
      };
    },
  };
}

function recordVisit(search: ModuleSearch): Visit<RecordBatch> {
  return { check: 'pii', label: LABEL, open: () => recordVisitor(search) };
}

function recordVisitor(search: ModuleSearch): Visitor<RecordBatch> {
  const { scope, fields, tainted } = search;
  const log = moduleLog(search);
  const searches = fields.map((field) => {
    return { field, find: valueSearch(field, keysOf(field, scope.pii.secrets), scope.pii.names) };
  });
  const finder = scope.pii.tainted === null ? null : taintFinder(scope.pii.tainted.taint);
  return {
    *scan({ first, records }): Generator<Finding> {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        const scanned = { ordinal: first + index, record };
        for (const { field, find } of searches) {
          const key = field.treated === null ? [] : partsOf(record, field.recordKey);
          for (const fault of find(memberOf(record, field.name), key)) {
            yield log.finding(scanned, field.name, fault);
          }
        }
        for (const field of finder === null ? [] : tainted) {
          const value = memberOf(record, field.name);
          if (value === null || finder === null) continue;
          for (const fault of sourceFaults(value, finder, field)) {
            yield log.finding(scanned, field.name, fault);
          }
        }
      }
      log.count(records.filter((record) => record !== null).length, []);
    },
    end: () => {
      log.count(
        0,
        searches.map(({ find }) => find.counts),
      );
      return log.end();
    },
  };
}

interface ModuleLog {
  finding(scanned: ScannedRecord, field: string, fault: ValueFault | SourceFault): Finding;
  count(lines: number, counts: readonly FieldCounts[]): void;
  /** Yields the findings on the module as a whole. */
  end(): Generator<Finding>;
}

/** Makes findings and counts cells, for the findings on the module as a whole. */
function moduleLog({ scope, module, fields }: ModuleSearch): ModuleLog {
  let lines = 0;
  const totals = new Map<string, FieldCounts>();
  const findings: Record<string, number> = {};
  const prints = new Map<string, number>();
  let accepted = 0;
  // Of acceptances only, so that the map does not grow with the findings.
  const inForce = new Map(
    (module.mapping.pii?.accept ?? []).map(({ rule, fp, until }) => {
      return [printKey(rule, fp), until >= scope.pii.today] as const;
    }),
  );
  const note = (finding: Finding): Finding => {
    const { rule, fp } = finding;
    const key = printKey(rule, fp ?? '');
    if (inForce.has(key)) prints.set(key, (prints.get(key) ?? 0) + 1);
    if (inForce.get(key) === true) accepted += 1;
    else findings[rule] = (findings[rule] ?? 0) + 1;
    return finding;
  };
  return {
    finding: (scanned, field, fault) => note(piiFinding(scope, module, scanned, field, fault)),
    count(more, counts) {
      lines += more;
      for (const { field, cells, values, classes } of counts) {
        const total = totals.get(field) ?? { field, cells: 0, values: 0, classes: {} };
        total.cells += cells;
        total.values += values;
        for (const [of, count] of Object.entries(classes)) {
          total.classes[of] = (total.classes[of] ?? 0) + count;
        }
        totals.set(field, total);
      }
    },
    *end() {
      if (!scope.pii.searches) return;
      for (const found of moduleFindings(scope, module, { fields, totals })) {
        yield note(found);
      }
      const seen = { lines, totals, findings, accepted, prints };
      scope.pii.report(modulePrivacy(scope, module, seen));
    },
  };
}
