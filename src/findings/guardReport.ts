/**
 * Keeps personal data out of reports: a finding names its record by a key or a row, and either may be
 * personal data itself, such as an e-mail address. The search for personal data decides, by the value
 * alone, as it does in records. Of numbers the policy decides, and what a whole column of them holds.
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
  const numbered = personalColumns(found);
  const isNumbered = ({ module = '' }: Finding): boolean => numbered.has(module);
  const personal = new Map<string, number>();
  for (const finding of found.list) {
    const texts = textsOf(finding);
    if (texts.length === 0 || !(isNumbered(finding) || texts.some(isPersonal))) continue;
    const module = finding.module ?? '';
    personal.set(module, (personal.get(module) ?? 0) + 1);
  }
  if (personal.size === 0) return 0;
  found.hide((finding) => (isNumbered(finding) ? withoutPlace(finding) : withoutPersonal(finding)));
  for (const [module, count] of personal) {
    const reason = `the key or row of ${counted(count, 'finding')} is personal data, and is left out of the report`;
    const about = module === '' ? {} : { module };
    found.add({ rule: 'pii-report', severity: 'BLOCKER', ...about, reason });
  }
  return personal.size;
}

/** Returns the modules of which a finding says that the numbers of their ids are personal data. */
function personalColumns(found: FindingStore): ReadonlySet<string> {
  const modules = new Set<string>();
  for (const { rule, module, recordId, source, line } of found.list) {
    const isColumn = recordId === undefined && source === undefined && line === undefined;
    if (rule === 'pii-id' && isColumn && module !== undefined) modules.add(module);
  }
  return modules;
}

/**
 * Leaves out the rows of findings on these modules, whose key is declared personal: where it is a number,
 * it is the row as well.
 */
export function hideRows(found: FindingStore, modules: ReadonlySet<string>): void {
  if (modules.size === 0) return;
  found.hide((finding) => {
    return modules.has(finding.module ?? '') ? withoutRows(finding) : finding;
  });
}

/** Returns what a finding tells of a record: its key, and rows. */
function textsOf({ recordId, source, members = [] }: Finding): string[] {
  const rows = [...(source === undefined ? [] : [source]), ...members]
    .map(({ row }) => String(row))
    .filter((row) => row !== HIDDEN);
  return recordId === undefined ? rows : [recordId, ...rows];
}

/** Matches a number alone, or in JSON: a tenth of any pass a check digit. */
const NUMBER = /^\[?-?\d+\]?$/;

function isPersonal(text: string): boolean {
  if (NUMBER.test(text)) return false;
  return mayHoldPii(text) && findPii(text).some(({ tier }) => tier === 'checked');
}

function withoutRows(finding: Finding): Finding {
  const { source, members } = finding;
  return {
    ...finding,
    ...(source === undefined ? {} : { source: hidden(source) }),
    ...(members === undefined ? {} : { members: members.map(hidden) }),
  };
}

function hidden({ table }: SourceLocator): SourceLocator {
  return { table, row: HIDDEN };
}

function withoutPlace(finding: Finding): Finding {
  const { recordId: _, ...rest } = finding;
  return withoutRows(rest);
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
