/** Addresses of requests: what could mean two hosts is none, and a path stays with its application. */

import { assert as holds, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addressOf, originOf, parseAddress } from '../../../src/cutover/world/httpAddress.ts';

/** The address of a request to an application at this address; null for none. */
function requestAddress(url: string, application: string | null): URL {
  return addressOf({ url, app: application === null ? null : 'app' }, () => application ?? '');
}

describe('an address', () => {
  it.each([
    ['https://api.example', 'https://api.example'],
    ['HTTPS://API.example:443/a?b#c', 'https://api.example'],
    ['http://127.0.0.1:8080/x', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080/x', 'http://[::1]:8080'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example'],
    ['http://0x7f.1/', 'http://127.0.0.1'],
    ['https://api.example./', 'https://api.example.'],
    ['https://api.example/@home', 'https://api.example'],
  ])('%s is of %s', (text, origin) => {
    expect(originOf(text)).toBe(origin);
  });

  it.each([
    'https://api.example@evil.example/',
    'https://ada:pw@api.example/',
    'https://api.example\\@evil.example/',
    'https:\\\\evil.example/',
    'https:/evil.example/',
    'https:evil.example',
    '//evil.example/',
    'https:///evil.example/',
    'https://evil.example\t/',
    'https://ev\nil.example/',
    ' https://api.example/',
    'https://%65vil.example/',
    'http://[fe80::1%25eth0]/',
    'http://api.example:99999/',
    'http://a b/',
    'ftp://api.example/',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
    '',
    `https://api.example/${'a'.repeat(9000)}`,
  ])('%j is refused', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('that is taken has the host that its text shows', () => {
    const part = stringMatching(/^[a-zA-Z0-9@:/\\.?#%[\]\t -]{0,12}$/);
    holds(
      property(part, part, part, (a, b, c) => {
        const text = `https://${a}good.example${b}${c}`;
        const url = parseAddress(text);
        if (url === null) return;
        // Read without a parser of addresses: up to the first slash, question mark or hash.
        const [, shown = ''] = /^https:\/\/([^/?#]*)/.exec(text) ?? [];
        expect(shown).not.toMatch(/[@\\%\s]/);
        // Numbers have other forms as an address of IPv4.
        if (/(?:^|\.)[\da-fx.]*(?::\d*)?$/i.test(shown)) return;
        expect(url.host).toBe(
          shown
            .toLowerCase()
            .replace(/:0*443$|:$/, '')
            .replace(/:0+(?=\d)/, ':'),
        );
        expect([url.username, url.password]).toEqual(['', '']);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the address of a request', () => {
  it.each([
    ['/health', 'https://api.example', 'https://api.example/health'],
    ['/health', 'https://api.example/', 'https://api.example/health'],
    ['/health', 'https://api.example/v1/', 'https://api.example/v1/health'],
    ['/a?b=//c@d', 'https://api.example', 'https://api.example/a?b=//c@d'],
    ['https://cdn.example/a', null, 'https://cdn.example/a'],
  ])('%s of %s is %s', (url, app, expected) => {
    expect(requestAddress(url, app).href).toBe(expected);
  });

  it.each([
    ['//evil.example/', 'https://api.example'],
    ['/\\evil.example/', 'https://api.example'],
    ['/a b', 'https://api.example'],
    ['/health', null],
    ['/health', 'api.example'],
    ['/health', 'https://api.example/?a=b'],
    ['health', 'https://api.example'],
    ['@evil.example/', 'https://api.example'],
    ['.evil.example/', 'https://api.example'],
    [':1234/', 'https://api.example'],
  ])('%s of %s is refused, without showing it', (url, app) => {
    expect(() => requestAddress(url, app)).toThrow(/^(?!.*evil).*$/);
  });

  it('that is a path stays with its application, whatever the path is', () => {
    holds(
      property(string({ unit: 'binary', maxLength: 40 }), (path) => {
        let made: URL | null = null;
        try {
          made = requestAddress(`/${path}`, 'https://api.example:8443/v1');
        } catch {
          return;
        }
        expect(made.origin).toBe('https://api.example:8443');
      }),
      { numRuns: 300 },
    );
  });
});
