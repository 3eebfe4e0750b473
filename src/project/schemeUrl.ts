/**
 * URLs of the form SCHEME:PLACE, of which each adapter of a kind has one scheme, or `env:NAME` for the
 * variable that holds one. A URL may contain a password, so messages never show it.
 */

import { Failure } from '../outcome/failure.ts';
import { didYouMean } from '../outcome/nearest.ts';
import type { Environment } from '../run/environment.ts';

/** What an adapter has to state for its URLs. */
interface WithScheme<Location> {
  readonly scheme: string;
  readonly usage: string;
  parse(rest: string, base: string): Location;
}

/** A kind of place, such as a target. */
export interface PlaceKind<Adapter> {
  /** With its article, for messages: `a target`. */
  readonly name: string;
  readonly adapters: ReadonlyMap<string, Adapter>;
  /** Where a URL stands that is not in a variable. */
  readonly where: string;
}

/** A URL in its parts. */
export interface SplitUrl<Adapter> {
  readonly adapter: Adapter;
  /** What follows the scheme. */
  readonly rest: string;
  /** Where the URL stands. */
  readonly where: string;
}

const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/** Finds the adapter of a URL. @throws Failure USAGE */
export function splitUrl<Adapter extends WithScheme<unknown>>(
  url: string,
  kind: PlaceKind<Adapter>,
  { variables }: Pick<Environment, 'variables'>,
): SplitUrl<Adapter> {
  const [, variable] = VARIABLE.exec(url) ?? [];
  const where = variable === undefined ? kind.where : `environment variable ${variable}`;
  const text = variable === undefined ? url : (variables[variable] ?? '');
  const known = [...kind.adapters.values()].map(({ usage }) => usage).join(', ');
  const match = /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(text);
  if (match === null) {
    throw new Failure('USAGE', {
      what: `${kind.name} must have the form SCHEME:PLACE`,
      where,
      hint: `use one of ${known}, or env:NAME for the variable that holds it`,
    });
  }
  const [, scheme = '', rest = ''] = match;
  const adapter = kind.adapters.get(scheme === 'postgresql' ? 'postgres' : scheme);
  if (adapter === undefined) {
    throw new Failure('USAGE', {
      what: `there is no ${kind.name.replace(/^an? /, '')} of kind ${JSON.stringify(scheme)}`,
      where,
      hint: didYouMean(scheme, kind.adapters.keys(), `use one of ${known}`),
    });
  }
  return { adapter, rest, where };
}

/** Runs a parser that does not know where its URL stands. @throws Failure USAGE with the place */
export function atPlace<T>(parse: () => T, where: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Failure) || error.where !== undefined) throw error;
    throw Failure.revive({ ...error.toJSON(), where });
  }
}
