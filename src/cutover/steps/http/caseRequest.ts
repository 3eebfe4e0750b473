/** The request of a case: its values filled in, and its body in the form that it has. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { Failure } from '../../../outcome/failure.ts';
import { MAX_BODY } from '../../world/httpClient.ts';
import type { RunbookFiles } from '../../world/world.ts';
import { requiredText, textOf, valuesOf, type Scalar } from '../stepMembers.ts';
import type { Members } from '../stepType.ts';
import { REFERENCE } from './caseFile.ts';

/** Values by name, which are secrets for all that is known of them. */
export type CaseValues = ReadonlyMap<string, Scalar>;

/** Fills the values in. A text that is one name becomes the value itself, so that a number stays one. */
export function filled(members: Members, values: CaseValues): Members {
  const { url, ...rest } = members;
  return { ...(withValues(rest, values) as Members), url: filledUrl(String(url), values) };
}

function withValues(value: unknown, values: CaseValues): unknown {
  if (typeof value === 'string') return filledText(value, values);
  if (Array.isArray(value)) return value.map((item: unknown) => withValues(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withValues(member, values)]),
  );
}

function filledText(text: string, values: CaseValues): Scalar {
  const [whole, name] = [...text.matchAll(REFERENCE)][0] ?? [];
  if (whole === text) return values.get(name ?? '') ?? '';
  return text.replaceAll(REFERENCE, (_, one: string) => String(values.get(one) ?? ''));
}

/** A value that is not the whole address is a part of it, and cannot add others. */
function filledUrl(url: string, values: CaseValues): string {
  const [whole, name] = [...url.matchAll(REFERENCE)][0] ?? [];
  if (whole === url) return String(values.get(name ?? '') ?? '');
  return url.replaceAll(REFERENCE, (_, one: string) => {
    return encodeURIComponent(String(values.get(one) ?? ''));
  });
}

/** Replaces values by their names, so that a text can be shown; a few characters are no secret. */
export function hidden(text: string, values: CaseValues): string {
  return [...values].reduce((rest, [name, value]) => {
    const written = JSON.stringify(String(value)).slice(1, -1);
    return written.length < 4 ? rest : rest.replaceAll(written, `\${${name}}`);
  }, text);
}

export interface CaseBody {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** Makes the body; null for a request without one. @throws Failure USAGE for a file that is not there */
export function caseBody(members: Members, files: RunbookFiles): CaseBody | null {
  const { data, form, multipart } = members;
  if (data !== undefined) {
    return { bytes: Buffer.from(JSON.stringify(data)), type: 'application/json' };
  }
  if (form !== undefined) {
    const fields = new URLSearchParams();
    for (const [name, value] of valuesOf(members, 'form')) fields.append(name, String(value));
    const bytes = Buffer.from(fields.toString());
    return { bytes, type: 'application/x-www-form-urlencoded' };
  }
  if (multipart !== undefined) return multipartBody(multipart as Members, files);
  const file = textOf(members, 'body');
  if (file === null) return null;
  return { bytes: readBody(file, files), type: 'application/octet-stream' };
}

/** Reads a file that is sent. @throws Failure USAGE if there is none of at most 4 MiB */
export function readBody(file: string, files: RunbookFiles): Uint8Array {
  const bytes = files.read(file, MAX_BODY);
  if (bytes !== null) return bytes;
  throw new Failure('USAGE', {
    what: 'there is no file of at most 4 MiB to send',
    where: file,
    hint: 'check the path, from the folder of the runbook',
  });
}

/** Parts of a form (RFC 7578), between boundaries that their content has made. */
function multipartBody(parts: Members, files: RunbookFiles): CaseBody {
  const written = Object.entries(parts).map(([name, part]) => {
    if (typeof part !== 'object') {
      return { head: `name="${quoted(name)}"\r\n`, bytes: Buffer.from(String(part as Scalar)) };
    }
    const file = part as Members;
    const path = requiredText(file, 'file');
    const type = textOf(file, 'type') ?? 'application/octet-stream';
    const shown = quoted(textOf(file, 'name') ?? basename(path));
    const head = `name="${quoted(name)}"; filename="${shown}"\r\ncontent-type: ${quoted(type)}\r\n`;
    return { head, bytes: readBody(path, files) };
  });
  const hash = createHash('sha256');
  for (const { head, bytes } of written) hash.update(head).update(bytes);
  const boundary = `sealift-${hash.digest('hex').slice(0, 32)}`;
  const chunks = written.flatMap(({ head, bytes }) => [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
  return {
    bytes: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

/** As browsers write a name: nothing in it ends the name, or its line. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
