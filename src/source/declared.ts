/**
 * The declared type of a column, as far as the type of a field depends on it. Each adapter parses
 * the declarations of its own sources.
 */

export type Family =
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'temporal'
  | 'uuid'
  | 'json'
  | 'text'
  | 'bytes'
  | 'unknown'; // any other type
export type Clock = 'date' | 'time' | 'timestamp' | 'timestamptz';

export interface DeclaredType {
  readonly family: Family;
  /** Which of the temporal types it is. */
  readonly clock?: Clock;
  /** Fraction digits of a decimal or of seconds. */
  readonly digits?: number;
  /** Whether its values are lists of values of one type; left out if not. */
  readonly list?: true;
  /** Whether a float has 32 bits, and not those of a double; left out if it is not known. */
  readonly single?: true;
  /** Maximum number of characters of a text. */
  readonly length?: number;
  /** Whether the source holds every value to it, in one form; left out if it is a hint. */
  readonly certain?: true;
}
