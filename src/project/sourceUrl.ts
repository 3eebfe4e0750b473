/**
 * URLs of sources in mappings and on command lines: `sqlite:FILE`, or `env:NAME` for the value of
 * an environment variable. A URL may contain a password, so messages show it only if it is a path.
 */

import { DEFAULT_SOURCE } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import type { SourceAdapter, SourceLocation } from '../source/source.ts';

/** The parts of the environment that are needed to find and open sources. */
export type SourceEnvironment = Pick<Environment, 'adapters' | 'variables' | 'signal'>;

const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/**
 * Parses a URL such as `sqlite:FILE`; a path is relative to `base`. The variable of `env:NAME`
 * contains such a URL, or a location as JSON.
 * @throws Failure USAGE if it is not a URL of a known scheme
 */
export function parseSourceUrl(
  url: string,
  base: string,
  env: Pick<SourceEnvironment, 'adapters' | 'variables'>,
): SourceLocation {
  const [, variable] = VARIABLE.exec(url) ?? [];
  if (variable === undefined) {
    const where = `--source ${shownUrl(url, env)}`;
    return parseUrl(url, base, where, env, ', or env:NAME for the variable that holds it');
  }
  const text = env.variables[variable] ?? '';
  const where = `environment variable ${variable}`;
  if (text === '') {
    throw new Failure('USAGE', {
      what: 'the variable that names a source is not set',
      where,
      hint: `set it to the source's URL, one of ${known(env)}`,
    });
  }
  return text.startsWith('{') ? handedOn(text, where, env) : parseUrl(text, base, where, env);
}

/** Formats a location for `parseSourceUrl`, without secrets; a near path is relative to `base`. */
export function formatSourceUrl(
  location: SourceLocation,
  base: string,
  env: Pick<SourceEnvironment, 'adapters'>,
): string {
  return `${location.scheme}:${adapterOf(location, env).format(location, base)}`;
}

/** Returns the adapter of a location. @throws TypeError if its scheme is unknown */
export function adapterOf(
  { scheme }: SourceLocation,
  { adapters }: Pick<SourceEnvironment, 'adapters'>,
): SourceAdapter {
  const adapter = adapters.get(scheme);
  if (adapter === undefined) throw new TypeError(`no adapter for ${scheme}`);
  return adapter;
}

function parseUrl(
  url: string,
  base: string,
  where: string,
  env: Pick<SourceEnvironment, 'adapters'>,
  otherwise: string = '',
): SourceLocation {
  const match = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(url);
  if (match === null) {
    throw new Failure('USAGE', {
      what: 'a source must have the form SCHEME:FILE',
      where,
      hint: `use one of ${known(env)}${otherwise}`,
    });
  }
  const [, scheme = '', rest = ''] = match;
  const adapter = env.adapters.get(scheme);
  if (adapter !== undefined) return parsed(() => adapter.parse(rest, base), where);
  throw new Failure('USAGE', {
    what: `there is no source of kind ${JSON.stringify(scheme)}`,
    where,
    hint: didYouMean(scheme, env.adapters.keys(), `use one of ${known(env)}${otherwise}`),
  });
}

/** An adapter does not know where its URL comes from. */
function parsed(parse: () => SourceLocation, where: string): SourceLocation {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Failure) || error.where !== undefined) throw error;
    throw Failure.revive({ ...error.toJSON(), where });
  }
}

function known({ adapters }: Pick<SourceEnvironment, 'adapters'>): string {
  return [...adapters.values()].map(({ usage }) => usage).join(', ');
}

/** Parses a location that a parent `sealift` passed as JSON. @throws Failure USAGE for any other text */
function handedOn(
  text: string,
  where: string,
  env: Pick<SourceEnvironment, 'adapters'>,
): SourceLocation {
  try {
    const location = JSON.parse(text) as SourceLocation;
    // What an adapter cannot format, it has not made.
    formatSourceUrl(location, '/', env);
    return location;
  } catch {
    throw new Failure('USAGE', {
      what: 'the variable that names a source has no URL',
      where,
      hint: `set it to the source's URL, one of ${known(env)}`,
    });
  }
}

/**
 * Formats a URL for messages: in full if it is only a path for a known scheme, else only its scheme.
 */
function shownUrl(url: string, { adapters }: Pick<SourceEnvironment, 'adapters'>): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:/.exec(url) ?? [];
  const isKnown = scheme === '' || adapters.has(scheme.slice(0, -1));
  const isPath = isKnown && /^[\w./\\ -]*$/.test(url.slice(scheme.length));
  return JSON.stringify(isPath ? url : `${scheme}…`);
}

/** Splits `[NAME=]URL` of --source into name and URL. */
export function parseSourceOption(option: string): { name: string; url: string } {
  const match = /^([a-z][a-z0-9_-]{0,62})=(.+)$/s.exec(option);
  if (match === null) return { name: DEFAULT_SOURCE, url: option };
  return { name: match[1] ?? DEFAULT_SOURCE, url: match[2] ?? '' };
}
