/**
 * Checks the accounting of a sealed candidate against its mapping and the rows of its tables, and
 * whether the sources were checked for damage. The sums within the accounting, and the numbers of
 * records, are checked with the checksums.
 */

import { DEFAULT_SOURCE, relationOf, type Mapping, type ModuleMapping } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { severityOfRule } from '../outcome/rules.ts';
import {
  RUN_FILE,
  type ModuleAccounting,
  type RunFile,
  type SealedSource,
} from '../seal/format.ts';

/**
 * Yields findings `accounting` for what is missing in the accounting or contradicts the mapping,
 * and `rejected` for rejected rows, in the order of run.json.
 */
export function* checkAccounting(run: RunFile, mapping: Mapping): Generator<Finding> {
  const fault = (module: string | undefined, reason: string): Finding => ({
    rule: 'accounting',
    severity: severityOf(mapping.project, 'accounting', module ?? ''),
    ...(module === undefined ? {} : { module }),
    file: RUN_FILE,
    reason,
  });
  const known = new Map(mapping.modules.map((module) => [module.module, module]));
  for (const line of run.accounting) {
    const module = known.get(line.module);
    if (module === undefined) {
      yield fault(undefined, `module ${quoteName(line.module)} is not in the mapping`);
    } else {
      const reason = faultOf(line, module, run);
      if (reason !== null) yield fault(line.module, reason);
      if (line.rejected > 0) yield rejected(line);
    }
  }
  for (const name of known.keys()) {
    const lines = run.accounting.filter(({ module }) => module === name);
    if (lines.length === 0) yield fault(name, 'its rows are not accounted for');
    if (lines.length > 1) yield fault(name, 'its rows are accounted for more than once');
  }
  yield* tableFaults(run.sources, mapping, (reason) => fault(undefined, reason));
}

/** Reports rows that were rejected, and that the candidate omits under `--allow-rejected`. */
function rejected(line: ModuleAccounting): Finding {
  return {
    rule: 'rejected',
    severity: severityOfRule('rejected'),
    module: line.module,
    file: RUN_FILE,
    reason: `of ${line.rows} rows ${line.rejected} were rejected and are not in the candidate`,
  };
}

/** Yields findings for unchecked sources, so that promote needs consent of its own for them. */
export function* uncheckedSources({ sources, sample }: RunFile): Generator<Finding> {
  for (const { name, integrity } of sources) {
    // A sample is never live.
    if (integrity !== 'skipped' || sample !== undefined) continue;
    yield {
      rule: 'integrity',
      severity: severityOfRule('integrity'),
      file: RUN_FILE,
      reason: `source ${quoteName(name)} was not checked for damage, or not all of it`,
    };
  }
}

/** Returns the fault of a line of the accounting; null if there is none. */
function faultOf(
  line: ModuleAccounting,
  module: ModuleMapping,
  { sources, sample }: RunFile,
): string | null {
  const { name = DEFAULT_SOURCE, base } = module.source;
  // Only a sample may be counted in rows of its query.
  const own = base === undefined || sample !== undefined ? [relationOf(module)] : [];
  const relations = [...own, ...(base === undefined ? [] : [base.table])];
  if (line.source !== name || !relations.includes(line.table)) {
    return 'its rows are accounted for under a different table than the mapping names';
  }
  const rows = sealedRows(sources, name, line.table);
  // A view has rows, but the seal does not count them.
  if (rows === null || rows === line.rows) return null;
  return `${line.rows} rows are accounted for, but its table had ${rows}`;
}

function sealedRows(
  sources: readonly SealedSource[],
  source: string,
  table: string,
): number | null {
  const tables = sources.find(({ name }) => name === source)?.tables;
  return tables?.find((one) => one.table === table)?.rows ?? null;
}

/** Yields findings for sources and base tables that only the mapping or only the seal lists. */
function* tableFaults(
  sources: readonly SealedSource[],
  mapping: Mapping,
  fault: (reason: string) => Finding,
): Generator<Finding> {
  const sealed = new Map(sources.map(({ name, tables }) => [name, tables]));
  for (const name of Object.keys(mapping.project.sources)) {
    if (!sealed.has(name)) yield fault(`source ${quoteName(name)} was not counted`);
  }
  for (const [source, tables] of sealed) {
    const read = tablesOf(mapping, source);
    const dropped = droppedOf(mapping, source);
    for (const { table, rows } of tables) {
      if (rows === null && !dropped.has(table)) {
        yield fault(`the rows of table ${quoteName(table)} were not counted`);
      }
      if (read.has(table) || dropped.has(table)) continue;
      yield fault(`table ${quoteName(table)} is neither mapped nor dropped`);
    }
    for (const table of dropped) {
      if (tables.some((one) => one.table === table)) continue;
      yield fault(`dropped table ${quoteName(table)} is not in the seal`);
    }
  }
}

/** Returns the tables of a source that modules read. */
function tablesOf({ modules }: Mapping, source: string): Set<string> {
  const tables = new Set<string>();
  for (const { source: of } of modules) {
    if ((of.name ?? DEFAULT_SOURCE) !== source) continue;
    if ('table' in of) tables.add(of.table);
    if (of.base !== undefined) tables.add(of.base.table);
  }
  return tables;
}

function droppedOf({ project }: Mapping, source: string): Set<string> {
  const dropped = (project.dropped ?? []).filter(
    (one) => (one.source ?? DEFAULT_SOURCE) === source,
  );
  return new Set(dropped.map(({ table }) => table));
}
