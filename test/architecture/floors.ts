/** The floors of `src/`: which folder stands on which, and what each may import. Tests and the picture go by it. */

/**
 * The folders of src, from the bottom up, and what each may import besides itself. A stage that is
 * new has its line here; what two stages need is a floor below them.
 */
const GROUND: readonly string[] = [
  'outcome',
  'record',
  'merkle',
  'sql',
  'disk',
  'threads',
  'extsort',
  'sqlite',
  'postgres',
  'crypto',
  'redact',
  'sequential',
  'cohort',
];
/** Contracts and formats, and what every command has: each may import those before it in this list. */
const FIRST: readonly string[] = [
  'source',
  'target',
  'objects',
  'database',
  'pii',
  'treatment',
  'taint',
  'findings',
  'compare',
  'mapping',
  'seal',
  'journal',
  'run',
  'project',
];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // Ground floor: no folder of ours, but that a full disk is a Failure, which threads and sorts meet.
  outcome: [],
  record: [],
  merkle: [],
  sql: [],
  disk: ['outcome'],
  threads: ['outcome', 'disk'],
  extsort: ['outcome', 'disk'],
  // What a source and a target of one kind share.
  sqlite: ['disk'],
  postgres: ['outcome'],
  crypto: ['outcome'],
  redact: [],
  sequential: [],
  // Of Sealift, nothing imports it: it is for applications.
  cohort: [],
  // First floor.
  source: GROUND,
  target: GROUND,
  objects: GROUND,
  database: GROUND,
  pii: GROUND,
  treatment: [...GROUND, 'pii'],
  taint: GROUND,
  findings: [...GROUND, 'pii'],
  compare: GROUND,
  mapping: [...GROUND, 'source', 'pii', 'treatment'],
  seal: [...GROUND, 'mapping'],
  journal: [...GROUND, 'seal'],
  run: [...GROUND, 'source', 'target', 'objects', 'database', 'mapping', 'seal'],
  project: [
    ...GROUND,
    'source',
    'target',
    'objects',
    'database',
    'mapping',
    'seal',
    'journal',
    'run',
  ],
  // Pure: what it shows comes in as an outcome.
  report: ['outcome', 'record'],
  // Filled in below: the stages, flow and cli.
};
const STAGES: readonly string[] = [
  'init',
  'migrate',
  'scan',
  'registry',
  'diff',
  'determinism',
  'drill',
  'load',
  'reconcile',
  'promote',
  'smoke',
  'evidence',
  'snapshot',
  'attachments',
  'keys',
  'cutover',
];
const BELOW_FLOW = [...GROUND, ...FIRST, ...STAGES];

/** The folders of `src/` that one of them may import, besides itself; null for one that the rules do not know. */
export function allowedImports(folder: string): readonly string[] | null {
  if (STAGES.includes(folder)) return [...GROUND, ...FIRST];
  if (folder === 'flow') return [...BELOW_FLOW, 'report'];
  if (folder === 'cli') return [...BELOW_FLOW, 'report', 'flow'];
  return MAY_IMPORT[folder] ?? null;
}

/** The floors from the top down, with all folders that have a place. */
export const FLOORS: readonly { readonly name: string; readonly folders: readonly string[] }[] = [
  { name: 'command line', folders: ['cli'] },
  { name: 'use cases', folders: ['flow', 'report'] },
  { name: 'stages', folders: STAGES },
  { name: 'first floor', folders: FIRST },
  { name: 'ground floor', folders: GROUND },
];
