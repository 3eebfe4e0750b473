/** Members of an action with its inputs and its named command filled in. Pure, but for what an input is. */

import type { Action, Runbook } from '../runbook.ts';
import type { Members } from '../steps/stepType.ts';

const WHOLE = /^\$\{([^}]*)\}$/;
const PART = /\$\{([^}]*)\}/g;

/** Completes the members of an action; `input` gives the value of an input by its name. */
export function completeMembers(
  { members }: Action,
  { inputs, commands }: Runbook,
  input: (name: string) => string,
): Members {
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return filled(value);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one)]));
  };
  // A number or a truth value that stands alone stays one.
  const filled = (text: string): unknown => {
    const [, name = ''] = WHOLE.exec(text) ?? [];
    const plain = inputs.get(name);
    if (typeof plain === 'number' || typeof plain === 'boolean') return plain;
    return text.replaceAll(PART, (whole, one: string) => (inputs.has(one) ? input(one) : whole));
  };
  const { command: name } = members;
  const command = typeof name === 'string' ? commands.get(name) : undefined;
  if (command === undefined) return fill(members) as Members;
  const { run, exit, env } = command;
  const named = { run, env, ...(exit === null ? {} : { exit }) };
  return fill({ ...named, ...members }) as Members;
}
