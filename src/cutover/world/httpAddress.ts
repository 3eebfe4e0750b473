/**
 * Addresses of HTTP, parsed strictly: what one program reads as host and another as user, path or port is
 * none. Pure.
 *
 * Promises: an address that is made of the address of an application and a path is of that application's
 * origin, whatever the path is. No failure shows an address, which may hold a secret, but its host at most.
 */

import { Failure } from '../../outcome/failure.ts';
import type { HttpRequest, World } from './world.ts';

/** Longest address; many servers take no longer one. */
const LONGEST = 8192;
/** Without a user, as `https://good@evil`, and without what is skipped or changed when an address is read. */
const FORM = /^https?:\/\/[^/?#\\@%\s\p{Cc}]+(?:[/?#][^\\\s\p{Cc}]*)?$/iu;

/** Parses an address of http or https; null if it is not one, or programs could differ on its host. */
export function parseAddress(text: string): URL | null {
  if (text.length > LONGEST || !text.isWellFormed() || !FORM.test(text)) return null;
  const url = URL.parse(text);
  return url === null || url.hostname === '' ? null : url;
}

/** Returns scheme, host and port of an address, as `https://api.example:8443`; null if it is none. */
export function originOf(text: string): string | null {
  return parseAddress(text)?.origin ?? null;
}

/**
 * Returns the address of a request: `url` itself, or the path `url` below the address of the application.
 * @throws Failure USAGE if either is not what it should be
 */
export function addressOf(
  { url, app }: Pick<HttpRequest, 'url' | 'app'>,
  input: World['input'],
): URL {
  if (!url.startsWith('/')) {
    return parseAddress(url) ?? refuse('the address of a request is not complete');
  }
  if (app === null) return refuse('a path stands without an application');
  const base = parseAddress(input(app));
  if (base === null || base.search !== '' || base.hash !== '') {
    return refuse(
      'the address of the application is not that of a host, or of a folder there',
      app,
    );
  }
  // Two slashes would begin a host where an address is put together in another way.
  const folder = base.pathname.replace(/\/+$/, '');
  const whole = url.startsWith('//') ? null : parseAddress(`${base.origin}${folder}${url}`);
  if (whole?.origin !== base.origin) return refuse('the path of a request is none');
  return whole;
}

function refuse(what: string, input?: string): never {
  throw new Failure('USAGE', {
    what,
    ...(input === undefined ? {} : { where: `input ${input}` }),
    hint: 'write it as https://host/path or /path, without user, password, spaces and backslashes',
  });
}
