/**
 * A setting where it is kept: in a file, in a database, or in an application that a program or a request
 * reaches. Each way writes it, and reads it back. A value is never shown: it may be a secret.
 */

import { extname } from 'node:path';

import { replaceFile } from '../../../disk/durable.ts';
import { diskFailure, systemCode } from '../../../disk/errors.ts';
import { statOf } from '../../../disk/noLinks.ts';
import { Failure } from '../../../outcome/failure.ts';
import { quoteName } from '../../../outcome/quoteName.ts';
import { decodeUtf8 } from '../../../record/jsonText.ts';
import { queryText } from '../../databases/runbookSql.ts';
import type { SqlClient, SqlValue } from '../../world/world.ts';
import { getOf, jsonOf, sentHeaders, tryRequest } from '../http/requests.ts';
import { valueAt } from '../jsonPath.ts';
import { requiredText, textOf, type Scalar } from '../stepMembers.ts';
import { DEFAULT_INPUTS, type Members, type StepResult, type StepWork } from '../stepType.ts';
import { makeChange, runProgram, wayOf } from './adapter.ts';
import type { Sight } from './health.ts';
import { hasSetting, withSetting, type SettingForm } from './settingText.ts';

export interface Setting {
  /** Writes the value; returns a result if it was refused. @throws Failure if it may be written */
  write(): Promise<StepResult | null>;
  read(): Promise<Sight>;
  /** Throws if it can be told now that the value cannot be written. */
  rehearse?(): void;
}

/** Most bytes of a file with settings. */
const MOST_BYTES = 1024 * 1024;

/** Returns the setting that members describe. @throws Failure USAGE if they describe none that is read back */
export function settingOf(work: StepWork): Setting {
  const { members } = work;
  const way = wayOf(members, ['file', 'run', 'url', 'query']);
  if (way === 'file') return fileSetting(work);
  const reader = readerOf(work);
  if (way === 'query') return { write: () => writeSql(work), read: reader };
  const [key, set] = [requiredText(members, 'key'), valueOf(members)];
  // By standard input a program gets a secret that is not to be in the list of processes.
  const change = {
    values: { key, set },
    data: { key, value: set },
    method: 'PUT',
    input: String(set),
  };
  return { write: () => makeChange(work, change), read: reader };
}

function valueOf(members: Members): Scalar {
  return members['set'] as Scalar;
}

/** What was seen of the value; undefined for one that is not there. */
function sight({ members, goesBack }: StepWork, isSet: boolean): Sight {
  const key = quoteName(requiredText(members, 'key'));
  return isSet
    ? { presence: 'there', says: `${key} is set${goesBack === true ? ' back' : ''}` }
    : { presence: 'absent', says: `${key} has another value` };
}

function unclear(says: string): Sight {
  return { presence: 'unclear', says };
}

function fileSetting(work: StepWork): Setting {
  const { members, world } = work;
  const file = requiredText(members, 'file');
  const [key, value] = [requiredText(members, 'key'), valueOf(members)];
  const form: SettingForm = extname(file) === '.json' ? 'json' : 'lines';
  const readText = (): string => {
    const bytes = world.files.read(file, MOST_BYTES);
    const text = bytes === null ? null : decodeUtf8(bytes);
    if (text !== null) return text;
    throw new Failure('USAGE', {
      what: 'there is no file of at most 1 MiB in UTF-8 for the setting',
      where: file,
      hint: 'check the path, from the folder of the runbook',
    });
  };
  return {
    async write() {
      replaceText(world.files.place(file), withSetting(readText(), form, key, value));
      return null;
    },
    async read() {
      return sight(work, hasSetting(readText(), form, key, value));
    },
    rehearse() {
      withSetting(readText(), form, key, value);
    },
  };
}

