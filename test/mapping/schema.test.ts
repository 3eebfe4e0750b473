import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { RUNBOOK_SCHEMA_FILE } from '../../src/cutover/schema/runbookSchema.ts';
import { schemaFiles } from '../../src/mapping/schema/schemaFiles.ts';
import { parseJson } from '../../src/record/jsonText.ts';
import { validFiles, writeProject } from './project.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Every schema of the properties inside a schema, with its path. */
function* propertySchemas(schema: unknown, path: string): Generator<[string, Schema]> {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties } = schema as { properties?: Schema };
  // Conditions repeat names only to say whether they belong there.
  const condition = /\/(?:allOf\/\d+|if)(?:\/|$)/.test(path);
  for (const [name, property] of Object.entries(condition ? {} : (properties ?? {}))) {
    yield [`${path}/${name}`, property as Schema];
  }
  for (const [key, inner] of Object.entries(schema)) {
    if (key.startsWith('member.')) yield [`${path}/${key}`, inner as Schema];
    if (key !== 'examples') yield* propertySchemas(inner, `${path}/${key}`);
  }
}

describe('the published schemas', () => {
  const files = [...schemaFiles(), RUNBOOK_SCHEMA_FILE].toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );

  it('are files of strict JSON that Ajv takes as JSON Schema 2020-12', () => {
    expect(files.map(({ name }) => name)).toEqual([
      'attachments.schema.json',
      'keys.schema.json',
      'module.schema.json',
      'project.schema.json',
      'runbook.schema.json',
      'secrets.schema.json',
      'smoke.schema.json',
    ]);
    for (const { name, text } of files) {
      expect(parseJson(text)).toBeInstanceOf(Map);
      const schema = JSON.parse(text) as Schema;
      expect(schema['$schema'], name).toBe('https://json-schema.org/draft/2020-12/schema');
      expect(new Ajv2020({ strict: true }).validateSchema(schema), name).toBe(true);
    }
  });

  it('explain every property to an editor', () => {
    let seen = 0;
    for (const { name, text } of files) {
      for (const [path, property] of propertySchemas(JSON.parse(text), name)) {
        // What all steps have is explained where it is defined, which is seen, too.
        if (typeof property['$ref'] === 'string') continue;
        seen += 1;
        expect(property['description'], path).toBeTypeOf('string');
      }
    }
    expect(seen).toBeGreaterThan(30);
  });

  it('take every example of docs/mapping.md, but for a slip of the keyboard', () => {
    const page = readFileSync('docs/mapping.md', 'utf8');
    const blocks = [...page.matchAll(/^```json[^\n]*\n(.*?)^```$/gms)].map(
      (match) => match[1] ?? '',
    );
    const modules = blocks.filter((block) => /^\{\s+("\$schema".*\s+)?"module":/.test(block));
    expect(modules.length).toBeGreaterThan(3);
    const file = files.find(({ name }) => name === 'module.schema.json');
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(file?.text ?? '') as Schema);
    for (const module of modules) {
      expect(validate(JSON.parse(module)), module).toBe(true);
      expect(validate(JSON.parse(module.replace('"column"', '"colunm"')))).toBe(false);
    }
  });

  it('take the valid mapping as it stands on disk, and refuse a changed one', () => {
    const project = writeProject(validFiles());
    for (const [name, content] of Object.entries(validFiles())) {
      if (!name.endsWith('.json')) continue;
      const kind = name === 'project.json' ? 'project' : 'module';
      const file = files.find((schema) => schema.name === `${kind}.schema.json`);
      const path = `${project}/mapping/schema.json`;
      writeFileSync(path, file?.text ?? '');
      const ajv = new Ajv2020({ strict: true });
      const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as Schema);
      expect(validate(content), name).toBe(true);
      expect(validate({ ...(content as object), surplus: 1 }), name).toBe(false);
    }
  });
});
