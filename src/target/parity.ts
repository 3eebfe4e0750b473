/**
 * What is bound to the schema that is live, beside what the schema that takes its name has. A swap of
 * schemas renames; whatever is missing in the new one by then is missing for every reader.
 */

/** Numbers of objects of a kind: in the schema that is live, in the new one, and missing or other there. */
export interface ParityKind {
  readonly kind: string;
  readonly live: number;
  readonly fresh: number;
  readonly missing: number;
}

/** An object that the new schema does not have as the live one does. */
export interface Missing {
  /** Such as `view` or `grant`. */
  readonly kind: string;
  /** For a person, such as `grant of SELECT on table t to app`; names are quoted as the server quotes them. */
  readonly what: string;
  /** `bound`: an object of another schema, or of the database, that stays bound to the old schema. */
  readonly state: 'missing' | 'different' | 'bound';
  /** Statements that make it in the new schema, without the last semicolon; null: only by hand. */
  readonly sql: string | null;
  /** What to do by hand; null if there are statements. */
  readonly byHand: string | null;
}

/**
 * Whether it keeps a move from taking place. What goes back has what it had when it was live, so that for a
 * rollback only what stays bound is in the way.
 */
export function isInWay(move: 'promote' | 'rollback', { state }: Missing): boolean {
  return move === 'promote' || state === 'bound';
}

export interface Parity {
  readonly kinds: readonly ParityKind[];
  /** In an order in which the statements work. */
  readonly missing: readonly Missing[];
}
