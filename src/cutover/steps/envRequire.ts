/**
 * `env.require`: variables are set, and have the form that production needs. No value is shown, and no length
 * but the one that is required.
 */

import { COUNT, TEXTS, VALUES, about } from '../schema/runbookParts.ts';
import { counted } from '../../outcome/counted.ts';
import { variableValue } from '../world/inputs.ts';
import { textsOf, valuesOf } from './stepMembers.ts';
import type { DoneStep, Members } from './stepType.ts';

export const envRequire: DoneStep = {
  text: 'Variables are set, and have the form that production needs. No value is shown.',
  members: {
    names: about(TEXTS, 'Names of the variables.'),
    minBytes: about({ ...VALUES, additionalProperties: COUNT }, 'Least length, by name.'),
    live: about(TEXTS, 'Variables that have to hold a live key or address, not one for tests.'),
    equals: about(VALUES, 'Exact values, by name; for settings that are no secrets.'),
  },
  required: ['names'],
  kind: 'check',
  place: 'files',
  plan: (members) => `check ${counted(namesIn(members).length, 'variable')}`,
  async apply({ members, world: { variables } }) {
    const names = namesIn(members);
    const faults = names.flatMap((name) => {
      const value = variableValue(variables, name);
      if (value === null) return `${name} is not set`;
      const fault = faultOf(name, value, members);
      return fault === null ? [] : `${name} ${fault}`;
    });
    return {
      verdict: faults.length === 0 ? 'PASS' : 'FAIL',
      says: faults.length === 0 ? `${counted(names.length, 'variable')} set` : faults.join(', '),
      results: { failed: faults.length, count: names.length },
    };
  },
};

function namesIn(members: Members): readonly string[] {
  const named = ['minBytes', 'equals'].flatMap((name) =>
    Array.from(valuesOf(members, name).keys()),
  );
  return [...new Set([...textsOf(members, 'names'), ...named, ...textsOf(members, 'live')])];
}

/** What is wrong with a value, as a clause without it; null for nothing. */
function faultOf(name: string, value: string, members: Members): string | null {
  if (value.trim() === '') return 'is empty';
  const least = Number(valuesOf(members, 'minBytes').get(name) ?? 0);
  // What looks like hex or base64 counts as it is written.
  if (Buffer.byteLength(value) < least) return `is shorter than ${counted(least, 'byte')}`;
  const expected = valuesOf(members, 'equals').get(name);
  if (expected !== undefined && value !== String(expected)) return 'is not as expected';
  return textsOf(members, 'live').includes(name) ? notLive(value) : null;
}

const PLACEHOLDER =
  /change[-_ ]?me|replace[-_ ]?me|placeholder|example|dummy|insert[-_ ]|your[-_ ].*(?:here|key|secret|token|password)|^<.*>$|x{6,}|\*{3}|(?<![a-z0-9])(?:to-?do|xxx+|fix-?me|tbd|none|null|undefined|secret|password|test)(?![a-z0-9])/i;
/** Keys for tests: of Stripe (`sk_test_…`), and others that say it alike. */
const FOR_TESTS = /(?:^|[_-])(?:test|sandbox|staging|dev)(?:[_-]|$)/i;
const LOCAL =
  /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|.*\.(?:localhost|local|test|invalid|example)|(?:.*\.)?example\.(?:com|org|net))$/i;

/** What shows that a value is not that of production, as a clause; null for nothing. */
function notLive(value: string): string | null {
  if (value !== value.trim()) return 'begins or ends with a space or a line break';
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)/i.exec(value)?.[1];
  if (host !== undefined && LOCAL.test(host))
    return 'has an address of this machine or of an example';
  if (host === undefined && FOR_TESTS.test(value)) return 'is a key for tests';
  return /^(.)\1*$/su.test(value) || PLACEHOLDER.test(value) ? 'is a placeholder' : null;
}
