/**
 * The secrets of a runbook: those of its inputs, and the variables that its programs get. All are known before
 * anything runs, as what one program gets, another one may print, or a person may write into a reason.
 */

import { actionsOf, type Action, type Input, type Runbook } from '../cutover/runbook.ts';
import { variableValue, type Variables } from '../cutover/world/inputs.ts';
import { Failure } from '../outcome/failure.ts';
import { createRedactor, type Redactor, type Secret } from '../redact/redactor.ts';

/** Returns what takes the secrets of a runbook out of what a person says. */
export function redactorFor(runbook: Runbook, variables: Variables): Redactor {
  const redactor = createRedactor();
  addSecrets(runbook, variables, redactor);
  return redactor;
}

/** Makes all secrets of a runbook known that are there; what is missing, the step tells that needs it. */
export function addSecrets(runbook: Runbook, variables: Variables, redactor: Redactor): void {
  for (const { name, value } of secretsOf(runbook, variables).known) redactor.add(name, value);
}

/** The secrets of a runbook: those whose variables are set, and the names of the others. */
export function secretsOf(
  runbook: Runbook,
  variables: Variables,
): { readonly known: readonly Secret[]; readonly missing: readonly string[] } {
  const all = [...namesIn(runbook)].map((name) => ({ name, value: valueOf(variables, name) }));
  return {
    known: all.flatMap(({ name, value }) => (value === null ? [] : [{ name, value }])),
    missing: all.flatMap(({ name, value }) => (value === null ? [name] : [])),
  };
}

function namesIn({ inputs, rehearsal, commands, steps, monitor }: Runbook): ReadonlySet<string> {
  const declared: readonly Input[] = [...inputs.values(), ...(rehearsal?.inputs.values() ?? [])];
  return new Set([
    ...declared.flatMap((input) => (typeof input === 'object' ? [input.secret] : [])),
    ...[...commands.values()].flatMap(({ env }) => env),
    ...[...steps.flatMap(actionsOf), ...monitor].flatMap(variablesOf),
  ]);
}

/** Names of variables that an action gives to programs, also to that which reads a setting back. */
function variablesOf({ members: { env, read } }: Action): readonly string[] {
  const { env: ofRead } = Object(read) as Record<string, unknown>;
  return [env, ofRead].flatMap((names) => (Array.isArray(names) ? names.map(String) : []));
}

function valueOf(variables: Variables, name: string): string | null {
  try {
    return variableValue(variables, name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return null;
  }
}
