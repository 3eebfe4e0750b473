/** A defect of a CSV file: its kind and its line, without any of the file's text. */
export class CsvDefect extends Error {
  readonly line: number;
  /** The next step, if it is not the usual one. */
  readonly hint: string | undefined;
  constructor(message: string, line: number, hint?: string) {
    super(message);
    this.name = 'CsvDefect';
    this.line = line;
    this.hint = hint;
  }
}
