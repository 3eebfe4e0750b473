/** `file.check`: a file is there, and as expected: its JSON, its age, its digest. */

import { createHash } from 'node:crypto';

import { DURATION, TEXT, VALUES, about, FILE } from '../schema/runbookParts.ts';
import { statOf } from '../../disk/noLinks.ts';
import { compileGiven } from '../../mapping/check/givenSchema.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { formatDuration } from '../../record/duration.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import { readPieces } from '../../seal/files.ts';
import { unexpected, valueAt } from './jsonPath.ts';
import { requiredText, textOf, timeOf, valuesOf } from './stepMembers.ts';
import type { DoneStep, Members, StepWork } from './stepType.ts';

/** Most bytes of a file that is read as JSON. */
const MOST_JSON = 16 * 2 ** 20;

export const fileCheck: DoneStep = {
  text: 'A file is there, and as expected.',
  members: {
    file: FILE,
    json: about(VALUES, 'Expected values, by JSON path.'),
    schema: about(TEXT, 'File with a JSON Schema (2020-12) that the file has to match.'),
    sha256: about(
      { title: 'a SHA-256 in hex', type: 'string', pattern: '^[0-9A-Fa-f]{64}$' },
      'Expected digest.',
    ),
    maxAge: about(DURATION, 'How old it may be.'),
    time: about(
      TEXT,
      'JSON path of the time that its age is counted from; when it was written if left out.',
    ),
  },
  required: ['file'],
  kind: 'check',
  place: 'files',
  plan: (members) => `check the file ${quoteName(requiredText(members, 'file'))}`,
  reads(members) {
    const schema = textOf(members, 'schema');
    return schema === null ? [] : [schema];
  },
  async apply(work) {
    const faults = await faultsOf(work);
    return {
      verdict: faults.length === 0 ? 'PASS' : 'FAIL',
      says: faults.length === 0 ? 'the file is as expected' : faults.join(', '),
      results: { failed: faults.length },
    };
  },
};

/** What is not as expected, as clauses. */
async function faultsOf({ members, world, signal }: StepWork): Promise<readonly string[]> {
  const place = world.files.place(requiredText(members, 'file'));
  const stat = statOf(place);
  if (stat === undefined) return ['there is no such file'];
  if (!stat.isFile()) return ['it is no ordinary file'];
  if (stat.size === 0) return ['the file is empty'];
  const faults = [];
  const sha256 = textOf(members, 'sha256');
  if (sha256 !== null && (await digestOf(place, signal)) !== sha256.toLowerCase()) {
    faults.push('the digest is another');
  }
  const time = textOf(members, 'time');
  const json = ['json', 'schema', 'time'].some((name) => members[name] !== undefined)
    ? parsed(world.files.read(requiredText(members, 'file'), MOST_JSON))
    : null;
  if (json?.value === undefined && json !== null) return [...faults, 'it is no JSON'];
  faults.push(...unexpected(json?.value, valuesOf(members, 'json')));
  const schema = textOf(members, 'schema');
  if (schema !== null)
    faults.push(...mismatches(schema, json?.value, world.files.read(schema, MOST_JSON)));
  const from = time === null ? stat.mtimeMs : timeIn(valueAt(json?.value, time));
  return [...faults, ...ageFaults(from, members, world.now())];
}

async function digestOf(place: string, signal: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  let pieces = 0;
  for (const piece of readPieces(place)) {
    digest.update(piece);
    pieces += 1;
    // Lets the signal abort a digest of a large file.
    if (pieces % 256 === 0) await new Promise((done) => setImmediate(done));
    signal.throwIfAborted();
  }
  return digest.digest('hex');
}

/** Returns the value of a text as JSON; undefined in it if it is none. */
function parsed(bytes: Buffer | null): { readonly value: unknown } {
  try {
    return { value: JSON.parse(decodeUtf8(bytes ?? Buffer.alloc(0)) ?? '') as unknown };
  } catch {
    return { value: undefined };
  }
}

function mismatches(file: string, value: unknown, bytes: Buffer | null): readonly string[] {
  const check = compileGiven(parsed(bytes).value);
  if (check === null) {
    throw new Failure('USAGE', {
      what: 'the schema of a file is not there, or is no JSON Schema',
      where: quoteName(file),
      hint: 'correct it',
    });
  }
  const pointer = check(value);
  if (pointer === null) return [];
  return [`it does not match its schema${pointer === '' ? '' : ` at ${quoteName(pointer)}`}`];
}

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Returns a time in milliseconds of an ISO 8601 text with its zone, or of Unix seconds; null for neither. */
function timeIn(value: unknown): number | null {
  if (typeof value === 'number') return value * 1000;
  if (typeof value !== 'string' || !ISO.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

/** Clocks of two machines may differ by so much, in milliseconds. */
const CLOCKS = 60_000;

function ageFaults(from: number | null, members: Members, now: Date): readonly string[] {
  const most = timeOf(members, 'maxAge');
  if (from === null) return [`${String(members['time'])} is no time with a zone`];
  if (most === null) return [];
  if (from > now.getTime() + CLOCKS) return ['its time is in the future'];
  return now.getTime() - from <= most ? [] : [`it is older than ${formatDuration(most)}`];
}
