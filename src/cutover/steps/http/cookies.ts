/**
 * Cookies as a browser keeps them (RFC 6265 §5): parsed from answers, sent with requests they belong to.
 * Answers are attacker-controlled: whatever they say, a cookie is sent to its own host or domain only. Pure.
 *
 * A cookie with Secure is sent over https, and to an address of this machine, as browsers do.
 */

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Whether it is for this host alone, and not for those below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Strict, Lax or None; null if it is not said. */
  readonly sameSite: string | null;
  /** Milliseconds since 1970; null for the end of the session. */
  readonly expires: number | null;
}

/** Most characters of name and value, and most cookies of a jar, as browsers have them. */
const LONGEST = 4096;
const MOST = 300;
/** Characters that would end a header, or a cookie in it. */
const UNFIT = /[\p{Cc};]/u;

/** Parses a header Set-Cookie of an answer from an address; null for one that a browser refuses. */
export function parseCookie(text: string, from: URL, now: Date): Cookie | null {
  const [pair = '', ...rest] = text.split(';').map((part) => part.trim());
  const [name, value] = split(pair);
  if (name === '' || value === null || UNFIT.test(pair) || pair.length > LONGEST) return null;
  const attributes = attributesOf(rest);
  const domain = domainOf(attributes.get('domain') ?? '', from);
  if (domain === null) return null;
  const path = attributes.get('path') ?? '';
  const cookie: Cookie = {
    name,
    value,
    ...domain,
    path: path.startsWith('/') ? path : folderOf(from.pathname),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSiteOf(attributes.get('samesite')),
    expires: expiryOf(attributes, now),
  };
  return keepsPrefix(cookie, attributes) ? cookie : null;
}

function split(text: string): [name: string, value: string | null] {
  const at = text.indexOf('=');
  return at < 0 ? [text, null] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Attributes by name in small letters; the last of a name counts. */
function attributesOf(parts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    parts.map(split).map(([name, value]) => [name.toLowerCase(), value ?? ''] as const),
  );
}

type Domain = Pick<Cookie, 'domain' | 'hostOnly'>;

/** The domain that a cookie is for; null if it is not above the host. */
function domainOf(written: string, { hostname }: URL): Domain | null {
  const domain = written.replace(/^\./, '').toLowerCase();
  if (domain === '') return { domain: hostname, hostOnly: true };
  if (domain === hostname) return { domain, hostOnly: isNumeric(hostname) };
  // A domain of one label would be for all that end with it.
  const isAbove = hostname.endsWith(`.${domain}`) && domain.includes('.') && !isNumeric(hostname);
  return isAbove ? { domain, hostOnly: false } : null;
}

/** Whether a host is an address, which has no domain. */
function isNumeric(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** Default path (RFC 6265 §5.1.4): up to the last slash. */
function folderOf(pathname: string): string {
  const end = pathname.lastIndexOf('/');
  return end <= 0 ? '/' : pathname.slice(0, end);
}

function sameSiteOf(written: string | undefined): string | null {
  return (
    ['Strict', 'Lax', 'None'].find((one) => one.toLowerCase() === written?.toLowerCase()) ?? null
  );
}

function expiryOf(attributes: ReadonlyMap<string, string>, now: Date): number | null {
  const age = attributes.get('max-age') ?? '';
  if (/^-?\d{1,15}$/.test(age)) return Number(age) <= 0 ? 0 : now.getTime() + Number(age) * 1000;
  const date = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(date) ? null : date;
}

/** Names with these prefixes promise attributes (RFC 6265bis §4.1.3). */
function keepsPrefix(cookie: Cookie, attributes: ReadonlyMap<string, string>): boolean {
  const { name, secure, hostOnly, path } = cookie;
  if (/^__Secure-/i.test(name)) return secure;
  if (!/^__Host-/i.test(name)) return true;
  return secure && hostOnly && path === '/' && attributes.has('path');
}

/** Whether an answer takes the cookie away. */
export function isCleared({ expires }: Cookie, now: Date): boolean {
  return expires !== null && expires <= now.getTime();
}

/** Whether a cookie is sent with a request to an address. */
export function belongsTo(cookie: Cookie, to: URL): boolean {
  const { domain, hostOnly, path, secure } = cookie;
  const { hostname, pathname, protocol } = to;
  const isHost = hostname === domain || (!hostOnly && hostname.endsWith(`.${domain}`));
  const isBelow =
    pathname === path ||
    (pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/'));
  return isHost && isBelow && (!secure || protocol === 'https:' || isThisMachine(hostname));
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/** Cookies of one visitor. */
export interface CookieJar {
  /** Takes those of an answer; one that it takes away is removed. */
  take(cookies: readonly Cookie[], now: Date): void;
  /** Returns the header for a request; null if no cookie belongs to it. */
  header(to: URL, now: Date): string | null;
}

/** Makes a jar without cookies. */
export function cookieJar(): CookieJar {
  const kept = new Map<string, Cookie>();
  return {
    take(cookies, now) {
      for (const cookie of cookies) {
        const key = JSON.stringify([cookie.name, cookie.domain, cookie.path]);
        if (isCleared(cookie, now)) kept.delete(key);
        else if (kept.has(key) || kept.size < MOST) kept.set(key, cookie);
      }
    },
    header(to, now) {
      const sent = [...kept.values()]
        .filter((cookie) => belongsTo(cookie, to) && !isCleared(cookie, now))
        .toSorted((one, other) => other.path.length - one.path.length);
      return sent.length === 0
        ? null
        : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
  };
}
