/** Keys as PEM: as OpenSSL writes and reads them, and what is refused. */

import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  readSigningKey,
  readVerifyingKey,
  writeSigningKey,
  writeVerifyingKey,
} from '../../src/crypto/signingKey.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { workFolder } from '../kit/project.ts';
import { acceptedChanges } from './changedBytes.ts';
import { HAS_OPENSSL } from './judges.ts';
import { countingSigner } from './signingKeys.ts';

/** RFC 8410 §10.1 and §10.3. */
const RFC_PUBLIC = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
const RFC_PRIVATE = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`;

const signer = countingSigner(1);
const privatePem = writeSigningKey(signer);
const publicPem = writeVerifyingKey(signer.verifying);
const at = 'keys/evidence.pem';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
  return 'accepted';
}

const signing = (pem: string): string => refusal(() => readSigningKey(pem, at));
const verifying = (pem: string): string => refusal(() => readVerifyingKey(pem, at));

describe('a key as PEM', () => {
  it('is read and written as RFC 8410 has it', () => {
    const key = readSigningKey(RFC_PRIVATE, at);
    expect(writeSigningKey(key)).toBe(RFC_PRIVATE);
    expect(writeVerifyingKey(key.verifying)).toBe(RFC_PUBLIC);
    expect(readVerifyingKey(RFC_PUBLIC, at).id).toBe(key.verifying.id);
  });

  it('may have the line ends of another system, and whitespace around it', () => {
    const other = `\n${privatePem.replaceAll('\n', '\r\n')}\n`;
    expect(readSigningKey(other, at).verifying.id).toBe(signer.verifying.id);
    expect(readVerifyingKey(publicPem.trimEnd(), at).id).toBe(signer.verifying.id);
  });

  it('signs for the other half of the pair, and for no other', () => {
    const signature = readSigningKey(privatePem, at).sign(Buffer.from('x'));
    expect(readVerifyingKey(publicPem, at).verify(Buffer.from('x'), signature)).toBe(true);
    expect(readVerifyingKey(RFC_PUBLIC, at).verify(Buffer.from('x'), signature)).toBe(false);
  });
});

const privateOf = ({ privateKey }: KeyPairKeyObjectResult): string =>
  String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const publicOf = ({ publicKey }: KeyPairKeyObjectResult): string =>
  String(publicKey.export({ type: 'spki', format: 'pem' }));

describe('what is no key for this', () => {
  it('is refused with what to do next', () => {
    const others = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('x25519'),
    ];
    const encrypted = signer.secret.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret words',
    });
    expect(others.map((pair) => signing(privateOf(pair)))).toMatchInlineSnapshot(`
      [
        "USAGE the signing key is of the algorithm rsa instead of Ed25519 (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
        "USAGE the signing key is of the algorithm ec instead of Ed25519 (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
        "USAGE the signing key is of the algorithm x25519 instead of Ed25519 (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
      ]
    `);
    expect(others.map((pair) => verifying(publicOf(pair)))).toMatchInlineSnapshot(`
      [
        "USAGE the verifying key is of the algorithm rsa instead of Ed25519 (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key is of the algorithm ec instead of Ed25519 (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key is of the algorithm x25519 instead of Ed25519 (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
      ]
    `);
    expect(
      [
        String(encrypted),
        publicPem,
        privatePem + RFC_PRIVATE,
        `${privatePem}more`,
        '',
        'x'.repeat(20_000),
        privatePem.replace('MC4CAQAw', 'MC4CAQAx'),
        privatePem.replace(/\n(.*)=?\n-/, '\n$1=\n-'),
        '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaAA=\n-----END OPENSSH PRIVATE KEY-----\n',
        '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      ].map(signing),
    ).toMatchInlineSnapshot(`
      [
        "USAGE the signing key is encrypted, and no password is read (keys/evidence.pem): decrypt it with openssl pkey into a file that only its owner can read",
        "USAGE the signing key is a public key (keys/evidence.pem): give the private key that belongs to it",
        "USAGE the signing key is not alone in its file (keys/evidence.pem): give a file with this one key and nothing else",
        "USAGE the signing key is damaged (keys/evidence.pem): take it from its backup",
        "USAGE the signing key is not a PEM file (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
        "USAGE the signing key is not a PEM file (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
        "USAGE the signing key is damaged (keys/evidence.pem): take it from its backup",
        "USAGE the signing key is damaged (keys/evidence.pem): take it from its backup",
        "USAGE the signing key is not PKCS#8 (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
        "USAGE the signing key is not PKCS#8 (keys/evidence.pem): make one with openssl genpkey -algorithm ed25519",
      ]
    `);
    expect(
      [
        privatePem,
        publicPem + RFC_PUBLIC,
        '',
        publicPem.replace('MCow', 'MCox'),
        `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
        spkiOf(Buffer.concat([Uint8Array.of(1), Buffer.alloc(31)])),
      ].map(verifying),
    ).toMatchInlineSnapshot(`
      [
        "USAGE the verifying key is a private key, which signs (keys/evidence.pem): keep it secret, and give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key is not alone in its file (keys/evidence.pem): give a file with this one key and nothing else",
        "USAGE the verifying key is not a PEM file (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key is damaged (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key is not SPKI (keys/evidence.pem): give the public key, as openssl pkey -pubout writes it",
        "USAGE the verifying key has a small order, so that a signature by it proves nothing (keys/evidence.pem): do not accept anything that is signed with it",
      ]
    `);
  });

  it('never shows in its message a part of what was read', () => {
    const base64 = privatePem.split('\n')[1] ?? '';
    const wrong = [verifying(privatePem), signing(privatePem + privatePem), signing(base64)];
    for (const text of wrong) {
      expect(text).toMatch(/^USAGE /);
      for (let from = 0; from + 6 <= base64.length; from += 1) {
        expect(text).not.toContain(base64.slice(from, from + 6));
      }
    }
  });

  it('is another text than that of a public key: each that is read is the same key', () => {
    const { tried, accepted } = acceptedChanges(Buffer.from(publicPem), (changed) => {
      try {
        return readVerifyingKey(changed.toString('latin1'), at).id === signer.verifying.id;
      } catch {
        return false;
      }
    });
    // Whitespace around the block, and line feeds within, mean nothing in PEM; ids are of the key.
    expect(
      accepted.every((text) => text.replaceAll(/\s/g, '') === publicPem.replaceAll(/\s/g, '')),
    ).toBe(true);
    expect(tried).toBeGreaterThan(1000);
  });
});

