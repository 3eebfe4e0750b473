/** A defect of a CSV file: what is wrong, and on which line; holds none of its text. */
export class CsvDefect extends Error {
  readonly line: number;
  /** What to do next, where it is not the usual. */
  readonly hint: string | undefined;
  constructor(message: string, line: number, hint?: string) {
    super(message);
    this.name = 'CsvDefect';
    this.line = line;
    this.hint = hint;
  }
}
