/**
 * Determines how a file is read, from the options of its location and its content. A file that can
 * be read in two ways is rejected, with the option that decides. When exploring, the likelier
 * reading is taken in some cases, and reported.
 */

import { Failure } from '../../outcome/failure.ts';
import type { ReadingNote } from '../told.ts';
import { CsvDefect } from './defect.ts';
import { LINE_END_NAMES } from './lineEnd.ts';
import type { CsvOptions, LineEnd } from './location.ts';
import type { ParserOptions } from './parser.ts';
import { DELIMITERS, type Split, type Survey } from './survey.ts';
import type { TextStart } from './text.ts';

/** The form of one file. */
export interface FileDialect extends ParserOptions {
  readonly start: TextStart;
}

export interface ToldDialect {
  readonly dialect: FileDialect;
  /** Whether there is no delimiter between fields. */
  readonly oneColumn: boolean;
  /** Choices that the file does not determine. */
  readonly doubts: readonly Doubt[];
}

type Doubt = Omit<ReadingNote, 'table' | 'severity'> & { readonly about: 'delimiter' | 'lines' };

export interface SurveyedFile {
  readonly file: string;
  readonly start: TextStart;
  readonly survey: Survey;
}

/** @throws Failure SOURCE_FORMAT if the file leaves something open */
export function tellDialect(
  surveyed: SurveyedFile,
  options: CsvOptions,
  explore: boolean,
): ToldDialect {
  const { start, survey } = surveyed;
  const doubts: Doubt[] = [];
  const delimiter = tellDelimiter(surveyed, options, explore, doubts);
  const lines = tellLines(surveyed, options, explore, doubts);
  const split = survey.splits.find((one) => one.delimiter === delimiter);
  const oneColumn = (split?.inFirst ?? 0) === 0;
  const emptyLines = emptyLinesOf(surveyed, options, oneColumn);
  const nullText = options.nullText ?? '';
  if (nullText.includes(delimiter)) {
    const what = `the text for null holds the delimiter ${named(delimiter)}`;
    throw refused(surveyed.file, what, 'give the delimiter after a question mark');
  }
  return { dialect: { start, delimiter, lines, emptyLines, nullText }, oneColumn, doubts };
}

/** Returns how many records the parser must find, the header included, without parsing. */
export function countRecords({ records, emptyLines }: Survey, dialect: FileDialect): number {
  return records + (dialect.emptyLines === 'row' ? emptyLines : 0);
}

/** Returns a delimiter as shown to a person. */
export function named(delimiter: string): string {
  return delimiter === '\t' ? 'a tab' : JSON.stringify(delimiter);
}

function optionFor(delimiter: string): string {
  const sign = delimiter === '\t' ? '\\t' : delimiter;
  return `delimiter=${/[!-~]/.test(delimiter) ? sign : encodeURIComponent(sign)}`;
}

function tellDelimiter(
  surveyed: SurveyedFile,
  { delimiter }: CsvOptions,
  explore: boolean,
  doubts: Doubt[],
): string {
  const { file, start, survey } = surveyed;
  if (start.sep !== null && delimiter !== undefined && start.sep !== delimiter) {
    const what = `the first line names ${named(start.sep)} as delimiter, but the option names ${named(delimiter)}`;
    throw refused(`${file}:1`, what, 'leave the option delimiter out');
  }
  const given = delimiter ?? start.sep;
  if (given !== null) return given;
  const known = survey.splits.filter((split) => DELIMITERS.includes(split.delimiter));
  const inFirst = known.filter((split) => split.inFirst > 0).sort(byFirst);
  const best = inFirst.find((split) => fitsAll(split, survey));
  if (best === undefined) {
    // The sign that splits most lines like the first. Reading reports lines that it does not.
    const [likely] = inFirst.toSorted((a, b) => b.alike - a.alike);
    return likely?.delimiter ?? tellOneColumn(surveyed);
  }
  const other = survey.splits
    .filter((split) => split !== best && rivals(split, survey))
    .sort(byFirst)[0];
  if (other === undefined) return best.delimiter;
  const both = `${named(best.delimiter)} and ${named(other.delimiter)}`;
  const what = `${both} both fit as the delimiter`;
  if (!explore || best.inFirst <= other.inFirst) {
    const hint = `choose one: ${optionFor(best.delimiter)} or ${optionFor(other.delimiter)}`;
    throw refused(file, what, hint);
  }
  doubts.push({
    about: 'delimiter',
    what: `${what}: ${named(best.delimiter)} was taken`,
    advice: `check the columns; if ${named(other.delimiter)} is right, run init again with ${optionFor(other.delimiter)}`,
  });
  return best.delimiter;
}

