/** What a scan saw of personal data, for the page that a data-protection officer signs. */

export interface FieldPrivacy {
  readonly field: string;
  /** Class that the policy declares; null for none. */
  readonly class: string | null;
  /** How the policy treats it; `not personal`, `reference` and `undeclared` where it has no class. */
  readonly treatment: string;
  /** Classes that may be in it besides its own. */
  readonly mayContain?: readonly string[];
  readonly purpose?: string;
  /** Cells, and those of them with a value. */
  readonly cells: number;
  readonly values: number;
  /** Values in which data of each class was found, whether declared or not. */
  readonly found: Readonly<Record<string, number>>;
}

/** Findings that the policy accepts for a time. */
export interface AcceptedPrivacy {
  readonly fp: string;
  readonly rule: string;
  readonly reason: string;
  readonly by: string;
  /** Last day, YYYY-MM-DD (UTC). */
  readonly until: string;
  /** Whether that day was over when the scan began. */
  readonly ended: boolean;
  /** Findings with this fingerprint and rule. */
  readonly findings: number;
}

export interface ModulePrivacy {
  readonly module: string;
  /** Whether it has a policy. */
  readonly declared: boolean;
  /** What the policy makes of fields that it does not name; null for no policy. */
  readonly default: 'deny' | 'allow' | null;
  /** Cells of the sealed records, counted by the seal; and those that the scan has seen. */
  readonly cellsPresent: number;
  readonly cellsScanned: number;
  /** By name. */
  readonly fields: readonly FieldPrivacy[];
  /** Columns that are left out because of their class, each with the reason of the mapping. */
  readonly dropped: readonly {
    readonly column: string;
    readonly class: string;
    readonly reason: string;
  }[];
  /** Findings by rule. */
  readonly findings: Readonly<Record<string, number>>;
  /** Findings that are accepted, and not counted above. */
  readonly accepted: number;
  /** In the order of the policy. */
  readonly acceptances: readonly AcceptedPrivacy[];
}
