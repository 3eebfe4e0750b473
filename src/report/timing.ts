/** Start and duration of a run and of its phases, for people; nothing depends on them. */

/** A phase of a run, as shown by its progress; times are milliseconds since the run began. */
export interface Phase {
  readonly label: string;
  readonly begun: number;
  readonly ended: number;
  /** Number of rows or records processed. */
  readonly done: number;
}

export interface Timing {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly milliseconds: number;
  /** Phases in the order in which they ended. */
  readonly phases?: readonly Phase[];
}
