import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/mapping/compile/module.ts';
import type {
  ColumnField,
  Mapping,
  ModuleMapping,
  ProjectMapping,
} from '../../src/mapping/model.ts';
import { recordSchema } from '../../src/seal/recordSchema.ts';
import { rowMapper, type RowMapper } from '../../src/mapping/compile/rowMapper.ts';
import { InvalidText, JsonNode, type SourceValue } from '../../src/record/value.ts';
import { NAMESPACE } from './project.ts';

type Fields = Readonly<Record<string, Omit<ColumnField, 'column'>>>;

interface Options {
  readonly module?: Partial<ModuleMapping>;
  readonly severities?: ProjectMapping['severities'];
}

/** Fields named as their columns, and a kept key `id`. */
function mappingOf(fields: Fields, { module, severities = [] }: Options = {}): Mapping {
  const columns = Object.entries({ id: { type: 'string' }, ...fields }).map(
    ([column, field]) => [column, { column, ...field }] as const,
  );
  return {
    project: {
      format: 1,
      name: 'x',
      namespace: NAMESPACE,
      sources: { main: { url: 'memory:' } },
      severities,
    },
    registries: new Map(),
    modules: [
      {
        module: 'm',
        source: { table: 'm' },
        key: [{ column: 'id', type: 'string' }],
        id: { rule: 'keep' },
        fields: Object.fromEntries(columns),
        ...module,
      },
    ],
  };
}

interface Mapped {
  readonly accepted: boolean;
  readonly hasKey: boolean;
  readonly record: unknown;
  /** `field rule SEVERITY start-end` */
  readonly diagnostics: string[];
}

function mapperOf(
  fields: Fields,
  options?: Options,
): (cells: Record<string, SourceValue>) => Mapped {
  const mapping = mappingOf(fields, options);
  const module = compileModule(mapping, 'm');
  const mapper: RowMapper = rowMapper(module, {
    mapping,
    secrets: new Map(),
    registries: new Map(),
  });
  return (cells) => {
    const accepted = mapper.map(module.columns.map((column) => cells[column] ?? null));
    const diagnostics = mapper.diagnostics.map(({ field, rule, severity, start, end }) => {
      return `${field} ${rule} ${severity}${start === undefined ? '' : ` ${start}-${end}`}`;
    });
    return { accepted, hasKey: mapper.hasKey, record: JSON.parse(mapper.out.record), diagnostics };
  };
}

const map = (field: Omit<ColumnField, 'column'>, cell: SourceValue, options?: Options): Mapped =>
  mapperOf({ f: field }, options)({ id: 'k', f: cell });

