/**
 * The findings of a command on their way to its report: in memory as long as they are few, then in
 * a nameless file. They come back in the order of the report, each with its id, whoever found them
 * first; memory does not grow with their number. Worker threads write into the same file.
 */

import { closeSync } from 'node:fs';

import { mergeRuns, valuePieces, type Entry } from '../extsort/mergeRuns.ts';
import { openNameless, type NamelessFile } from '../disk/unlinkedFile.ts';
import { runWriter, type Run } from '../extsort/sortedRuns.ts';
import { causeOf } from '../outcome/cause.ts';
import type { Finding, FindingCount, FindingList, SourcePlace } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';
import { findingId } from './findingId.ts';
import { sortKey } from './sortKey.ts';
import { emptyTally } from './tally.ts';

/** What a thread has written into the store's file. */
export interface LoggedFindings {
  readonly runs: readonly Run[];
  readonly counts: readonly FindingCount[];
}

/** What a person is shown for the row of a finding on this module. */
export type ShowRow = (module: string, place: SourcePlace) => number | string;

export interface FindingStore {
  add(finding: Finding): void;
  /** How the rows of those that are read from `list` are shown; their `lines` keep the locators. */
  showRows(show: ShowRow): void;
  /** The file for threads to write to, on the disk of `folder` unless it is open already. */
  share(folder: string): NamelessFile;
  /** Takes over what a thread has written into the file. */
  adopt(logged: LoggedFindings): void;
  /** All that there is by the time it is read; not to be read while something is added. */
  readonly list: FindingList;
  /** The same as entries: sort keys (sortKey.ts) and lines. */
  entries(): Iterable<Entry>;
  /** Gives the file back; the list is empty then. */
  close(): void;
}

/** Bytes of findings that are kept in memory. */
const BUDGET = 8 * 2 ** 20;

/** An empty store; what does not fit into memory goes to the disk of `folder`. */
export function openFindings(folder: string, budget: number = BUDGET): FindingStore {
  let open: NamelessFile | null = null;
  const share = (where: string): NamelessFile => (open ??= openNameless(where));
  const fresh = (): ReturnType<typeof runWriter> => runWriter(() => share(folder), budget);
  let writer = fresh();
  let adopted: Run[] = [];
  let tally = emptyTally();
  let show: ShowRow | null = null;
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
    adopt({ runs, counts }) {
      adopted.push(...runs);
      for (const counted of counts) tally.add(counted, counted.count);
    },
    list: {
      *[Symbol.iterator]() {
        for (const entry of entries()) {
          const finding = readFinding(open, entry);
          yield show === null ? finding : shown(finding, show);
        }
      },
      get counts() {
        return tally.bySeverity();
      },
      get byCause() {
        return tally.list();
      },
      lines: () => linesOf(open, entries()),
    },
    close() {
      if (open !== null) closeSync(open.file);
      open = null;
      [writer, adopted, tally] = [fresh(), [], emptyTally()];
    },
  };
}

function readFinding(open: NamelessFile | null, entry: Entry): Finding {
  const { buffer, keyEnd, valueEnd, elsewhere } = entry;
  const text =
    elsewhere === null
      ? buffer.toString('utf8', keyEnd, valueEnd)
      : Buffer.concat([...valuePieces(open?.file ?? null, entry)]).toString('utf8');
  return JSON.parse(text) as Finding;
}

function shown(finding: Finding, show: ShowRow): Finding {
  const { module = '', source, members } = finding;
  const named = (place: SourcePlace): SourcePlace => ({ ...place, row: show(module, place) });
  return {
    ...finding,
    ...(source === undefined ? {} : { source: named(source) }),
    ...(members === undefined ? {} : { members: members.map(named) }),
  };
}

const CHUNK = 2 ** 20;
const LF = 0x0a;

/** The lines in chunks of about 1 MiB, which the reader may keep. */
function* linesOf(open: NamelessFile | null, entries: Iterable<Entry>): Generator<Uint8Array> {
  let chunk: Buffer | null = null;
  let used = 0;
  for (const entry of entries) {
    const { buffer, keyEnd, valueEnd, elsewhere } = entry;
    const size = elsewhere === null ? valueEnd - keyEnd + 1 : 1;
    if (chunk !== null && (elsewhere !== null || used + size > chunk.length)) {
      yield chunk.subarray(0, used);
      chunk = null;
    }
    if (chunk === null) [chunk, used] = [Buffer.allocUnsafeSlow(CHUNK), 0];
    if (elsewhere === null) used += buffer.copy(chunk, used, keyEnd, valueEnd);
    else yield* valuePieces(open?.file ?? null, entry);
    chunk[used] = LF;
    used += 1;
  }
  if (chunk !== null) yield chunk.subarray(0, used);
}