function spkiOf(bytes: Buffer): string {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

describe.skipIf(!HAS_OPENSSL)('openssl', () => {
  const folder = workFolder('openssl');
  const openssl = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder });
    if (status !== 0) throw new Error(String(stderr));
    return String(stdout);
  };

  it('makes keys that are read, and reads those that are written', () => {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', 'key.pem');
    openssl('pkey', '-in', 'key.pem', '-pubout', '-out', 'pub.pem');
    const [key, pub] = ['key.pem', 'pub.pem'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    );
    const read = readSigningKey(key ?? '', 'key.pem');
    expect(writeSigningKey(read)).toBe(key);
    expect(writeVerifyingKey(read.verifying)).toBe(pub);
    expect(readVerifyingKey(pub ?? '', 'pub.pem').id).toBe(read.verifying.id);

    writeFileSync(join(folder, 'ours.pem'), privatePem);
    expect(openssl('pkey', '-in', 'ours.pem', '-pubout')).toBe(publicPem);
  });

  it('has the same id of a key: the digest of its DER', () => {
    writeFileSync(join(folder, 'ours.pub'), publicPem);
    openssl('pkey', '-pubin', '-in', 'ours.pub', '-outform', 'DER', '-out', 'ours.der');
    expect(openssl('dgst', '-sha256', '-r', 'ours.der')).toContain(signer.verifying.id);
  });
});
