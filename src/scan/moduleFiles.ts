/** Checks that the files of a module exist, and counts their lines that are not records. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { recordFile } from '../seal/candidateReader.ts';
import { plainSize } from '../seal/files.ts';
import { DATA_FILE, LINEAGE_FILE } from '../seal/format.ts';
import type { OwnPass } from './pass.ts';
import type { Scope } from './scope.ts';

/**
 * Plans findings `file-missing` and `seal-format` of a module's files, from their last reading.
 * With `readAll`, files that were not read yet are read now. The last pass of a module.
 */
export function filePass(scope: Scope, module: CompiledModule, readAll: boolean): OwnPass {
  const run = (): AsyncGenerator<Finding> => fileFindings(scope, module, readAll);
  return { reads: 'unread files', check: null, run };
}

async function* fileFindings(
  scope: Scope,
  module: CompiledModule,
  readAll: boolean,
): AsyncGenerator<Finding> {
  const { files } = scope;
  for (const lineage of module.hasLineage ? [false, true] : [false]) {
    const path = recordFile(files.folder, module.name, lineage);
    const file = `${module.name}/${lineage ? LINEAGE_FILE : DATA_FILE}`;
    const fault = (rule: Rule, reason: string): Finding => {
      const severity = severityOf(scope.mapping.project, rule, module.name);
      return { rule, severity, module: module.name, file, reason };
    };
    if (plainSize(path) === Number.POSITIVE_INFINITY) {
      yield fault('file-missing', 'the file is missing, or is not a plain file');
      continue;
    }
    if (readAll && files.badLines(module.name, lineage) === undefined) {
      await drain(files.records(module.name, lineage ? 'lineage' : 'records', lineage));
    }
    const bad = files.badLines(module.name, lineage);
    if (bad !== undefined && bad.lines > 0) {
      const first = `the first is line ${bad.first + 1}`;
      yield fault('seal-format', `lines that are not records: ${bad.lines}, ${first}`);
    }
  }
}

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const batch of batches) void batch;
}
