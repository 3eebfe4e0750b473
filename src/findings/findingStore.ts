/**
 * Stores the findings of a command for its report: in memory, and beyond a budget in an unlinked
 * file, to which worker threads write as well. They are read in the order of the report, each with
 * its id, regardless of the order in which they were added.
 */

import { closeSync } from 'node:fs';

import { mergeRuns, valuePieces, type Entry } from '../extsort/mergeRuns.ts';
import { openUnlinked, type UnlinkedFile } from '../disk/unlinkedFile.ts';
import { runWriter, type Run } from '../extsort/sortedRuns.ts';
import { causeOf } from '../outcome/cause.ts';
import type { Finding, FindingCount, FindingList, SourceLocator } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';
import { findingId } from './findingId.ts';
import { sortKey } from './sortKey.ts';
import { emptyTally } from './tally.ts';

/** Findings that a thread has written into the store's file. */
export interface LoggedFindings {
  readonly runs: readonly Run[];
  readonly counts: readonly FindingCount[];
}

/** What a person is shown for the row of a finding on this module. */
export type ShowRow = (module: string, place: SourceLocator) => number | string;

export interface FindingStore {
  add(finding: Finding): void;
  /** Sets how rows are shown in findings that are read from `list`; their `lines` keep the locators. */
  showRows(show: ShowRow): void;
  /** Sets what is left out, besides what is already, of findings that are read from now on. */
  hide(without: (finding: Finding) => Finding): void;
  /** Returns the file for threads to write to; creates it on the disk of `folder` if necessary. */
  share(folder: string): UnlinkedFile;
  /** Adds the findings that a thread has written into the file. */
  adopt(logged: LoggedFindings): void;
  /** All findings added so far; must not be read while findings are added. */
  readonly list: FindingList;
  /** Returns the findings as entries: sort keys (sortKey.ts) and lines. */
  entries(): Iterable<Entry>;
  /** Closes the file and empties the list. */
  close(): void;
}

/** Maximum bytes of findings in memory. */
const BUDGET = 8 * 2 ** 20;

/** Opens an empty store; findings beyond `budget` bytes go to the disk of `folder`. */
export function openFindings(folder: string, budget: number = BUDGET): FindingStore {
  let open: UnlinkedFile | null = null;
  const share = (where: string): UnlinkedFile => (open ??= openUnlinked(where));
  const fresh = (): ReturnType<typeof runWriter> => runWriter(() => share(folder), budget);
  let writer = fresh();
  let adopted: Run[] = [];
  let tally = emptyTally();
  let show: ShowRow | null = null;
  let without: ((finding: Finding) => Finding) | null = null;
  const entries = (): Iterable<Entry> => {
    const tail = writer.tail();
    const runs = [...adopted, ...writer.runs, ...(tail === null ? [] : [tail])];
    return mergeRuns(open?.file ?? null, runs);
  };
  return {
    share,
    entries,
    add(finding) {
      const id = findingId(finding);
      const key = sortKey(finding, id);
      writer.add(key, key.length, canonicalJson({ ...finding, id }));
      tally.add(causeOf(finding));
    },
    showRows(by) {
      show = by;
    },
    hide(by) {
      const before = without;
      without = before === null ? by : (finding) => by(before(finding));
    },
    adopt({ runs, counts }) {
      adopted.push(...runs);
      for (const counted of counts) tally.add(counted, counted.count);
    },
    list: {
      *[Symbol.iterator]() {
        for (const entry of entries()) {
          const read = readFinding(open, entry);
          const finding = without === null ? read : without(read);
          yield show === null ? finding : shown(finding, show);
        }
      },
      get counts() {
        return tally.bySeverity();
      },
      get byCause() {
        return tally.list();
      },
      lines: () =>
        without === null ? linesOf(open, entries()) : linesWithout(open, entries(), without),
    },
    close() {
      if (open !== null) closeSync(open.file);
      open = null;
      [writer, adopted, tally] = [fresh(), [], emptyTally()];
    },
  };
}

function readFinding(open: UnlinkedFile | null, entry: Entry): Finding {
  const { buffer, keyEnd, valueEnd, outOfLine } = entry;
  const text =
    outOfLine === null
      ? buffer.toString('utf8', keyEnd, valueEnd)
      : Buffer.concat([...valuePieces(open?.file ?? null, entry)]).toString('utf8');
  return JSON.parse(text) as Finding;
}

function shown(finding: Finding, show: ShowRow): Finding {
  const { module = '', source, members } = finding;
  const named = (place: SourceLocator): SourceLocator => ({ ...place, row: show(module, place) });
  return {
    ...finding,
    ...(source === undefined ? {} : { source: named(source) }),
    ...(members === undefined ? {} : { members: members.map(named) }),
  };
}

/** Yields the lines of findings of which something is left out, one at a time. */
function* linesWithout(
  open: UnlinkedFile | null,
  entries: Iterable<Entry>,
  without: (finding: Finding) => Finding,
): Generator<Uint8Array> {
  for (const entry of entries) {
    yield Buffer.from(`${canonicalJson(without(readFinding(open, entry)))}\n`);
  }
}

const CHUNK = 2 ** 20;
const LF = 0x0a;

/** Yields the lines in chunks of about 1 MiB, which are not reused. */
function* linesOf(open: UnlinkedFile | null, entries: Iterable<Entry>): Generator<Uint8Array> {
  let chunk: Buffer | null = null;
  let used = 0;
  for (const entry of entries) {
    const { buffer, keyEnd, valueEnd, outOfLine } = entry;
    const size = outOfLine === null ? valueEnd - keyEnd + 1 : 1;
    if (chunk !== null && (outOfLine !== null || used + size > chunk.length)) {
      yield chunk.subarray(0, used);
      chunk = null;
    }
    if (chunk === null) [chunk, used] = [Buffer.allocUnsafeSlow(CHUNK), 0];
    if (outOfLine === null) used += buffer.copy(chunk, used, keyEnd, valueEnd);
    else yield* valuePieces(open?.file ?? null, entry);
    chunk[used] = LF;
    used += 1;
  }
  if (chunk !== null) yield chunk.subarray(0, used);
}
