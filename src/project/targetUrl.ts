/**
 * The URL of a target on a command line: `postgres://…` or `sqlite:FILE`, or `env:NAME` for the variable
 * that holds it. A URL may contain a password, so messages never show it.
 */

import { Failure } from '../outcome/failure.ts';
import { didYouMean } from '../outcome/nearest.ts';
import type { Environment } from '../run/environment.ts';
import type { SourceAdapter, SourceLocation } from '../source/source.ts';
import type { TargetAdapter, TargetLocation } from '../target/target.ts';
import { adapterOf } from './sourceUrl.ts';

export interface LocatedTarget {
  readonly adapter: TargetAdapter;
  readonly location: TargetLocation;
}

const WHERE = '--target';
const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

type TargetEnvironment = Pick<Environment, 'targets' | 'variables' | 'cwd'>;

/** Finds the adapter, and parses the URL; a path is relative to `cwd`. @throws Failure USAGE */
export function locateTarget(url: string, env: TargetEnvironment): LocatedTarget {
  const { adapter, rest, where } = split(url, env);
  return { adapter, location: parsed(() => adapter.parse(rest, env.cwd), where) };
}

/** A target that is read back, by the adapter of sources of its kind. */
export interface ReadTarget {
  readonly adapter: SourceAdapter;
  readonly location: SourceLocation;
}

/** Finds the source adapter of a target, and parses the URL. @throws Failure USAGE */
export function locateAsSource(
  url: string,
  env: TargetEnvironment & Pick<Environment, 'adapters'>,
): ReadTarget {
  const { adapter: target, rest, where } = split(url, env);
  const adapter = adapterOf({ scheme: target.scheme }, env);
  return { adapter, location: parsed(() => adapter.parse(rest, env.cwd), where) };
}

interface Split {
  readonly adapter: TargetAdapter;
  /** What follows the scheme. */
  readonly rest: string;
  /** Where the URL stands. */
  readonly where: string;
}

function split(url: string, { targets, variables }: TargetEnvironment): Split {
  const [, variable] = VARIABLE.exec(url) ?? [];
  const where = variable === undefined ? WHERE : `environment variable ${variable}`;
  const text = variable === undefined ? url : (variables[variable] ?? '');
  const known = [...targets.values()].map(({ usage }) => usage).join(', ');
  const match = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(text);
  if (match === null) {
    throw new Failure('USAGE', {
      what: 'a target must have the form SCHEME:PLACE',
      where,
      hint: `use one of ${known}, or env:NAME for the variable that holds it`,
    });
  }
  const [, scheme = '', rest = ''] = match;
  const adapter = targets.get(scheme === 'postgresql' ? 'postgres' : scheme);
  if (adapter === undefined) {
    throw new Failure('USAGE', {
      what: `there is no target of kind ${JSON.stringify(scheme)}`,
      where,
      hint: didYouMean(scheme, targets.keys(), `use one of ${known}`),
    });
  }
  return { adapter, rest, where };
}

/** An adapter does not know where its URL comes from. */
function parsed<T>(parse: () => T, where: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Failure) || error.where !== undefined) throw error;
    throw Failure.revive({ ...error.toJSON(), where });
  }
}
