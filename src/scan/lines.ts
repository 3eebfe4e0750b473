/**
 * Checks the lines of a sealed module and of its lineage: they must match their schema, be in
 * canonical form, and have ascending keys.
 */

import { join } from 'node:path';

import type { Pool } from '../threads/pool.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { recordSchema } from '../seal/recordSchema.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { readPlainFile } from '../seal/files.ts';
import { DATA_FILE, jsonFile, LINEAGE_FILE, SCHEMA_FILE } from '../seal/format.ts';
import { isAscending, type ComparableKey, type LineFault } from '../seal/lineForm.ts';
import type { CheckPlan, ChunkVisit, Visitor } from './pass.ts';
import { recordFinding } from './recordFinding.ts';
import type { PlacedChunk } from './scannedFiles.ts';
import type { Scope } from './scope.ts';

/**
 * Plans findings `record-schema` of the records by line, `seal-format` of the file and of the
 * schema, then those of the lineage.
 */
export function planLines(scope: Scope, module: CompiledModule, pool: Pool): CheckPlan {
  const visit = (lineage: boolean): ChunkVisit => ({
    check: 'lines',
    label: lineage ? 'lineage' : 'lines',
    wanted: {},
    open: () => lineVisitor(scope, module, lineage ? LINEAGE_FILE : DATA_FILE),
  });
  const schema = {
    reads: 'schema',
    check: 'lines',
    run: () => schemaFindings(scope, module),
  } as const;
  const lineage = { reads: 'chunks', lineage: true, pool, visits: [visit(true)] } as const;
  return {
    chunks: [visit(false)],
    passes: [schema, ...(module.hasLineage ? [lineage] : [])],
  };
}

/** Checks that the sealed schema is the one that lines are validated against. */
function* schemaFindings(scope: Scope, module: CompiledModule): Generator<Finding> {
  const text = jsonFile(recordSchema(module));
  const path = join(scope.files.folder, module.name, SCHEMA_FILE);
  const found = readPlainFile(path, text.length * 4);
  if (found?.equals(Buffer.from(text)) === true) return;
  const reason = 'this is not the schema that follows from the mapping';
  yield fileFinding(scope, module, SCHEMA_FILE, reason);
}

function fileFinding(scope: Scope, module: CompiledModule, file: string, reason: string): Finding {
  const severity = severityOf(scope.mapping.project, 'seal-format', module.name);
  return {
    rule: 'seal-format',
    severity,
    module: module.name,
    file: `${module.name}/${file}`,
    reason,
  };
}

/** Reasons of findings that are reported once for a file, by the fault of its lines. */
const OF_FILE = {
  'not-canonical': 'lines that are not in canonical form',
  order: 'lines whose key does not come after the one before',
} as const;

/** Number of lines that have a fault, and the first of them. */
interface FaultyLines {
  readonly lines: number;
  /** 0-based. */
  readonly first: number;
}

function lineVisitor(scope: Scope, module: CompiledModule, file: string): Visitor<PlacedChunk> {
  const faulty = new Map<keyof typeof OF_FILE, FaultyLines>();
  const count = (kind: keyof typeof OF_FILE, line: number): void => {
    const { lines, first } = faulty.get(kind) ?? { lines: 0, first: line };
    faulty.set(kind, { lines: lines + 1, first });
  };
  let last: ComparableKey | null = null;
  return {
    *scan(chunk) {
      const { firstLine } = chunk;
      if (last !== null && chunk.first !== null && !isAscending(last, chunk.first)) {
        count('order', firstLine);
      }
      last = chunk.last ?? last;
      for (const fault of chunk.faults) {
        const line = firstLine + fault.line;
        const { kind } = fault.fault;
        if (kind === 'schema') yield schemaFault(scope, module, { file, line, fault });
        else if (kind !== 'no-record') count(kind, line);
      }
      if (chunk.unterminated) count('not-canonical', firstLine + chunk.lines);
    },
    *end() {
      for (const kind of ['not-canonical', 'order'] as const) {
        const found = faulty.get(kind);
        if (found === undefined) continue;
        const reason = `${OF_FILE[kind]}: ${found.lines}, the first is line ${found.first + 1}`;
        yield fileFinding(scope, module, file, reason);
      }
    },
  };
}

/** Makes the finding of a line that does not match its schema. */
function schemaFault(
  scope: Scope,
  module: CompiledModule,
  found: { readonly file: string; readonly line: number; readonly fault: LineFault },
): Finding {
  const { file, line, fault } = found;
  const fields = fault.fault.kind === 'schema' ? fault.fault.fields : [];
  const record = { ordinal: line, record: fault.key };
  const reason = `line ${line + 1} does not match its schema`;
  const violation = { rule: 'record-schema', fields, reason } as const;
  const { field, ...finding } = recordFinding(scope, module, record, violation);
  return {
    ...finding,
    ...(fields.length === 0 ? {} : { field }),
    file: `${module.name}/${file}`,
  };
}
