/**
 * Looks for U+0000, which PostgreSQL cannot hold, in the modules of which a finding of the seal says that
 * a text of the source had it: a transform may have removed it since.
 */

import type { RecordCheck, TargetProblem } from '../target.ts';

const NUL = '\u0000';

/** Returns a check that names the fields with U+0000, and the first record of each. */
export function nulCheck(module: string): RecordCheck {
  const found = new Map<string, { count: number; first: number }>();
  return {
    see(chunk) {
      // As JSON writes it; the parsed value then tells it from a text with a backslash.
      if (!chunk.lines.includes(String.raw`\u0000`)) return;
      const records = chunk.records();
      for (const [at, record] of records.entries()) {
        for (const [field, value] of Object.entries(record)) {
          if (!hasNul(value)) continue;
          const number = chunk.after.records - records.length + at + 1;
          const { count = 0, first = number } = found.get(field) ?? {};
          found.set(field, { count: count + 1, first });
        }
      }
    },
    problems: () =>
      [...found].map(([field, { count, first }]): TargetProblem => {
        const records = count === 1 ? `record ${first}` : `${count} records, record ${first} first`;
        const what = `a text has U+0000, which PostgreSQL cannot hold (${records}): remove it with a transform in the mapping, or load into SQLite`;
        return { module, field, what };
      }),
  };
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(NUL);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name.includes(NUL) || hasNul(inner));
}

/** Returns a check that does what several do. */
export function allOf(checks: readonly RecordCheck[]): RecordCheck {
  return {
    see(chunk) {
      for (const check of checks) check.see(chunk);
    },
    problems: () => checks.flatMap((check) => check.problems()),
  };
}