describe('a row', () => {
  it('without fault is accepted, and says nothing', () => {
    expect(map({ type: 'string' }, 'Zürich – „a“')).toEqual({
      accepted: true,
      hasKey: true,
      record: { f: 'Zürich – „a“', id: 'k' },
      diagnostics: [],
    });
  });

  it('keeps its other cells when one fails, which is null', () => {
    const mapped = mapperOf({ a: { type: 'date' }, b: { type: 'string' } })({
      id: 'k',
      a: '2023-02-29',
      b: 'x',
    });
    expect(mapped).toEqual({
      accepted: false,
      hasKey: true,
      record: { a: null, b: 'x', id: 'k' },
      diagnostics: ['a type BLOCKER'],
    });
  });

  it('leaves nothing behind for the next one', () => {
    const mapper = mapperOf({ f: { type: 'date' } });
    expect(mapper({ id: 'k', f: 'x\0' }).diagnostics).toEqual([
      'f text-nul BLOCKER 1-2',
      'f type BLOCKER',
    ]);
    expect(mapper({ id: 'k', f: '2024-02-29' })).toMatchObject({ accepted: true, diagnostics: [] });
    expect(mapper({ id: null, f: '2024-02-29' })).toMatchObject({ accepted: false, hasKey: false });
    expect(mapper({ id: 'k', f: null })).toMatchObject({ accepted: true, hasKey: true });
  });

  it('has no key where a kept part is null or fails, a BLOCKER whatever the severity', () => {
    const severities = [
      { rule: 'key-null', severity: 'INFO' } as const,
      { rule: 'encoding', severity: 'INFO' } as const,
    ];
    const mapper = mapperOf({}, { severities });
    expect(mapper({ id: null })).toMatchObject({
      accepted: false,
      hasKey: false,
      diagnostics: ['id key-null BLOCKER'],
    });
    expect(mapper({ id: new InvalidText(Uint8Array.of(0xff)) })).toMatchObject({
      hasKey: false,
      diagnostics: ['id encoding BLOCKER'],
    });
    expect(mapper({ id: '' })).toMatchObject({ accepted: true, hasKey: true, record: { id: '' } });
  });

  it('keeps a key that fails a check of its value, and is refused', () => {
    const id = { type: 'string', nonBlank: true, pattern: 'k[0-9]+' };
    const mapper = mapperOf({ id });
    expect(mapper({ id: '' })).toEqual({
      accepted: false,
      hasKey: true,
      record: { id: '' },
      diagnostics: ['id blank BLOCKER'],
    });
    expect(mapper({ id: 'x1' })).toMatchObject({
      accepted: false,
      hasKey: true,
      record: { id: 'x1' },
    });
    expect(mapper({ id: 'k1' })).toMatchObject({ accepted: true, hasKey: true });
  });

  it('has the key that an id is made from, or none', () => {
    const module = { id: { rule: 'uuid', field: 'nr' } as const };
    const mapper = mapperOf({ f: { type: 'integer' } }, { module });
    expect(mapper({ id: 'k', f: 'x' })).toMatchObject({ accepted: false, hasKey: true });
    expect(mapper({ id: null, f: 5 })).toMatchObject({
      hasKey: false,
      diagnostics: ['nr key-null BLOCKER'],
    });
    const keyless = { key: [], id: { rule: 'keyless' } as const };
    expect(map({ type: 'integer' }, 'x', { module: keyless })).toMatchObject({ hasKey: true });
  });
});

describe('text as it came', () => {
  it.each<[string, string]>([
    ['a\0', 'f text-nul BLOCKER 1-2'],
    ['a\u0007', 'f text-control WARNING 1-2'],
    ['a\u200b', 'f text-invisible WARNING 1-2'],
    ['\ufffd', 'f text-replacement WARNING 0-1'],
    ['GÃ¤ssli', 'f text-mojibake WARNING 1-3'],
    ['a\u0308', 'f text-not-nfc WARNING 0-2'],
  ])('is kept and noted, and refuses no row: %j', (text, diagnostic) => {
    for (const field of [
      { type: 'string' },
      { type: 'string', maxLength: 9, longText: 9, nonBlank: true },
      { type: 'string', pattern: '(?s).*' },
      { type: 'tagged' },
      { type: 'enum', values: [text] },
    ]) {
      const mapped = map(field, text);
      expect(mapped.diagnostics).toEqual([diagnostic]);
      expect(mapped.accepted).toBe(true);
    }
  });

  it('is looked at before transforms, and where the type refuses it', () => {
    expect(map({ type: 'string', transforms: ['trim'] }, 'a\ufeff')).toEqual({
      accepted: true,
      hasKey: true,
      record: { f: 'a', id: 'k' },
      diagnostics: ['f text-invisible WARNING 1-2'],
    });
    expect(map({ type: 'date' }, '2024-02-29\u200b').diagnostics).toEqual([
      'f text-invisible WARNING 10-11',
      'f type BLOCKER',
    ]);
    expect(map({ type: 'json' }, '["GÃ¤ssli"]').diagnostics).toEqual([
      'f text-mojibake WARNING 3-5',
    ]);
  });

  it('is noted once for each field, rule and row', () => {
    const mapper = mapperOf({ a: { type: 'string' }, b: { type: 'string', maxLength: 2 } });
    expect(mapper({ id: 'k', a: '\u0007\u0007', b: '\u0007abc' }).diagnostics).toEqual([
      'b text-control WARNING 0-1',
      'b max-length BLOCKER',
      'a text-control WARNING 0-1',
    ]);
  });

  it('is looked at in a key, too: once, in the field that has it, or else in the id', () => {
    const id = { rule: 'uuid', field: 'nr' } as const;
    const key = [
      { column: 'a', type: 'string' },
      { column: 'b', type: 'string', transforms: ['trim'] as const },
      { column: 'n', type: 'integer' },
    ];
    const fields = { a: { column: 'a', type: 'string' } };
    const cells = { a: 'x\u0007', b: 'GÃ¤ssli\0', n: 1 };
    const half = mapperOf({}, { module: { id, key, fields } });
    expect(half(cells)).toMatchObject({
      accepted: true,
      hasKey: true,
      diagnostics: [
        'a text-control WARNING 1-2',
        'nr text-nul BLOCKER 7-8',
        'nr text-mojibake WARNING 1-3',
      ],
    });
    expect(half({ a: 'x', b: 'y', n: 1 }).diagnostics).toEqual([]);
    const combined = {
      c: { columns: ['a', 'b'], combine: { join: ' ' }, type: 'string' },
    } as const;
    const both = mapperOf({}, { module: { id, key, fields: combined } })(cells).diagnostics;
    expect(both.map((diagnostic) => diagnostic.split(' ')[0])).toEqual(['c', 'c', 'c']);
    expect(mapperOf({}, { module: { id, key, fields: {} } })(cells).diagnostics).toContain(
      'nr text-control WARNING 1-2',
    );
  });

  it('that is not valid Unicode is refused', () => {
    const mapped = map(
      { type: 'string', transforms: ['trim'] },
      new InvalidText(Uint8Array.of(0xff)),
    );
    expect(mapped).toMatchObject({ accepted: false, diagnostics: ['f encoding BLOCKER'] });
  });
});

