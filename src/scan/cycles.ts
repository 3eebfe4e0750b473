/**
 * Cycles: a record that leads back to itself by references within its module. Every record on the
 * cycle is named, those that only lead into it are not. A record that is its own parent is told apart:
 * many programs mark their roots so. Takes five bytes a record, and linear time.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { referencesOf, type Reference } from './references.ts';
import { countOf, findingsOfHits, recordsOf, type Scope } from './scope.ts';
import { hashOf, loadTargets } from './targets.ts';

const NONE = 0xffffffff;

/** Findings `cycle` and `self-reference` of a module's records; of records with one key, the first is what is meant. */
export async function* checkCycles(scope: Scope, module: CompiledModule): AsyncGenerator<Finding> {
  const pointers = referencesOf(scope, module).filter(
    ({ target, nested }) => target.module === module.name && nested === null,
  );
  for (const [part, pointer] of pointers.entries()) {
    const parents = await parentsOf(scope, module, pointer);
    for (const ordinal of onCycles(parents)) {
      const own = parents[ordinal] === ordinal;
      scope.hits.add(ordinal, own ? pointers.length + part : part);
    }
  }
  const cycles = pointers.map(({ fields }) => ({
    rule: 'cycle' as const,
    fields,
    reason: 'it leads back to this record',
  }));
  const roots = pointers.map(({ fields }) => ({
    rule: 'self-reference' as const,
    fields,
    reason: 'it refers to this record itself',
  }));
  yield* findingsOfHits(scope, module, [...cycles, ...roots]);
}

/** The ordinal of the record that each record points to. */
async function parentsOf(
  scope: Scope,
  module: CompiledModule,
  { fields, types, target }: Reference,
): Promise<Uint32Array> {
  const parents = new Uint32Array(countOf(scope, module.name)).fill(NONE);
  const byKey = { ...target, keep: 'ordinal' } as const;
  for await (const loaded of loadTargets(scope, [byKey])) {
    const table = loaded.table(byKey);
    for await (const { first, records } of recordsOf(scope, module.name, 'cycles')) {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        const values = fields.map((field) => memberOf(record, field));
        const key = hashOf(target, values, types);
        if (key !== null && loaded.holds(key)) {
          parents[first + index] = table.payloads(key)[0]?.[0] ?? NONE;
        }
      }
    }
  }
  return parents;
}

const NEW = 0;
const WALKED = 1;
const DONE = 2;

/** The nodes on cycles of a graph in which each node has at most one edge. */
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
    // The walk came back to its own track: from there it goes round.
    if (end !== NONE && states[end] === WALKED) {
      for (let at = end; states[at] === WALKED; at = parents[at] ?? NONE) {
        states[at] = DONE;
        yield at;
      }
    }
    follow(start, WALKED, DONE);
  }
}
