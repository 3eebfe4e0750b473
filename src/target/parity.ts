export interface ParityKind {
  readonly kind: string;
  readonly live: number;
  readonly fresh: number;
  readonly missing: number;
}
export interface Missing {
  readonly kind: string;
  readonly what: string;
  readonly state: 'missing' | 'different' | 'bound';
  readonly sql: string | null;
  readonly byHand: string | null;
}
export interface Parity {
  readonly kinds: readonly ParityKind[];
  readonly missing: readonly Missing[];
}
