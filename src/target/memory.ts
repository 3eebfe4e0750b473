/** A target in memory, for tests: what the contract asks for, and nothing of a database. */

import { Failure } from '../outcome/failure.ts';
import type {
  Chunk,
  LoadInto,
  LoadState,
  Progress,
  Target,
  TargetAdapter,
  TargetProblem,
} from './target.ts';

/** What loads have written to one place. */
export interface MemoryDatabase {
  sealId: string | null;
  state: 'loading' | 'complete';
  isOpen: boolean;
  /** What does not fit, for tests to say. */
  readonly problems: TargetProblem[];
  readonly progress: Map<string, Progress>;
  readonly rows: Map<string, Readonly<Record<string, unknown>>[]>;
}

const SCHEME = 'memory';

/** Returns an adapter whose databases are those of the map, by name; one that is missing is made. */
export function memoryTarget(databases: Map<string, MemoryDatabase>): TargetAdapter {
  return {
    scheme: SCHEME,
    usage: 'memory:NAME',
    parse: (rest) => Object.assign({ scheme: SCHEME }, { name: rest }),
    async open(location, load) {
      const name = 'name' in location && typeof location.name === 'string' ? location.name : '';
      const database = databases.get(name) ?? emptyDatabase();
      if (!load.dryRun) databases.set(name, database);
      return open(database, `memory ${name}`, load);
    },
  };
}

export function emptyDatabase(): MemoryDatabase {
  return {
    sealId: null,
    state: 'loading',
    isOpen: false,
    problems: [],
    progress: new Map(),
    rows: new Map(),
  };
}

function open(database: MemoryDatabase, label: string, load: LoadInto): Target {
  const { seal, tables, throttle, outside } = load;
  if (database.isOpen && !load.dryRun) {
    const hint = 'wait until it has ended, then run again';
    throw new Failure('BUSY', { what: 'another load is at work', where: label, hint });
  }
  if (database.sealId !== null && database.sealId !== seal.sealId) {
    const hint = 'name another target';
    throw new Failure('TARGET', { what: 'it holds the load of another seal', where: label, hint });
  }
  database.isOpen = !load.dryRun;
  return {
    label,
    state: stateOf(database),
    ddl: tables.map(({ module }) => `CREATE TABLE ${module}`),
    notes: [],
    problems: database.problems,
    passes: new Map(),
    order: tables.map(({ module }) => module),
    async begin() {
      database.sealId = seal.sealId;
      for (const { module } of tables) database.rows.set(module, database.rows.get(module) ?? []);
    },
    async write(module, chunks, _readBlob, onCommit) {
      let batch: Chunk[] = [];
      let until = 0;
      const commit = (): void => {
        const last = batch.at(-1);
        if (last === undefined) return;
        database.rows.get(module)?.push(...batch.flatMap((chunk) => chunk.records()));
        database.progress.set(module, last.after);
        batch = [];
        onCommit(last.after);
      };
      for await (const chunk of chunks) {
        if (batch.length === 0) until = outside.now().getTime() + throttle.batchMs;
        batch.push(chunk);
        if (outside.now().getTime() >= until) commit();
      }
      commit();
    },
    finishSteps: async () => [],
    count: async (module) => database.rows.get(module)?.length ?? 0,
    async complete() {
      database.state = 'complete';
    },
    async close() {
      if (!load.dryRun) database.isOpen = false;
    },
  };
}

function stateOf({ sealId, state, progress }: MemoryDatabase): LoadState {
  if (sealId === null) return { kind: 'new' };
  return state === 'complete'
    ? { kind: 'complete', at: '' }
    : { kind: 'begun', progress: new Map(progress) };
}
