/**
 * Ids inside arrays and JSON: each legacy id becomes the target id of that module's record, in its place,
 * however often it is there. Ids of modules that keep theirs stay as they are.
 */

import { Rejection } from '../../record/converted.ts';
import { parseJson } from '../../record/jsonText.ts';
import { JsonNode, type JsonValue, type SourceValue } from '../../record/value.ts';
import { compileKey, moduleNamed } from './module.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import { changedAt, nestedReferences, type NestedReference } from '../idPath.ts';
import type { ValueField } from '../model.ts';
import type { Note } from './diagnostics.ts';

/** From a cell, after its transforms, to the cell that the field's type takes. */
export type NestedStep = (cell: Exclude<SourceValue, null>) => SourceValue | Rejection;

const NOT_REGISTERED = new Rejection('registry', 'the registry has no entry for an id in it');
const NO_SCALAR = new Rejection('type', 'a path to ids leads to an array or object');

/** What one id becomes. */
type IdChange = (id: JsonValue) => JsonValue | Rejection | typeof MISSING;
const MISSING = Symbol('missing');

/** The step of a field; null where every id stays as it is. */
export function nestedStep(
  field: ValueField,
  context: MapperContext,
  note: (note: Note) => void,
): NestedStep | null {
  const changes = nestedReferences(field).flatMap((reference) => {
    const change = idChange(reference, context);
    return change === null ? [] : [{ reference, change }];
  });
  if (changes.length === 0) return null;
  return (cell) => {
    let json = jsonOf(cell);
    // What is no JSON is rejected by the type.
    if (json === undefined) return cell;
    let rejected: Rejection | null = null;
    for (const { reference, change } of changes) {
      let missing = 0;
      json = changedAt(json, reference.path, (id) => {
        const changed = change(id);
        if (changed instanceof Rejection) rejected ??= changed;
        if (changed === MISSING) missing += 1;
        return changed === MISSING || changed instanceof Rejection ? null : changed;
      });
      if (missing > 0) note(missingNote(missing, reference.module));
    }
    return rejected ?? cellOf(json);
  };
}

function missingNote(missing: number, module: string): Note {
  const ids = missing === 1 ? 'an id in it is' : `${missing} ids in it are`;
  return {
    rule: 'reference-missing',
    reason: `${ids} of no row of module ${module}, and null now`,
  };
}

function idChange({ module, onMissing }: NestedReference, context: MapperContext): IdChange | null {
  const parent = moduleNamed(context.mapping, module);
  const present = onMissing === 'null' ? context.present?.get(module) : undefined;
  const keeps = parent.id.rule === 'keep';
  const changes = parent.key.some(({ transforms }) => transforms !== undefined);
  if (keeps && !changes && present === undefined) return null;
  const textOf = keyText(compileKey(parent.key), [0]);
  const target = keeps ? null : targetId(module, parent.id, context);
  return (id) => {
    if (id === null) return null;
    if (id instanceof Map || Array.isArray(id)) return NO_SCALAR;
    const text = textOf([asCell(id)]);
    if (text === null || text instanceof Rejection) {
      return present === undefined && text !== null ? text : MISSING;
    }
    if (present?.has(text) === false) return MISSING;
    if (target !== null) return target(text) ?? NOT_REGISTERED;
    return changes ? parseJson(text) : id;
  };
}

/** Undefined where there is no JSON. */
function jsonOf(cell: Exclude<SourceValue, null>): JsonValue | undefined {
  if (cell instanceof JsonNode) return cell.value;
  if (typeof cell === 'number' || typeof cell === 'boolean') return cell;
  if (typeof cell !== 'string') return undefined;
  try {
    return parseJson(cell);
  } catch {
    return undefined;
  }
}

function asCell(id: JsonValue): SourceValue {
  return id !== null && typeof id === 'object' ? new JsonNode(id) : id;
}

/** A text as a cell of JSON is one in quotes. */
function cellOf(json: JsonValue): SourceValue {
  return typeof json === 'string' ? JSON.stringify(json) : asCell(json);
}