/** Replaces a text in one step, with mode and owner of the file. @throws Failure DISK */
function replaceText(path: string, text: string): void {
  try {
    const before = statOf(path);
    if (before?.isFile() !== true) {
      const what = 'the file of the setting was replaced by something else';
      throw new Failure('DISK', { what, where: path, hint: 'find out which program did so' });
    }
    replaceFile(path, [Buffer.from(text)], undefined, before);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') throw diskFailure(error, path);
    const what = 'the file of the setting would get another owner';
    throw new Failure('DISK', { what, where: path, hint: 'run Sealift as its owner' });
  }
}

async function writeSql(work: StepWork): Promise<null> {
  const { members, world, signal } = work;
  const client = await world.openSql(databaseOf(work), { readOnly: false, signal });
  try {
    const value = valueOf(members);
    const sent = typeof value === 'number' ? numberForSql(value) : value;
    await client.query(textOfQuery(work, client, members), [sent]);
  } finally {
    await client.close();
  }
  return null;
}

function numberForSql(value: number): SqlValue {
  return Number.isSafeInteger(value) ? BigInt(value) : String(value);
}

function textOfQuery({ world }: StepWork, { dialect }: SqlClient, members: Members): string {
  return queryText(requiredText(members, 'query'), world.files, dialect);
}

/** The input with the database: that of the application is none. */
function databaseOf({ input }: StepWork): string {
  const named = input === DEFAULT_INPUTS.application ? null : input;
  return named ?? DEFAULT_INPUTS.database ?? '';
}

/** Returns how the value is read back. @throws Failure USAGE unless `read` says one way */
function readerOf(work: StepWork): () => Promise<Sight> {
  const { members } = work;
  const read = members['read'] as Members | undefined;
  if (read === undefined) {
    const what = 'nothing says how the setting is read back';
    throw new Failure('USAGE', { what, hint: 'add "read" with run, url or query' });
  }
  const way = wayOf(read, ['run', 'url', 'query']);
  if (way === 'run') return () => readByProgram(work, read);
  return way === 'url' ? () => readByRequest(work, read) : () => readBySql(work, read);
}

async function readByProgram(work: StepWork, read: Members): Promise<Sight> {
  const { members, world, signal } = work;
  const key = requiredText(members, 'key');
  try {
    const { stdout } = await runProgram(work, read, { values: { key }, keepAs: null });
    // What a program says comes without secrets, so that one is compared without it, too.
    const wanted = world.redactor.text(String(valueOf(members)));
    return sight(work, stdout.replace(/\r?\n$/, '') === wanted);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.code !== 'TARGET') throw error;
    return unclear(`${error.message} (${error.where ?? ''})`);
  }
}

async function readByRequest(work: StepWork, read: Members): Promise<Sight> {
  const { members } = work;
  const request = { ...getOf(work, requiredText(read, 'url')), headers: sentHeaders(read) };
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) return unclear(answer.unanswered);
  const { status, body } = answer;
  if (status < 200 || status > 299) return unclear(`the answer has status ${status}`);
  const path = textOf(read, 'json');
  if (path === null) return sight(work, body.toString('utf8').trim() === String(valueOf(members)));
  const json = jsonOf(answer);
  if (json === undefined) return unclear('the answer is not JSON');
  return sight(work, isValue(valueAt(json, path), valueOf(members)));
}

async function readBySql(work: StepWork, read: Members): Promise<Sight> {
  const { members, world, signal } = work;
  const client = await world.openSql(databaseOf(work), { readOnly: true, signal });
  try {
    const { rows } = await client.query(textOfQuery(work, client, read), [], 2);
    const [row, other] = rows;
    if (other !== undefined) return unclear('the query that reads it back has several rows');
    return sight(work, isValue(row?.[0], valueOf(members)));
  } finally {
    await client.close();
  }
}

/** Whether a value is the one that was set, in the form that a place keeps it in. */
function isValue(seen: unknown, value: Scalar): boolean {
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof seen)) return false;
  return String(seen) === String(value);
}