describe('checks of a value', () => {
  it('refuse blank text, whichever way it goes', () => {
    for (const text of ['', ' ', '\u00a0\t']) {
      expect(map({ type: 'string', nonBlank: true }, text)).toMatchObject({
        accepted: false,
        record: { f: null },
        diagnostics: ['f blank BLOCKER'],
      });
    }
    for (const text of ['a', ' a', 'ä', '~']) {
      expect(map({ type: 'string', nonBlank: true }, text)).toMatchObject({ record: { f: text } });
    }
    expect(map({ type: 'string', nonBlank: true }, null).accepted).toBe(true);
    expect(map({ type: 'string', nonBlank: true, transforms: ['trim'] }, ' ').accepted).toBe(false);
  });

  it('refuse what a pattern does not match as a whole, in linear time', () => {
    const field = { type: 'string', pattern: '(a+)+' };
    expect(map(field, 'aaa').accepted).toBe(true);
    expect(map(field, 'aab')).toMatchObject({
      accepted: false,
      diagnostics: ['f pattern BLOCKER'],
    });
    expect(map(field, `${'a'.repeat(100_000)}b`).accepted).toBe(false);
    expect(map({ type: 'string', pattern: '.' }, '🐕').accepted).toBe(true);
  });

  it('report a format and long text, and keep the value', () => {
    expect(map({ type: 'string', format: 'email' }, 'a@@b.ch')).toMatchObject({
      accepted: true,
      record: { f: 'a@@b.ch' },
      diagnostics: ['f format WARNING'],
    });
    expect(map({ type: 'string', format: 'email' }, 'a@b.ch').diagnostics).toEqual([]);
    expect(map({ type: 'string', longText: 3 }, 'abc').diagnostics).toEqual(['f long-text INFO']);
    expect(map({ type: 'string', longText: 3 }, 'ab').diagnostics).toEqual([]);
    // Code points, not UTF-16 units.
    expect(map({ type: 'string', longText: 3 }, '🐕🐕').diagnostics).toEqual([]);
  });

  it('note keys of JSON that are dangerous, not texts that look like them', () => {
    const bad = ['[{"__proto__":{"a":1}}]', '{"a":{"\\u0063onstructor":1}}', '{"prototype":[]}'];
    for (const text of bad) {
      const mapped = map({ type: 'json' }, text);
      expect(mapped).toMatchObject({ accepted: true, diagnostics: ['f json-key WARNING'] });
    }
    expect(map({ type: 'array(json)' }, bad[0] ?? '').diagnostics).toEqual(['f json-key WARNING']);
    const node = new JsonNode(new Map([['__proto__', 1]]));
    expect(map({ type: 'tagged' }, node).diagnostics).toEqual(['f json-key WARNING']);
    for (const text of [
      '["__proto__"]',
      '{"a":"\\"__proto__\\":"}',
      '{"__proto":1}',
      '{"proto":1}',
    ]) {
      expect(map({ type: 'json' }, text).diagnostics).toEqual([]);
    }
  });

  it('note a JSON null where an empty cell is possible, too', () => {
    const record = { f: null, id: 'k' };
    for (const cell of ['null', ' null\n']) {
      const noted = { accepted: true, record, diagnostics: ['f json-null WARNING'] };
      expect(map({ type: 'json' }, cell)).toMatchObject(noted);
      const plain = { accepted: true, record, diagnostics: [] };
      expect(map({ type: 'json', required: true }, cell)).toMatchObject(plain);
    }
    expect(map({ type: 'json' }, null)).toMatchObject({ record, diagnostics: [] });
    for (const cell of ['"null"', '[null]', '{"a":null}', '0']) {
      expect(map({ type: 'json' }, cell).diagnostics).toEqual([]);
    }
    expect(map({ type: 'array(json)' }, '[null]').diagnostics).toEqual([]);
    const tagged = map({ type: 'tagged' }, 'null');
    expect(tagged).toMatchObject({ record: { f: { text: 'null' } }, diagnostics: [] });
  });

  it('follow transforms, whose notes are diagnostics', () => {
    const field = {
      type: 'date',
      transforms: [
        { sentinels: ['0000-00-00'] },
        { date: { pattern: 'yyyy-MM-dd', fallbacks: ['dd/MM/yyyy', 'MM/dd/yyyy'] } },
      ],
    };
    expect(map(field, '0000-00-00')).toMatchObject({
      accepted: true,
      record: { f: null },
      diagnostics: ['f sentinel WARNING'],
    });
    expect(map(field, '13/08/2021')).toMatchObject({
      record: { f: '2021-08-13' },
      diagnostics: ['f fallback WARNING'],
    });
    expect(map(field, '01/08/2021')).toMatchObject({
      accepted: false,
      diagnostics: ['f date-ambiguous BLOCKER'],
    });
    expect(map({ ...field, required: true }, '0000-00-00')).toMatchObject({
      accepted: false,
      diagnostics: ['f sentinel WARNING', 'f required BLOCKER'],
    });
    expect(map({ ...field, required: true }, null).diagnostics).toEqual(['f required BLOCKER']);
  });
});

