/** Signed notes: those of other programs, our own, and what is neither. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  formatNoteVerifier,
  noteVerifier,
  openNote,
  openNoteExactly,
  parseNoteVerifier,
  signNote,
} from '../../src/crypto/signedNote.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { shared } from '../shared.ts';
import { acceptedChanges } from './changedBytes.ts';
import { countingSigner } from './signingKeys.ts';

const key = countingSigner(1);
const signer = { name: 'sealift', key };
const verifier = noteVerifier('sealift', key.verifying);
const TEXT = 'a line\n\n— no signature\nthe last\n';
const note = signNote(TEXT, signer);

const open = (text: string): unknown => openNote(Buffer.from(text), verifier);
const openExactly = (text: string): unknown => openNoteExactly(Buffer.from(text), verifier);

const golang = shared('vectors/signed-note/peterneumann.json');

describe.skipIf(golang === null)("Go's note", () => {
  it('is opened with its verifier key, exactly', () => {
    const { vkey, note: published } = JSON.parse(readFileSync(golang ?? '', 'utf8')) as {
      vkey: string;
      note: string;
    };
    const known = parseNoteVerifier(vkey);
    if (known === null) throw new Error('no verifier key');
    expect(formatNoteVerifier(known)).toBe(vkey);
    const text = published.slice(0, published.indexOf('\n\n') + 1);
    expect(openNote(Buffer.from(published), known)).toEqual({ text });
    expect(openNoteExactly(Buffer.from(published), known)).toEqual({ text });
    const changed = published.replace('cryptography', 'Cryptography');
    expect(openNote(Buffer.from(changed), known)).toEqual({ refused: 'not-authentic' });
  });
});

const tessera = shared('vectors/tlog-tiles-tessera');

describe.skipIf(tessera === null)("Tessera's checkpoints", () => {
  it('are opened, all of them, and none with another text', () => {
    const folder = tessera ?? '';
    const known = parseNoteVerifier(readFileSync(join(folder, 'VKEY.txt'), 'utf8').trim());
    if (known === null) throw new Error('no verifier key');
    const log = join(folder, 'testdata/log');
    const names = readdirSync(log).filter((name) => name.startsWith('checkpoint'));
    expect(names).toHaveLength(17);
    for (const name of names) {
      const bytes = readFileSync(join(log, name));
      expect(openNote(bytes, known)).toHaveProperty('text');
      expect(openNoteExactly(bytes, known)).toHaveProperty('text');
      const changed = Buffer.from(bytes.toString().replace(/\n\d+\n/, '\n99\n'));
      expect(openNote(changed, known)).toEqual({ refused: 'not-authentic' });
    }
  });
});

describe('a verifier key', () => {
  it('has the id of the specification: of name, type and key', () => {
    const hashed = createHash('sha256').update('sealift\n\x01').update(key.verifying.bytes);
    expect(verifier.id).toBe(hashed.digest('hex').slice(0, 8));
    expect(formatNoteVerifier(verifier).split('+').slice(0, 2)).toEqual(['sealift', verifier.id]);
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const text = formatNoteVerifier(verifier);
    const { tried, accepted } = acceptedChanges(
      Buffer.from(text),
      (changed) => parseNoteVerifier(changed.toString()) !== null,
    );
    expect(parseNoteVerifier(text)?.key.id).toBe(key.verifying.id);
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(500);
  });

  it.each(['', 'a b', 'a+b', 'a\n', 'a\u00a0b', 'a\u2028', 'a\u0000', '\ud800'])(
    'cannot have the name %j',
    (name) => {
      expect(() => noteVerifier(name, key.verifying)).toThrow(Failure);
      expect(() => signNote('x\n', { name, key })).toThrow(/cannot be the name of a key/);
    },
  );
});

describe('a note', () => {
  it('is opened by its key', () => {
    expect(open(note)).toEqual({ text: TEXT });
    expect(openExactly(note)).toEqual({ text: TEXT });
    const sameName = noteVerifier('sealift', countingSigner(2).verifying);
    const sameKey = noteVerifier('other', key.verifying);
    for (const unknown of [sameName, sameKey]) {
      expect(openNote(Buffer.from(note), unknown)).toEqual({ refused: 'other-key' });
    }
  });

  it('may have signatures of other keys, unless it is to be exactly ours', () => {
    const others = Array.from({ length: 99 }, (_, index) => `— other AAAAAAE${'Ag'[index % 2]}\n`);
    const lines = ['— sealift AAAAAAEC\n', ...others];
    expect(open(note + lines.slice(0, 15).join(''))).toEqual({ text: TEXT });
    const before = note.replace('\n\n— sealift', `\n\n${lines[0] ?? ''}— sealift`);
    expect(open(before)).toEqual({ text: TEXT });
    for (const more of [note + (lines[1] ?? ''), before, note + note.slice(TEXT.length + 1)]) {
      expect(openExactly(more)).toEqual({ refused: 'form' });
    }
    expect(open(note + lines.slice(0, 99).join(''))).toEqual({ text: TEXT });
    expect(open(note + lines.join(''))).toEqual({ refused: 'form' });
  });

  it('is refused if one of two signatures of the known key does not fit', () => {
    const wrong = signNote('x\n', signer).slice(3);
    expect(open(note + wrong)).toEqual({ refused: 'not-authentic' });
  });

  it.each([
    ['nothing', ''],
    ['no signature', `${TEXT}\n`],
    ['no text', note.slice(TEXT.length)],
    ['no line feed at its end', note.trimEnd()],
    ['a malformed line of another key', `${note}— other x\n`],
    ['a line that is no signature', `${note}other\n`],
    ['an empty line at its end', `${note}\n`],
    ['a carriage return', note.replace('a line', 'a line\r')],
    ['a control character', note.replace('a line', 'a\u0001line')],
    ['a signature without bytes', `${note}— other AAAAAQ==\n`],
    ['more bytes than it may have', 'x'.repeat(1_000_001) + note],
  ])('is refused with %s', (_, changed) => {
    expect(open(changed)).toEqual({ refused: 'form' });
  });

  it('is refused if it is not UTF-8', () => {
    const bytes = Buffer.concat([Uint8Array.of(0xff), Buffer.from(note)]);
    expect(openNote(bytes, verifier)).toEqual({ refused: 'form' });
    expect(() => signNote('\ud800\n', signer)).toThrow(RangeError);
    expect(() => signNote('no line feed', signer)).toThrow(RangeError);
  });

  it('is opened exactly as it was signed (property)', () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .map((text) => text.replaceAll(/\p{Cc}/gu, ''));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const made = signNote(text, signer);
        expect(openExactly(made)).toEqual({ text });
        expect(open(made)).toEqual({ text });
      }),
    );
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const changes = acceptedChanges(
      Buffer.from(note),
      (changed) => 'text' in openNoteExactly(changed, verifier),
    );
    expect(changes.accepted).toEqual([]);
    expect(changes.tried).toBeGreaterThan(1300);
  });
});
