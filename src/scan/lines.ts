/**
 * The lines of a sealed module, each by itself and beside the one before: records that their schema
 * allows, in canonical form, by ascending keys; and their lineage. Workers look at parts of the files.
 */

import { join } from 'node:path';

import type { Pool } from '../threads/pool.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { recordSchema } from '../seal/recordSchema.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { recordFile } from '../seal/candidateReader.ts';
import { plainSize, readPlainFile } from '../seal/files.ts';
import { DATA_FILE, jsonFile, LINEAGE_FILE, SCHEMA_FILE } from '../seal/format.ts';
import { isAscending, type ComparableKey, type LineFault } from '../seal/lineForm.ts';
import { lookUps, type LookUp, type PackedReference } from './packedReferences.ts';
import type { ScannedChunk, Search } from './calls.ts';
import { countOf, recordFinding, type BadLines, type Scope } from './scope.ts';
import { lineageSearch, recordSearch, scannedChunks } from './scannedChunks.ts';
import { piiFinding, searchedFields } from './undeclaredPii.ts';

/** What is looked for besides, as each line is read anyway. */
export interface OnTheWay {
  /** Ids that are looked up: what no record has becomes a hit of the scope. */
  readonly references: readonly PackedReference[];
  /** Whether undeclared personal data is looked for. */
  readonly pii: boolean;
}

/**
 * A finding `seal-format` on the schema; then, of the records and of their lineage, findings
 * `record-schema` by line, with what else is found in a line, and `seal-format` of the file.
 */
export async function* checkLines(
  scope: Scope,
  module: CompiledModule,
  pool: Pool,
  { references, pii }: OnTheWay,
): AsyncGenerator<Finding> {
  yield* checkSchema(scope, module);
  const idFields = references.map(({ field }) => field);
  let searched = pii ? searchedFields(module) : [];
  let again = false;
  for await (const lookUp of lookUps(scope, references, pool)) {
    const search = recordSearch(module, { idFields, searched });
    const findings = checkFile(scope, module, pool, { lineage: false, search, lookUp });
    // What is wrong with the lines was said the first time.
    if (again) await drain(findings);
    else yield* findings;
    again = true;
    searched = [];
  }
  if (!module.hasLineage) return;
  yield* checkFile(scope, module, pool, { lineage: true, search: lineageSearch(module) });
}

/** Findings `pii-undeclared` of a module, by line, field and place. */
export async function* checkPii(
  scope: Scope,
  module: CompiledModule,
  pool: Pool,
): AsyncGenerator<Finding> {
  const searched = searchedFields(module);
  if (searched.length === 0) return;
  const path = recordFile(scope.folder, module.name);
  let lines = 0;
  let bad: BadLines = { lines: 0, first: -1 };
  for await (const part of scannedChunks(path, recordSearch(module, { searched }), pool)) {
    yield* piiFindings(scope, module, lines, part);
    for (const { line, fault } of part.faults) {
      if (fault.kind !== 'no-record') continue;
      bad = { lines: bad.lines + 1, first: bad.lines === 0 ? lines + line : bad.first };
    }
    lines += part.lines;
    scope.onProgress(`personal data of ${module.name}`, lines, countOf(scope, module.name));
  }
  scope.badLines.set(path, bad);
}

function* piiFindings(
  scope: Scope,
  module: CompiledModule,
  firstLine: number,
  { pii }: ScannedChunk,
): Generator<Finding> {
  for (const { line, key, ...found } of pii) {
    yield piiFinding(scope, module, { ordinal: firstLine + line, record: key }, found);
  }
}

async function drain(findings: AsyncIterable<Finding>): Promise<void> {
  for await (const finding of findings) void finding;
}

/** What the lines are held against is what a reader of the candidate goes by. */
function* checkSchema(scope: Scope, module: CompiledModule): Generator<Finding> {
  const text = jsonFile(recordSchema(module));
  const found = readPlainFile(join(scope.folder, module.name, SCHEMA_FILE), text.length * 4);
  if (found?.equals(Buffer.from(text)) === true) return;
  const reason = 'this is not the schema that the mapping gives to its records';
  yield ofFile(scope, module, SCHEMA_FILE, reason);
}

function ofFile(scope: Scope, module: CompiledModule, file: string, reason: string): Finding {
  const severity = severityOf(scope.mapping.project, 'seal-format', module.name);
  return {
    rule: 'seal-format',
    severity,
    module: module.name,
    file: `${module.name}/${file}`,
    reason,
  };
}

interface LinesFile {
  readonly lineage: boolean;
  readonly search: Search;
  readonly lookUp?: LookUp;
}

/** How many lines have a fault, and which is the first. */
interface Faulty {
  lines: number;
  /** 0-based. */
  first: number;
}

/** What is said once of a file, by what is wrong with its lines. */
const OF_FILE = {
  'no-record': 'lines that are no record',
  'not-canonical': 'lines that are not in canonical form',
  order: 'lines whose key does not come after the one before',
} as const;

async function* checkFile(
  scope: Scope,
  module: CompiledModule,
  pool: Pool,
  { lineage, search, lookUp }: LinesFile,
): AsyncGenerator<Finding> {
  const path = recordFile(scope.folder, module.name, lineage);
  // A file that is not there is told of with the module's files.
  if (plainSize(path) === Number.POSITIVE_INFINITY) return;
  const faulty = new Map<keyof typeof OF_FILE, Faulty>();
  const note = (kind: keyof typeof OF_FILE, line: number): void => {
    const known = faulty.get(kind);
    if (known === undefined) faulty.set(kind, { lines: 1, first: line });
    else known.lines += 1;
  };
  const name = lineage ? LINEAGE_FILE : DATA_FILE;
  const file = `${module.name}/${name}`;
  let lines = 0;
  let last: ComparableKey | null = null;
  for await (const part of scannedChunks(path, search, pool)) {
    if (last !== null && part.first !== null && !isAscending(last, part.first))
      note('order', lines);
    last = part.last ?? last;
    for (const fault of part.faults) {
      const line = lines + fault.line;
      if (fault.fault.kind === 'schema') yield schemaFinding(scope, module, { file, line, fault });
      else note(fault.fault.kind, line);
    }
    lookUp?.(lines, part.ids);
    yield* piiFindings(scope, module, lines, part);
    lines += part.lines;
    if (part.unterminated) note('not-canonical', lines);
    scope.onProgress(
      `${lineage ? 'lineage' : 'lines'} of ${module.name}`,
      lines,
      countOf(scope, module.name),
    );
  }
  scope.badLines.set(path, { lines: 0, first: -1, ...faulty.get('no-record') });
  for (const kind of ['not-canonical', 'order'] as const) {
    const seen = faulty.get(kind);
    if (seen === undefined) continue;
    const reason = `${OF_FILE[kind]}: ${seen.lines}, the first is line ${seen.first + 1}`;
    yield ofFile(scope, module, name, reason);
  }
}

function schemaFinding(
  scope: Scope,
  module: CompiledModule,
  at: { readonly file: string; readonly line: number; readonly fault: LineFault },
): Finding {
  const { file, line, fault } = at;
  const fields = fault.fault.kind === 'schema' ? fault.fault.fields : [];
  const record = { ordinal: line, record: fault.key };
  const reason = `line ${line + 1} is not as its schema has it`;
  const accusation = { rule: 'record-schema', fields, reason } as const;
  const { field, ...finding } = recordFinding(scope, module, record, accusation);
  return { ...finding, ...(fields.length === 0 ? {} : { field }), file };
}
