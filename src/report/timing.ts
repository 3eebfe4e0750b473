/** When a run was and how long it and its parts took, for people; nothing depends on it. */

/** A part of a run, as its progress was shown: times in milliseconds since the run began. */
export interface Phase {
  readonly label: string;
  readonly begun: number;
  readonly ended: number;
  /** Rows or records that it has gone through. */
  readonly done: number;
}

export interface Timing {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly milliseconds: number;
  /** In the order in which they ended. */
  readonly phases?: readonly Phase[];
}
