/**
 * Where sources are, as mappings and command lines write it: `sqlite:FILE`, or `env:NAME` for what an
 * environment variable holds. A URL may hold a password, so that no message shows one as it is.
 */

import { DEFAULT_SOURCE } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import type { SourceAdapter, SourceLocation } from '../source/source.ts';

/** What sources are found and opened with. */
export type SourceEnvironment = Pick<Environment, 'adapters' | 'variables' | 'signal'>;

const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/**
 * The location that `sqlite:FILE` names; a path is relative to `base`. The variable of `env:NAME` holds
 * such a URL, or a location as JSON.
 * @throws Failure USAGE
 */
export function parseSourceUrl(
  url: string,
  base: string,
  env: Pick<SourceEnvironment, 'adapters' | 'variables'>,
): SourceLocation {
  const [, variable] = VARIABLE.exec(url) ?? [];
  if (variable === undefined) return parseUrl(url, base, `--source ${shownUrl(url)}`, env);
  const text = env.variables[variable] ?? '';
  const where = `environment variable ${variable}`;
  if (text === '') {
    throw new Failure('USAGE', {
      what: 'the variable that names a source is not set',
      where,
      hint: `set it to the source's URL, one of ${known(env)}`,
    });
  }
  return handedOn(text, env) ?? parseUrl(text, base, where, env);
}

/** What `parseSourceUrl` takes, without secrets; a path relative to `base` where it lies near. */
export function formatSourceUrl(
  location: SourceLocation,
  base: string,
  env: Pick<SourceEnvironment, 'adapters'>,
): string {
  return `${location.scheme}:${adapterOf(location, env).format(location, base)}`;
}

/** The adapter of a location. */
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
): SourceLocation {
  const match = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(url);
  if (match === null) {
    throw new Failure('USAGE', {
      what: 'a source is written SCHEME:FILE',
      where,
      hint: `use one of ${known(env)}`,
    });
  }
  const [, scheme = '', rest = ''] = match;
  const adapter = env.adapters.get(scheme);
  if (adapter !== undefined) return adapter.parse(rest, base);
  throw new Failure('USAGE', {
    what: `there is no source of kind ${JSON.stringify(scheme)}`,
    where,
    hint: didYouMean(scheme, env.adapters.keys(), `use one of ${known(env)}`),
  });
}

function known({ adapters }: Pick<SourceEnvironment, 'adapters'>): string {
  return [...adapters.values()].map(({ usage }) => usage).join(', ');
}

/** A location that a command of ours has put into a variable as JSON; null where it is another text. */
function handedOn(
  text: string,
  { adapters }: Pick<SourceEnvironment, 'adapters'>,
): SourceLocation | null {
  if (!text.startsWith('{')) return null;
  try {
    const location = JSON.parse(text) as SourceLocation;
    return adapters.has(location.scheme) ? location : null;
  } catch {
    return null;
  }
}

/** A URL as a message shows it: whole where it is no more than a path, else its scheme alone. */
function shownUrl(url: string): string {
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:/.exec(url) ?? [];
  const isPath = /^[\w./\\ -]*$/.test(url.slice(scheme.length));
  return JSON.stringify(isPath ? url : `${scheme}…`);
}

/** `[NAME=]URL` of --source → name and URL. */
export function parseSourceOption(option: string): { name: string; url: string } {
  const match = /^([a-z][a-z0-9_-]{0,62})=(.+)$/s.exec(option);
  if (match === null) return { name: DEFAULT_SOURCE, url: option };
  return { name: match[1] ?? DEFAULT_SOURCE, url: match[2] ?? '' };
}
