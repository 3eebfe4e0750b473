/** The contract of a check for damage in a source. */

/**
 * A check of a whole source for damage, such as lost pages or indexes that disagree with their
 * tables. It runs in a separate process while rows are read, in the same snapshot.
 */
export interface DamageCheck {
  /** Takes the snapshot; called again when the readers take theirs again. */
  begin(): Promise<void>;
  /**
   * Checks everything. @throws Failure SOURCE_FORMAT if the source is damaged, or the check stopped
   */
  run(): Promise<CheckedSource>;
  /** Ends the check, also while it runs. */
  close(): void;
}

/** Result of a check that found no damage. */
export interface CheckedSource {
  /** Tables that could not be checked completely. */
  readonly unchecked: readonly string[];
}
