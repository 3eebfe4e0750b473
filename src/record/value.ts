/**
 * Values: cells as a source yields them (exact, before any mapping), and JSON values that preserve
 * what `JSON.parse` loses.
 */

/**
 * A cell of a source row. Adapters yield only these, without loss:
 * - `number` is a double, or an integer within ±(2^53−1); a larger integer is a `bigint`;
 * - `string` is well-formed Unicode; any other text is an {@link InvalidText};
 * - `JsonNode` is an array, an object or an inexact number of a JSON source.
 */
export type SourceValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | InvalidText
  | JsonNode;

/** A text cell that is not valid Unicode; the bytes are as stored. */
export class InvalidText {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A JSON number that a double would change; `lexeme` is as written. */
export class InexactNumber {
  readonly lexeme: string;
  constructor(lexeme: string) {
    this.lexeme = lexeme;
  }
}

/** A lossless JSON value: objects are Maps (so `__proto__` is an ordinary key). */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | InexactNumber
  | readonly JsonValue[]
  | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** An array, an object or an inexact number as a cell. */
export class JsonNode {
  readonly value: InexactNumber | readonly JsonValue[] | JsonObject;
  constructor(value: InexactNumber | readonly JsonValue[] | JsonObject) {
    this.value = value;
  }
}
