/**
 * Replaces ids inside arrays and JSON: each occurrence of a legacy id becomes the target id of that
 * module's record. Ids of modules that keep theirs stay as they are.
 */

import { Rejection } from '../../record/converted.ts';
import { parseJson } from '../../record/jsonText.ts';
import { JsonNode, type JsonValue, type SourceValue } from '../../record/value.ts';
import { compileKey, moduleNamed } from './module.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import { changedAt, nestedReferences, type NestedReference } from '../idPath.ts';
import type { ValueField } from '../model.ts';
import type { Note } from './diagnostics.ts';

/** Turns a cell, after its transforms, into the cell that the field's type converts. */
export type NestedStep = (cell: Exclude<SourceValue, null>) => SourceValue | Rejection;

const NOT_REGISTERED = new Rejection(
  'registry',
  'the registry has no entry for an id in the value',
);
const NO_SCALAR = new Rejection('type', 'a path to ids matches an array or object');

/** Turns one id into another. */
type IdChange = (id: JsonValue) => JsonValue | Rejection | typeof MISSING;
const MISSING = Symbol('missing');

/** Returns the step of a field; null if every id stays as it is. */
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
    // Invalid JSON is rejected by the type.
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
  const ids = missing === 1 ? 'an id in it matches' : `${missing} ids in it match`;
  return {
    rule: 'reference-missing',
    reason: `${ids} no row of module ${module}, and became null`,
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

/** Returns the JSON of a cell; undefined if it is not JSON. */
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

/** Encodes a text as a quoted cell of JSON. */
function cellOf(json: JsonValue): SourceValue {
  return typeof json === 'string' ? JSON.stringify(json) : asCell(json);
}
