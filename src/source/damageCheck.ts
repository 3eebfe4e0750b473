/** The contract of a look for damage in a source. */

/**
 * A look for damage in all that a source holds: pages cut off, indexes that disagree with their tables.
 * It runs in a process of its own while rows are read, in the snapshot that they are read from.
 */
export interface DamageCheck {
  /** Takes the snapshot; called again where the readers take theirs again. */
  begin(): Promise<void>;
  /** Checks everything. @throws Failure SOURCE_FORMAT where the source is damaged, or the check ended */
  run(): Promise<CheckedSource>;
  /** Ends it, whatever it is at. */
  close(): void;
}

/** A source in which no damage was found. */
export interface CheckedSource {
  /** Tables of which not everything could be checked. */
  readonly unchecked: readonly string[];
}
