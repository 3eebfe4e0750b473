/**
 * What a column declares about its values, as far as the type of a field depends on it. Each adapter
 * reads the declarations of its own sources.
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
  | 'unknown'; // a type that means nothing here
export type Clock = 'date' | 'time' | 'timestamp' | 'timestamptz';

export interface DeclaredType {
  readonly family: Family;
  /** Which of the temporal types it is. */
  readonly clock?: Clock;
  /** Fraction digits of a decimal or of seconds. */
  readonly digits?: number;
  /** Most characters of a text. */
  readonly length?: number;
}
