/** Whose a key is, by a file of allowed signers. */

import { describe, expect, it } from 'vitest';

import { namesOfKey, readAllowedSigners } from '../../src/crypto/allowedSigners.ts';

// The key of a test vector of RFC 8032, in SSH's form; its fingerprint is that of ssh-keygen -l.
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';
const PRINT = 'SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8';

function namesIn(text: string): readonly string[] {
  const read = readAllowedSigners(text);
  expect(read.fault).toBeNull();
  const [fingerprint = ''] = read.signers.map((signer) => signer.fingerprint);
  return namesOfKey(read, fingerprint);
}

describe('a file of allowed signers', () => {
  it.each([
    ['a name', `ada ${KEY}\n`, ['ada']],
    ['several names', `ada,ada@example.org ${KEY} comment\n`, ['ada', 'ada@example.org']],
    ['a quoted name', `"Ada Ammann" ${KEY}\n`, ['Ada Ammann']],
    ['options', `ada valid-before="20300101",namespaces="file,git" ${KEY}\n`, ['ada']],
    ['comments and CRLF', `# reviewers\r\n\r\nada ${KEY}\r\n`, ['ada']],
    ['a key on two lines', `ada ${KEY}\nberta ${KEY}\n`, ['ada', 'berta']],
  ])('gives the names of a key: %s', (_, text, names) => {
    expect(namesIn(text)).toEqual(names);
  });

  it.each([
    ['a pattern', `*@example.org ${KEY}`, 'a pattern for a name'],
    ['a pattern among names', `ada,b?rta ${KEY}`, 'a pattern for a name'],
    ['a negated name', `!ada,berta ${KEY}`, 'a pattern for a name'],
    ['an authority', `ada cert-authority ${KEY}`, 'the keys of an authority'],
    ['an authority in capitals', `ada CERT-AUTHORITY ${KEY}`, 'the keys of an authority'],
    ['no key', 'ada namespaces="file"', 'no public key'],
    ['no name', ' ', null],
    ['an empty name', `ada,,berta ${KEY}`, 'a name is missing'],
    ['a name alone', 'ada', 'a name is missing'],
  ])('cannot have %s', (_, line, why) => {
    const { fault } = readAllowedSigners(`# first\n${line}\n`);
    if (why === null) expect(fault).toBeNull();
    else expect(fault).toEqual({ line: 2, why: expect.stringContaining(why) });
  });

  it('states fingerprints as ssh-keygen does', () => {
    const [signer] = readAllowedSigners(`ada ${KEY}`).signers;
    expect(signer?.fingerprint).toBe(PRINT);
  });
});