function fitsAll(split: Split, { records }: Survey): boolean {
  return split.inFirst > 0 && split.alike === Math.max(0, records - 1);
}

/**
 * Whether a sign may be the delimiter. Fitting most lines is enough: one line with a field too many
 * must not leave the choice to a sign that splits the file by chance.
 */
function rivals(split: Split, survey: Survey): boolean {
  // Spaces are between the words of texts.
  if (fitsAll(split, survey)) return split.delimiter !== ' ';
  const most = split.alike * 2 >= survey.records - 1;
  return DELIMITERS.includes(split.delimiter) && split.inFirst > 0 && most;
}

function byFirst(a: Split, b: Split): number {
  return b.inFirst - a.inFirst;
}

/**
 * Chooses one column, as no known delimiter is in the first line. Rejects the file if another line
 * contradicts.
 */
function tellOneColumn({ file, survey }: SurveyedFile): string {
  for (const split of survey.splits) {
    const known = DELIMITERS.includes(split.delimiter);
    if (known && split.elsewhere > 0) {
      const what = `the first line is one field, but this line has ${named(split.delimiter)} outside of quotes`;
      const hint = `give the delimiter, as in export.csv?${optionFor(split.delimiter)}; if there is one column, give a sign that is in no line`;
      throw refused(`${file}:${split.elsewhere}`, what, hint);
    }
    if (known || !fitsAll(split, survey)) continue;
    const what = `${named(split.delimiter)} occurs in each line as often as in the first, and no other delimiter does`;
    const hint = `write export.csv?${optionFor(split.delimiter)}, or, if there is one column, delimiter=,`;
    throw refused(file, what, hint);
  }
  return ',';
}

/**
 * Checks that the first line of one column is a plain name, unless its delimiter was given. @throws
 * CsvDefect
 */
export function assertOneColumn(first: string, line: number): void {
  const [sign] = /[^\p{L}\p{N}\p{M}\s_.'()-]/u.exec(first) ?? [];
  if (sign === undefined) return;
  const what = `the first line is one field, but has ${named(sign)} in it`;
  const hint = `write export.csv?${optionFor(sign)} if that is the delimiter, or, if there is one column, delimiter=,`;
  throw new CsvDefect(what, line, hint);
}

function tellLines(
  { file, survey }: SurveyedFile,
  options: CsvOptions,
  explore: boolean,
  doubts: Doubt[],
): LineEnd {
  if (options.lines !== undefined) return options.lines;
  const lines = survey.lines ?? 'lf';
  if (lines === 'crcrlf') {
    const hint = 'export the file again, or give lines=crcrlf if that is one line end';
    throw refused(`${file}:1`, 'the lines end with CR CR LF', hint);
  }
  const { otherEnd } = survey;
  if (otherEnd === null) return lines;
  const [first, other] = [LINE_END_NAMES[lines], LINE_END_NAMES[otherEnd.lines]];
  const what = `the first line ends with ${first}, but here is ${other} outside of quotes`;
  if (!explore || lines !== 'lf' || otherEnd.lines !== 'crlf') {
    const hint = `give lines=mixed if both are line ends, or lines=${lines} if the other belongs to a field`;
    throw refused(`${file}:${otherEnd.line}`, what, hint);
  }
  doubts.push({
    about: 'lines',
    what: `the first line ends with LF, line ${otherEnd.line} and perhaps more with CR LF: each such CR is kept in the last field`,
    advice: 'if CR LF is a line end there, run init again with lines=mixed',
  });
  return lines;
}

function emptyLinesOf(
  { file, survey }: SurveyedFile,
  { emptyLines }: CsvOptions,
  oneColumn: boolean,
): ParserOptions['emptyLines'] {
  if (emptyLines !== undefined) return emptyLines;
  if (!oneColumn || survey.emptyLines === 0) return 'end';
  const what = 'this line is empty: in a file of one column it may be an empty field, or no record';
  throw refused(`${file}:${survey.firstEmptyLine}`, what, 'give blank=row or blank=skip');
}

function refused(where: string, what: string, hint: string): Failure {
  return new Failure('SOURCE_FORMAT', { what, where, hint });
}
