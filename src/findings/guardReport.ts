/**
 * Keeps personal data out of reports: a finding names its record by a key or a row, and either may be
 * personal data itself, such as a number that is a person's. The search for personal data decides,
 * by the value alone, as it does in records.
 */

import type { Finding, SourceLocator } from '../outcome/finding.ts';
import { counted } from '../outcome/counted.ts';
import { findPii, mayHoldPii } from '../pii/findPii.ts';
import type { FindingStore } from './findingStore.ts';

const HIDDEN = 'hidden';

/**
 * Leaves out what is personal in the findings so far, and adds a finding `pii-report` for each module in
 * which that was necessary. Returns their number.
 */
export function guardReport(found: FindingStore): number {
  const personal = new Map<string, number>();
  for (const finding of found.list) {
    if (!textsOf(finding).some(isPersonal)) continue;
    const module = finding.module ?? '';
    personal.set(module, (personal.get(module) ?? 0) + 1);
  }
  if (personal.size === 0) return 0;
  found.hide(withoutPersonal);
  for (const [module, count] of personal) {
    const reason = `the key or row of ${counted(count, 'finding')} is personal data, and is left out of the report`;
    const about = module === '' ? {} : { module };
    found.add({ rule: 'pii-report', severity: 'BLOCKER', ...about, reason });
  }
  return personal.size;
}

/**
 * Leaves out the rows of findings on these modules, whose key is declared personal: where it is a number,
 * it is the row as well.
 */
export function hideRows(found: FindingStore, modules: ReadonlySet<string>): void {
  if (modules.size === 0) return;
  found.hide((finding) => {
    const { source, members } = finding;
    if (!modules.has(finding.module ?? '')) return finding;
    return {
      ...finding,
      ...(source === undefined ? {} : { source: { ...source, row: HIDDEN } }),
      ...(members === undefined
        ? {}
        : { members: members.map(({ table }) => ({ table, row: HIDDEN })) }),
    };
  });
}

/** Returns what a finding tells of a record: its key, and rows. */
function textsOf({ recordId, source, members = [] }: Finding): string[] {
  const rows = [...(source === undefined ? [] : [source]), ...members].map(({ row }) =>
    String(row),
  );
  return recordId === undefined ? rows : [recordId, ...rows];
}

function isPersonal(text: string): boolean {
  return mayHoldPii(text) && findPii(text).some(({ tier }) => tier === 'checked');
}

function withoutPersonal(finding: Finding): Finding {
  const { recordId, source, members, ...rest } = finding;
  return {
    ...rest,
    ...(recordId === undefined || isPersonal(recordId) ? {} : { recordId }),
    ...(source === undefined ? {} : { source: withoutRow(source) }),
    ...(members === undefined ? {} : { members: members.map(withoutRow) }),
  };
}

function withoutRow({ table, row }: SourceLocator): SourceLocator {
  return { table, row: isPersonal(String(row)) ? HIDDEN : row };
}
