/**
 * Writes the diagnostics on rows of one partition of a module as findings with the row's locator. A
 * worker appends them in sorted runs to the file that all threads share; memory: at most 8 MiB.
 *
 * There may be ten for each row, so parts that do not depend on the row are made once. The lines
 * and keys equal those of a finding store.
 */

import { runWriter } from '../../extsort/sortedRuns.ts';
import type { UnlinkedFile } from '../../disk/unlinkedFile.ts';
import { idOfContent } from '../../findings/findingId.ts';
import type { LoggedFindings } from '../../findings/findingStore.ts';
import { kindOf, ROW_BYTES, TEXT_END, textPart, writeRow } from '../../findings/sortKey.ts';
import { emptyTally } from '../../findings/tally.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Diagnostic } from '../../mapping/compile/rowMapper.ts';
import { causeOf, type Cause } from '../../outcome/cause.ts';
import { canonicalJson } from '../../record/canonical.ts';
import type { Locator } from '../../extsort/entry.ts';

/** A diagnostic on a field of a row, or on the row as a whole. */
type RowDiagnostic = Omit<Diagnostic, 'field'> & { readonly field?: string };

export interface FindingLog {
  add(diagnostic: RowDiagnostic, locator: Locator): void;
  /** Writes the rest; returns the runs for a finding store. */
  finish(): LoggedFindings;
}

/** Maximum number of bytes that are sorted at once. */
const BUDGET = 4 * 2 ** 20;
/** Maximum number of cached kinds, as reasons may contain numbers. */
const MAX_KINDS = 10_000;

/** Makes the log of one partition of a module's rows. */
export function findingLog(
  module: Pick<CompiledModule, 'name' | 'table'>,
  file: UnlinkedFile,
): FindingLog {
  const writer = runWriter(() => file, BUDGET);
  const tally = emptyTally();
  const kinds = new Map<string, Kind>();
  const finishKinds = (): void => {
    for (const { cause, count } of kinds.values()) {
      tally.add(cause, count);
    }
    kinds.clear();
  };
  const kindOfDiagnostic = (diagnostic: RowDiagnostic): Kind => {
    const { field, rule, severity, reason } = diagnostic;
    const name = `${field === undefined ? '' : `=${field}`}\0${rule}\0${severity}\0${reason}`;
    let kind = kinds.get(name);
    if (kind === undefined) {
      if (kinds.size === MAX_KINDS) finishKinds();
      kind = newKind(module, diagnostic);
      kinds.set(name, kind);
    }
    return kind;
  };
  return {
    add(diagnostic, locator) {
      const kind = kindOfDiagnostic(diagnostic);
      kind.count += 1;
      const { start, end } = diagnostic;
      const head = end === undefined ? '{' : `{"end":${end},`;
      const source = `{"row":${JSON.stringify(locator)},${kind.table}}`;
      const tail = start === undefined ? '}' : `,"start":${start}}`;
      const id = idOfContent(`${head}${kind.field}${kind.about},"source":${source}${tail}`);
      const { key, rowAt, idAt } = kind;
      writeRow(key, locator, rowAt);
      key.write(id, idAt, 'latin1');
      writer.add(
        key,
        key.length,
        `${head}${kind.field}"id":"${id}",${kind.about},${kind.severityText},"source":${source}${tail}`,
      );
    },
    finish() {
      finishKinds();
      writer.flush();
      return { runs: writer.runs, counts: tally.list() };
    },
  };
}

/** The common parts of all diagnostics of a kind; `key` is completed for each. */
interface Kind {
  readonly cause: Cause;
  /** Member `field` and a comma, or ''. */
  readonly field: string;
  /** Members of the finding, in canonical order: module, reason, rule. */
  readonly about: string;
  readonly severityText: string;
  readonly table: string;
  readonly key: Buffer;
  readonly rowAt: number;
  readonly idAt: number;
  count: number;
}

const ID_SPACE = '0'.repeat(16);

function newKind(module: Pick<CompiledModule, 'name' | 'table'>, diagnostic: RowDiagnostic): Kind {
  const { field, rule, severity, reason } = diagnostic;
  const prefix = Buffer.concat([textPart(module.name), textPart(module.table)]);
  const about = Buffer.concat([textPart(field ?? ''), textPart(rule)]);
  const kind = Buffer.of(kindOf(severity, true));
  const rowAt = prefix.length;
  const idAt = rowAt + ROW_BYTES + about.length;
  const key = [prefix, Buffer.alloc(ROW_BYTES), about, Buffer.from(ID_SPACE), TEXT_END, kind];
  return {
    cause: causeOf({ module: module.name, ...diagnostic }),
    field: field === undefined ? '' : `${members({ field })},`,
    about: members({ module: module.name, reason, rule }),
    severityText: members({ severity }),
    table: members({ table: module.table }),
    key: Buffer.concat(key),
    rowAt,
    idAt,
    count: 0,
  };
}

/** Canonical JSON without the braces. */
function members(object: Readonly<Record<string, string>>): string {
  return canonicalJson(object).slice(1, -1);
}
