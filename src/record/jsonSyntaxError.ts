/** Syntax errors of JSON texts, with their position. */

/** A position in a text: `line` and `column` from 1, `offset` from 0, in UTF-16 code units. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** Error for a text that the parser does not accept. The message contains nothing of the text. */
export class JsonSyntaxError extends SyntaxError {
  readonly line: number;
  readonly column: number;
  readonly offset: number;

  constructor(message: string, position: TextPosition) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.line = position.line;
    this.column = position.column;
    this.offset = position.offset;
  }
}

/** Computes line and column of an offset; lines end with LF. */
export function positionAt(text: string, offset: number): TextPosition {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1, offset };
}

/** Returns the offset of the first surrogate without its other half. */
export function firstLoneSurrogate(text: string): number {
  let at = 0;
  for (const character of text) {
    if (!character.isWellFormed()) break;
    at += character.length;
  }
  return at;
}
