/** Reads sources for the proof of a policy on personal data, in a worker that has them open. */

import type { MapperContext } from '../../mapping/compile/identity.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import { InexactNumber, JsonNode, type SourceValue } from '../../record/value.ts';
import type { ReadRecord } from '../../seal/candidateReader.ts';
import type { SourceReader } from '../../source/source.ts';
import type { ExpectedInput, TextsInput } from '../calls.ts';
import { isIn } from '../keyTable.ts';
import { expectedKey, treatedNames } from '../pii/expectedPasses.ts';

/** Reads the texts of columns: one list for each. */
export async function readTexts(
  { table, columns, range }: TextsInput,
  reader: SourceReader,
): Promise<(string | null)[][]> {
  const texts = columns.map((): (string | null)[] => []);
  for await (const page of reader.read(table, columns, range)) {
    for (const row of page) {
      for (const [at, list] of texts.entries()) list.push(textOf(row[at] ?? null));
    }
  }
  return texts;
}

/** Returns the text of a cell that a person could read; null for bytes and structures. */
function textOf(cell: SourceValue): string | null {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'bigint') return String(cell);
  if (cell instanceof JsonNode && cell.value instanceof InexactNumber) return cell.value.lexeme;
  return null;
}

/** Maps the rows of a range by the part of the module that is treated; returns the keys of its values. */
export async function readExpected(
  { range, partition }: ExpectedInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<Uint32Array> {
  const words: number[] = [];
  const mapper = rowMapper(module, context);
  const fields = treatedNames(module);
  for await (const page of reader.read(module.table, module.columns, range, module.asWritten)) {
    for (const row of page) {
      mapper.map(row);
      if (!mapper.hasKey) continue;
      const record = JSON.parse(mapper.out.record) as ReadRecord;
      for (const field of fields) {
        const key = expectedKey(module, record, field);
        if (isIn(partition, key)) words.push(...key);
      }
    }
  }
  return Uint32Array.from(words);
}