describe('severities of the project', () => {
  const severities = [{ rule: 'type', module: 'm', severity: 'WARNING' }] as const;

  it('let a row pass with null where a refusal is no BLOCKER, and the schema says so', () => {
    const field = { type: 'date', required: true };
    expect(map(field, 'x')).toMatchObject({ accepted: false });
    expect(map(field, 'x', { severities })).toEqual({
      accepted: true,
      hasKey: true,
      record: { f: null, id: 'k' },
      diagnostics: ['f type WARNING'],
    });
    const type = (options?: Options): unknown => {
      const { properties } = recordSchema(compileModule(mappingOf({ f: field }, options), 'm'));
      return (properties as Record<string, { type: unknown }>)['f']?.type;
    };
    expect(type()).toBe('string');
    expect(type({ severities })).toEqual(['string', 'null']);
  });

  it('never keep a row out for content that is kept', () => {
    const strict = [{ rule: 'format', severity: 'BLOCKER' }] as const;
    expect(map({ type: 'string', format: 'email' }, 'x', { severities: strict })).toMatchObject({
      accepted: true,
      diagnostics: ['f format BLOCKER'],
    });
  });
});

it('the schema of the records says what the mapping declares, patterns as RE2', () => {
  const declared = {
    transforms: ['trim'],
    nonBlank: true,
    format: 'email',
    pattern: '(a+)+',
    longText: 5,
  } as const;
  const { properties } = recordSchema(
    compileModule(mappingOf({ f: { type: 'string', ...declared } }), 'm'),
  );
  expect((properties as Record<string, unknown>)['f']).toEqual({
    type: ['string', 'null'],
    'x-sealift': { column: 'f', type: 'string', ...declared },
  });
});
