/** Findings about columns with secrets: named by table, column and row, never by a value. Pure. */

import type { RowKey } from '../database/database.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { severityOfRule, type Rule } from '../outcome/rules.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { rowText } from '../project/rowText.ts';
import type { Undeclared } from './sweepColumns.ts';
import { counted } from '../outcome/counted.ts';

/** A finding about a row. */
export function rowFinding(
  { declared }: OpenColumn,
  key: RowKey,
  { rule, reason, field }: { rule: Rule; reason: string; field: string },
): Finding {
  const severity = severityOfRule(rule);
  return { rule, severity, module: declared.table, recordId: rowText(key), field, reason };
}

/** A finding about a column that is not declared. */
export function undeclaredFinding({ table, column, values, forms, first }: Undeclared): Finding {
  const rule = 'key-undeclared';
  const reason = `a column that mapping/keys.json does not declare holds ${counted(values, 'ciphertext')} (${forms.join(', ')})`;
  const named = first === null || first.includes(null) ? {} : { recordId: rowText(first) };
  return { rule, severity: severityOfRule(rule), module: table, ...named, field: column, reason };
}

/** Makes the failure for a column in which no value was found: a run over nothing proves nothing. */
export function noValues({ declared, rows }: OpenColumn): Failure {
  return new Failure('EMPTY', {
    what: 'the column has no value, so there is nothing to prove',
    where: `${rows.label}, column ${declared.column}`,
    hint: 'check mapping/keys.json, or declare the column "optional"',
  });
}

/** Name of a column in notes. */
export function columnName({ declared }: OpenColumn): string {
  return `${declared.table}.${declared.column}`;
}
