/**
 * A file of cases: groups of requests, each with what is expected of its answer. Every error of the file is one
 * failure with line and column, and is found before the first request is sent.
 */

import { compileShape } from '../../../mapping/check/schemaErrors.ts';
import { pointerTo } from '../../../mapping/place.ts';
import { Failure } from '../../../outcome/failure.ts';
import { printable } from '../../../outcome/printable.ts';
import { quoteName } from '../../../outcome/quoteName.ts';
import { decodeUtf8 } from '../../../record/jsonText.ts';
import { textsIn } from '../../lint/report.ts';
import {
  DURATION,
  NAME,
  SCALAR,
  TEXT,
  URL,
  VALUES,
  about,
  type Schema,
} from '../../schema/runbookParts.ts';
import { parseYaml, YamlError, type YamlText } from '../../yamlText.ts';
import type { Members } from '../stepType.ts';
import { EXPECTATIONS } from './expectedAnswer.ts';

/** Most bytes of a file of cases. */
export const MOST_BYTES: number = 1024 * 1024;

/** Cases that share cookies, as requests of one visitor do. */
export interface CaseGroup {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** A request as the file has it: texts may name values as `${name}`. */
export interface Case {
  readonly name: string;
  readonly members: Members;
}

function closed(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { description, type: 'object', additionalProperties: false, properties };
}

function byName(description: string, member: Schema): Schema {
  return { description, type: 'object', minProperties: 1, additionalProperties: member };
}

const PART_FILE: Schema = {
  ...closed('A file.', {
    file: about(TEXT, 'Path, from the folder of the runbook.'),
    name: about(TEXT, 'Name that is sent; that of the file if left out.'),
    type: about(TEXT, 'Its type, such as application/pdf.'),
  }),
  required: ['file'],
};
const KEEP: Schema = {
  ...closed('Where a value is.', {
    json: about(TEXT, 'JSON path in the body.'),
    cookie: about(TEXT, 'Name of a cookie.'),
    header: about(TEXT, 'Name of a header.'),
  }),
  title: 'exactly one of "json", "cookie" and "header"',
  minProperties: 1,
  maxProperties: 1,
};
/** Forms of a body, of which a request has one at most. */
const BODIES: Readonly<Record<string, Schema>> = {
  data: about(
    { title: 'an object or a list', anyOf: [{ type: 'object' }, { type: 'array' }] },
    'Body, sent as JSON.',
  ),
  form: about(VALUES, 'Body, sent as fields of a form.'),
  multipart: byName('Body, sent as multipart/form-data.', {
    if: { type: 'object' },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: PART_FILE,
    else: SCALAR,
  }),
  body: about(TEXT, 'File with the body.'),
};
const CASE: Schema = {
  ...closed('A request.', {
    name: about(TEXT, 'What it shows.'),
    method: about(
      { enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] },
      'GET if left out.',
    ),
    url: URL,
    send: about(VALUES, 'Headers that are sent.'),
    ...BODIES,
    within: about(DURATION, 'How long the whole answer may take; 10s if left out.'),
    expect: closed('What is expected of the answer.', EXPECTATIONS),
    keeps: { ...byName('Values of the answer that later cases name.', KEEP), propertyNames: NAME },
    repeats: {
      ...closed('The case is repeated until it passes.', {
        every: about(DURATION, 'How often.'),
        within: about(DURATION, 'When it is given up.'),
      }),
      required: ['every', 'within'],
    },
  }),
  required: ['name', 'url', 'expect'],
};
const GROUP: Schema = {
  ...closed('Cases that share cookies.', {
    name: about(TEXT, 'Who sends the requests.'),
    cases: { description: 'Cases, in their order.', type: 'array', items: CASE },
  }),
  required: ['name', 'cases'],
};

/** JSON Schema (2020-12) of a file of cases. */
export const CASES_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/cases.schema.json',
  title: 'Sealift cases',
  ...closed('Requests, and what is expected of their answers.', {
    groups: { description: 'Groups, in their order.', type: 'array', items: GROUP },
  }),
  required: ['groups'],
};

interface WrittenGroup {
  readonly name: string;
  readonly cases: readonly Members[];
}

/**
 * Reads a file of cases, which may name the given values and those that an earlier case keeps.
 * @throws Failure MAPPING with line and column
 */
export function readCases(
  bytes: Uint8Array,
  file: string,
  given: Iterable<string>,
): readonly CaseGroup[] {
  const yaml = yamlOf(bytes, file);
  // A file in which nothing stands has no cases: that is a finding.
  if (yaml.value === null) return [];
  const fail: Fail = (what, hint, pointer, part) => {
    const { line, column } = yaml.positionOf(pointer, part);
    return new Failure('MAPPING', { what, hint, where: `${printable(file)}:${line}:${column}` });
  };
  const error = compileShape(CASES_SCHEMA)(yaml.value);
  if (error !== null) throw fail(error.what, error.hint, error.pointer, error.part);
  const { groups } = yaml.value as { readonly groups: readonly WrittenGroup[] };
  assertKnown(groups, new Set(given), fail);
  return groups.map(({ name, cases }) => ({
    name,
    cases: cases.map((members) => ({ name: String(members['name']), members })),
  }));
}

type Fail = (what: string, hint: string, pointer: string, part?: 'key' | 'value') => Failure;

/** A value that a text names. */
export const REFERENCE: RegExp = /\$\{([^}]*)\}/g;

/** @throws Failure MAPPING for a value that no earlier case keeps, and for two bodies of one request */
function assertKnown(groups: readonly WrittenGroup[], known: Set<string>, fail: Fail): void {
  for (const [number, { cases }] of groups.entries()) {
    for (const [at, members] of cases.entries()) {
      const pointer = pointerTo('groups', number, 'cases', at);
      for (const { text, pointer: place } of textsIn(members, pointer)) {
        for (const [, name = ''] of text.matchAll(REFERENCE)) {
          if (known.has(name)) continue;
          const what = `no earlier case keeps a value ${quoteName(name)}`;
          throw fail(what, 'keep it, or give it to the step with "with"', place);
        }
      }
      const [, second] = Object.keys(BODIES).filter((name) => members[name] !== undefined);
      if (second !== undefined) {
        throw fail('a request has two bodies', 'remove one', `${pointer}/${second}`, 'key');
      }
      for (const name of Object.keys(members['keeps'] ?? {})) known.add(name);
    }
  }
}

function yamlOf(bytes: Uint8Array, file: string): YamlText {
  const text = decodeUtf8(bytes);
  if (text === null) {
    const what = 'the file of cases is not UTF-8';
    throw new Failure('MAPPING', { what, where: printable(file), hint: 'save it as UTF-8' });
  }
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new Failure('MAPPING', {
      what: `the file of cases cannot be read as YAML, ${error.message}`,
      where: `${printable(file)}:${error.line}:${error.column}`,
      hint: 'correct it there',
    });
  }
}
