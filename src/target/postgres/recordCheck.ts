/** Compares every record of a module with columns that are narrower than its fields. */

import type { RecordCheck, TargetProblem } from '../target.ts';
import type { FittedColumn, FittedTable } from './tableProblems.ts';

/** One thing that a value may do wrong. */
interface Question {
  readonly field: string;
  readonly what: string;
  readonly hint: string;
  wrong(value: unknown): boolean;
  count: number;
  /** Number of the first record, from 1. */
  first: number;
}

/** Returns the check of a module; null if every record fits. */
export function recordCheck(module: string, { columns }: FittedTable): RecordCheck | null {
  const questions = columns.flatMap(questionsOf);
  if (questions.length === 0) return null;
  return {
    see(chunk) {
      const records = chunk.records();
      const begin = chunk.after.records - records.length + 1;
      for (const question of questions) {
        for (const [at, record] of records.entries()) {
          if (!question.wrong(record[question.field])) continue;
          question.count += 1;
          if (question.count === 1) question.first = begin + at;
        }
      }
    },
    problems: () =>
      questions
        .filter(({ count }) => count > 0)
        .map(({ field, what, hint, count, first }): TargetProblem => {
          const records =
            count === 1 ? `record ${first}` : `${count} records, record ${first} first`;
          return { module, field, what: `${what} (${records}): ${hint}` };
        }),
  };
}

function questionsOf({ form, fit: { narrow }, notNull, sequence }: FittedColumn): Question[] {
  const field = form.name;
  const questions: Question[] = [];
  const ask = (what: string, hint: string, wrong: Question['wrong']): void => {
    questions.push({ field, what, hint, wrong, count: 0, first: 0 });
  };
  if (narrow !== null) {
    const hint = 'make the column wide enough';
    ask(narrow.what, hint, (value) => value !== null && !narrow.fits(value));
  }
  if (notNull) ask('the column may not be null', 'allow null there', (value) => value === null);
  if (sequence !== null && (form.type.kind === 'integer' || form.type.kind === 'bigint')) {
    const { max } = sequence;
    const hint = 'raise its MAXVALUE and the type of the column';
    ask('the sequence of the column would overflow', hint, (value) => {
      const isWhole = typeof value === 'number' || typeof value === 'string';
      return isWhole && BigInt(value) >= max;
    });
  }
  return questions;
}
