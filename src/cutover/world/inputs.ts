/**
 * Values of the inputs of a runbook: as written, or of a secret that of its variable NAME, or of the file
 * that NAME_FILE names. Every secret that is there is known to the redactor before any step runs.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import type { Input } from '../runbook.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { World } from './world.ts';

export type Variables = World['variables'];

const MOST_BYTES = 64 * 1024;

/**
 * Returns the value of a variable, or of the file that NAME_FILE names, without one line break at its end;
 * null if there is neither, or it is empty.
 * @throws Failure USAGE if the file is not read
 */
export function variableValue(variables: Variables, name: string): string | null {
  const value = variables[name] ?? '';
  if (value !== '') return value;
  const file = variables[`${name}_FILE`] ?? '';
  return file === '' ? null : readValue(file, `${name}_FILE`) || null;
}

/** Returns the values of inputs by their names; see {@link World}. */
export function inputValues(
  inputs: ReadonlyMap<string, Input>,
  { variables, redactor }: { readonly variables: Variables; readonly redactor: Redactor },
): World['input'] {
  const secretOf = (variable: string): string | null => {
    const value = variableValue(variables, variable);
    if (value !== null) redactor.add(variable, value);
    return value;
  };
  for (const input of inputs.values())
    if (typeof input === 'object') tryRead(input.secret, secretOf);
  return (name) => {
    const input = inputs.get(name);
    if (input === undefined) {
      const what = `there is no input ${quoteName(name)}`;
      throw new Failure('USAGE', { what, hint: 'declare it in the runbook' });
    }
    if (typeof input !== 'object') return String(input);
    const value = secretOf(input.secret);
    if (value !== null) return value;
    throw new Failure('USAGE', {
      what: `the secret of input ${quoteName(name)} is missing`,
      hint: `set ${input.secret}, or ${input.secret}_FILE to the name of a file with it`,
    });
  };
}

/** A secret that cannot be read is told by the step that needs it. */
function tryRead(variable: string, read: (variable: string) => unknown): void {
  try {
    read(variable);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** Reads a value from a file; a link is followed, as secrets that are mounted are links. */
function readValue(path: string, variable: string): string {
  const bytes = readUpTo(path, MOST_BYTES);
  const text = bytes === null ? null : decodeUtf8(bytes);
  if (text !== null) return text.replace(/\r?\n$/, '');
  throw new Failure('USAGE', {
    what: `the file that ${variable} names is no text of at most 64 KiB that can be read`,
    hint: 'check the path and its permissions',
  });
}

function readUpTo(path: string, most: number): Buffer | null {
  try {
    // A pipe that is never written to is not waited for.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) return null;
      const bytes = Buffer.alloc(most + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length <= most; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null);
      }
      return length > most ? null : bytes.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
