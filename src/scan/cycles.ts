/**
 * Finds cycles of references within a module. Every record on a cycle is reported, but not those
 * that only point into it. A record that refers to itself has a rule of its own, since many
 * programs mark roots that way. Takes five bytes per record, and linear time.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { NO_FINDINGS, recordPass, type CheckPlan, type RecordPass } from './pass.ts';
import { violationFindings, type Violation } from './recordFinding.ts';
import { referencesOf, type Reference } from './referencesOf.ts';
import type { Scope } from './scope.ts';
import { hashOf, loadTargets, targetPartitions } from './targets.ts';

const NONE = 0xffffffff;

/**
 * Plans findings `cycle` and `self-reference` of a module's records. A reference to a duplicate key
 * points to the first record with that key.
 */
export function planCycles(scope: Scope, module: CompiledModule): CheckPlan {
  const pointers = referencesOf(scope, module).filter(
    ({ target, nested }) => target.module === module.name && nested === null,
  );
  if (pointers.length === 0) return {};
  const log = scope.store.openViolations();
  const walks = pointers.flatMap((pointer, kind) =>
    pointerPasses(scope, module, pointer, (ordinal, isOwn) => {
      log.add(ordinal, isOwn ? pointers.length + kind : kind);
    }),
  );
  const kinds = [...pointers.map(cycle), ...pointers.map(selfReference)];
  const run = (): AsyncGenerator<Finding> => violationFindings(scope, module, log, kinds);
  return { passes: [...walks, { reads: 'noted records', check: 'cycles', run }] };
}

function cycle({ fields }: Reference): Violation {
  return { rule: 'cycle', fields, reason: 'the reference chain returns to this record' };
}

function selfReference({ fields }: Reference): Violation {
  return { rule: 'self-reference', fields, reason: 'it refers to this record itself' };
}

/** Notes which record each record points to, one partition of keys per pass, then finds cycles. */
function pointerPasses(
  scope: Scope,
  module: CompiledModule,
  { fields, types, target }: Reference,
  onCycle: (ordinal: number, isOwn: boolean) => void,
): RecordPass[] {
  const byKey = { ...target, keep: 'ordinal' } as const;
  // Allocated from the first pass to the last.
  let parents = new Uint32Array(0);
  return targetPartitions(scope, [byKey]).map((partition) =>
    recordPass({
      check: 'cycles',
      label: 'cycles',
      async open() {
        if (partition.number === 0) {
          parents = new Uint32Array(scope.files.countOf(module.name)).fill(NONE);
        }
        const loaded = await loadTargets(scope, [byKey], partition);
        const table = loaded.table(byKey);
        return {
          scan({ first, records }) {
            for (const [index, record] of records.entries()) {
              if (record === null) continue;
              const values = fields.map((field) => memberOf(record, field));
              const key = hashOf(target, values, types);
              if (key !== null && loaded.holds(key)) {
                parents[first + index] = table.payloads(key)[0]?.[0] ?? NONE;
              }
            }
            return NO_FINDINGS;
          },
          end() {
            if (partition.number < partition.of - 1) return NO_FINDINGS;
            for (const ordinal of onCycles(parents)) onCycle(ordinal, parents[ordinal] === ordinal);
            parents = new Uint32Array(0);
            return NO_FINDINGS;
          },
        };
      },
    }),
  );
}

const NEW = 0;
const WALKED = 1;
const DONE = 2;

/** Yields the nodes on cycles of a graph in which each node has at most one outgoing edge. */
function* onCycles(parents: Uint32Array): Generator<number> {
  const states = new Uint8Array(parents.length);
  const follow = (from: number, state: number, to: number): number => {
    let at = from;
    while (at !== NONE && states[at] === state) {
      states[at] = to;
      at = parents[at] ?? NONE;
    }
    return at;
  };
  for (let start = 0; start < parents.length; start += 1) {
    const end = follow(start, NEW, WALKED);
    // The walk reached a node of its own path: the cycle begins there.
    if (end !== NONE && states[end] === WALKED) {
      for (let at = end; states[at] === WALKED; at = parents[at] ?? NONE) {
        states[at] = DONE;
        yield at;
      }
    }
    follow(start, WALKED, DONE);
  }
}
