/** Cookies: parsed as a browser does, kept, and sent to where they belong and nowhere else. */

import {
  assert as holds,
  array,
  constantFrom,
  property,
  record,
  string,
  stringMatching,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  belongsTo,
  cookieJar,
  isCleared,
  parseCookie,
} from '../../../../src/cutover/steps/http/cookies.ts';

const NOW = new Date('2026-12-06T02:00:00Z');
const FROM = new URL('https://app.example/api/login');

describe('a cookie', () => {
  it('has its attributes', () => {
    const text =
      'sid="a=b"; Domain=.Example.ORG; PATH=/x; secure ; HttpOnly; SameSite=strict; Max-Age=60';
    expect(parseCookie(text, new URL('https://a.example.org/y'), NOW)).toEqual({
      name: 'sid',
      value: '"a=b"',
      domain: 'example.org',
      hostOnly: false,
      path: '/x',
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
      expires: NOW.getTime() + 60_000,
    });
  });

  it('is by default for its host, its folder and the session', () => {
    expect(parseCookie('a=b', FROM, NOW)).toMatchObject({
      domain: 'app.example',
      hostOnly: true,
      path: '/api',
      secure: false,
      expires: null,
    });
    expect(parseCookie('a=b; path=x', new URL('https://app.example'), NOW)?.path).toBe('/');
  });

  it.each([
    'a',
    '=b',
    'a=b\rc',
    `a=${'b'.repeat(5000)}`,
    'a=b; domain=evil.example',
    'a=b; domain=example',
    'a=b; domain=pp.example',
    'a=b; domain=below.app.example',
    '__Secure-a=b',
    '__Host-a=b; secure; path=/; domain=app.example',
    '__Host-a=b; secure; path=/api',
    '__Host-a=b; path=/',
  ])('%s is refused', (text) => {
    expect(parseCookie(text, FROM, NOW)).toBeNull();
  });

  it('of an address is for that address alone', () => {
    const from = new URL('http://127.0.0.1:8080/');
    expect(parseCookie('a=b; domain=127.0.0.1', from, NOW)?.hostOnly).toBe(true);
    expect(parseCookie('a=b; domain=0.0.1', from, NOW)).toBeNull();
  });

  it.each([
    ['a=; Max-Age=0', true],
    ['a=; Max-Age=-1', true],
    ['a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', true],
    ['a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60', false],
    ['a=b; Expires=Fri, 01 Jan 2100 00:00:00 GMT', false],
    ['a=b; Expires=soon', false],
    ['a=', false],
  ])('%s takes it away: %s', (text, cleared) => {
    const cookie = parseCookie(text, FROM, NOW);
    expect(cookie !== null && isCleared(cookie, NOW)).toBe(cleared);
  });

  it('is parsed without an error, whatever the header says, and stays above its host', () => {
    const host = constantFrom('https://app.example/a/b', 'http://127.0.0.1:1/', 'http://[::1]/x');
    const noise = string({ unit: 'binary', maxLength: 60 });
    const likely = array(
      constantFrom(
        'a',
        '=',
        ';',
        ' domain=',
        'example',
        '.',
        'app',
        'evil',
        ' path=/',
        '127.0.0.1',
        '__Host-',
      ),
      { maxLength: 12 },
    ).map((parts) => parts.join(''));
    holds(
      property(host, noise, likely, (from, one, other) => {
        for (const text of [one, other, `a=b;${other}`, `a=b;${one}`]) {
          const url = new URL(from);
          const cookie = parseCookie(text, url, NOW);
          if (cookie === null) continue;
          expect(
            [cookie.domain, `.${cookie.domain}`].some((end) => url.hostname.endsWith(end)),
          ).toBe(true);
          expect(belongsTo(cookie, new URL('https://evil.test/'))).toBe(false);
          expect(`${cookie.name}=${cookie.value}`).not.toMatch(/[;\p{Cc}]/u);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a cookie belongs to a request', () => {
  it.each([
    ['a=b', 'https://app.example/api', true],
    ['a=b', 'https://app.example/api/x', true],
    ['a=b', 'https://app.example/apix', false],
    ['a=b', 'https://app.example/', false],
    ['a=b', 'https://app.example:8443/api', true],
    ['a=b', 'https://sub.app.example/api', false],
    ['a=b; domain=app.example', 'https://sub.app.example/api', true],
    ['a=b; domain=app.example', 'https://subapp.example/api', false],
    ['a=b; path=/', 'http://app.example/', true],
    ['a=b; path=/; secure', 'http://app.example/', false],
    ['a=b; path=/; secure', 'https://app.example/', true],
  ])('%s to %s: %s', (text, to, expected) => {
    const cookie = parseCookie(text, FROM, NOW);
    expect(cookie !== null && belongsTo(cookie, new URL(to))).toBe(expected);
  });

  it('over http on this machine, though it has Secure', () => {
    const from = new URL('http://127.0.0.1:8080/');
    const cookie = parseCookie('a=b; secure', from, NOW);
    expect(cookie !== null && belongsTo(cookie, from)).toBe(true);
  });
});

describe('a jar', () => {
  it('gives back what was set, and not what was taken away', () => {
    const part = stringMatching(/^[a-z]{1,4}$/);
    holds(
      property(
        array(record({ name: part, value: part, gone: constantFrom(true, false) })),
        (list) => {
          const jar = cookieJar();
          const expected = new Map<string, string>();
          for (const { name, value, gone } of list) {
            const text = `${name}=${value}; path=/${gone ? '; max-age=0' : ''}`;
            const cookie = parseCookie(text, FROM, NOW);
            jar.take(cookie === null ? [] : [cookie], NOW);
            if (gone) expected.delete(name);
            else expected.set(name, value);
          }
          const sent = jar.header(new URL('https://app.example/'), NOW)?.split('; ') ?? [];
          expect(sent.toSorted()).toEqual([...expected].map((pair) => pair.join('=')).toSorted());
        },
      ),
      { numRuns: 200 },
    );
  });

  it('sends the more exact path first, nothing that has expired, and a bounded number', () => {
    const jar = cookieJar();
    const take = (text: string): void => {
      const cookie = parseCookie(text, FROM, NOW);
      if (cookie !== null) jar.take([cookie], NOW);
    };
    take('a=1; path=/');
    take('a=2; path=/api');
    take('b=3; path=/; max-age=10');
    const to = new URL('https://app.example/api');
    expect(jar.header(to, NOW)).toBe('a=2; a=1; b=3');
    expect(jar.header(to, new Date(NOW.getTime() + 10_000))).toBe('a=2; a=1');
    expect(jar.header(new URL('https://other.example/api'), NOW)).toBeNull();
    for (let n = 0; n < 1000; n += 1) take(`n${n}=1; path=/`);
    expect(jar.header(to, NOW)?.split('; ').length).toBeLessThanOrEqual(300);
  });
});
