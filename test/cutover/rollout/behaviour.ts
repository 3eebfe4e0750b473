/** What `POST /behave` of the programs of a rollout's world changes: the members that it has. */

export interface ServiceBehaviour {
  /** Share of jobs that end well, of those that end. */
  readonly success: number;
  /** Factor on the time that jobs take. */
  readonly slow: number;
  /** Share of jobs that never end. */
  readonly stuck: number;
  /** A type of error that there is not otherwise, with its share of all jobs; null for none. */
  readonly extraError: { readonly type: string; readonly share: number } | null;
  /** What health reports. */
  readonly processorsAvailable: boolean;
  /** Whether the endpoint is gone: 404. */
  readonly removed: boolean;
}

/** What a service does once. */
export interface ServiceEvent {
  /** Whether it writes a line to its log as if it was out of memory. */
  readonly outOfMemory: boolean;
}

export interface RouterBehaviour {
  /** A percentage that it goes by instead of the one that is set; null for none. */
  readonly percent: number | null;
}

export const WELL_BEHAVED: ServiceBehaviour = {
  success: 0.97,
  slow: 1,
  stuck: 0,
  extraError: null,
  processorsAvailable: true,
  removed: false,
};
