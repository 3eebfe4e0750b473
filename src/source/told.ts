/** How files are read, if that was determined from their content. Part of the contract (source.ts). */

import type { SourceLocation } from './source.ts';

/** How files are read: as a location with all options, and as notes for a person. */
export interface Told {
  readonly location: SourceLocation;
  readonly notes: readonly ReadingNote[];
}

/** A note for a person on how a table is read; clauses without values. */
export interface ReadingNote {
  readonly table: string;
  readonly severity: 'WARNING' | 'INFO';
  readonly what: string;
  readonly advice: string;
}
