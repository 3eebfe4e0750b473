/** What the check of personal data has besides the records: keys, a day, and values of the source. */

import type { PersonNames } from '../../pii/piiClass.ts';
import type { Taint } from '../../taint/taintSet.ts';
import type { KeyTable, Partition } from '../keyTable.ts';
import type { ModulePrivacy } from '../../outcome/privacy.ts';

/** Values of the source that must not be in the candidate. */
export interface TaintedValues {
  readonly taint: Taint;
  /** The column of each origin, as a person reads it, and its class; the first has number 1. */
  readonly origins: readonly { readonly column: string; readonly class: string }[];
}

/** Reads the treated values of a module from its source. */
export interface ExpectedValues {
  /** Most entries: rows times treated fields. */
  readonly entries: number;
  /** Returns the entries of a partition, hashed by {@link expectedKey}. */
  read(partition: Partition): Promise<KeyTable>;
}

export interface PiiProof {
  /** Secret keys by id; forms whose key is missing are checked by their grammar alone. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Day of the scan, YYYY-MM-DD (UTC), for acceptances. */
  readonly today: string;
  readonly tainted: TaintedValues | null;
  /** Names of people in the candidate's own name fields. */
  readonly names: PersonNames | null;
  /** Whether to search for classes as well; not for a second part of the values. */
  readonly searches: boolean;
  /** Whether the sources hold what the candidate was built from; else they may just have changed. */
  readonly unchanged: boolean;
  /** Returns null where the source cannot be compared. */
  readonly expectedOf: (module: string) => ExpectedValues | null;
  /** Receives what the scan saw of each module. */
  readonly report: (seen: ModulePrivacy) => void;
}

export const NO_PROOF: PiiProof = {
  secrets: new Map(),
  today: '0000-01-01',
  tainted: null,
  names: null,
  searches: true,
  unchanged: false,
  expectedOf: () => null,
  report: () => {},
};
