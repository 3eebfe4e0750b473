/**
 * The URL of a target on a command line: `postgres://…` or `sqlite:FILE`, or `env:NAME` for the variable
 * that holds it. A URL may contain a password, so messages never show it.
 */

import type { Environment } from '../run/environment.ts';
import type { SourceAdapter, SourceLocation } from '../source/source.ts';
import type { TargetAdapter, TargetLocation } from '../target/target.ts';
import { atPlace, splitUrl, type SplitUrl } from './schemeUrl.ts';
import { adapterOf } from './sourceUrl.ts';

export interface LocatedTarget {
  readonly adapter: TargetAdapter;
  readonly location: TargetLocation;
}

type TargetEnvironment = Pick<Environment, 'targets' | 'variables' | 'cwd'>;

/** Finds the adapter, and parses the URL; a path is relative to `cwd`. @throws Failure USAGE */
export function locateTarget(url: string, env: TargetEnvironment): LocatedTarget {
  const { adapter, rest, where } = split(url, env);
  return { adapter, location: atPlace(() => adapter.parse(rest, env.cwd), where) };
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
  return { adapter, location: atPlace(() => adapter.parse(rest, env.cwd), where) };
}

function split(url: string, env: TargetEnvironment): SplitUrl<TargetAdapter> {
  return splitUrl(url, { name: 'a target', adapters: env.targets, where: '--target' }, env);
}
