/** Writes a proposal as files: the same proposal gives the same bytes. */

import { schemaFiles, type SchemaFile } from '../mapping/schema/schemaFiles.ts';
import { decisionsMarkdown } from './decisionsText.ts';
import type { Proposal } from './propose.ts';

export interface MappingFile {
  /** Path relative to the mapping folder, with `/`. */
  readonly name: string;
  readonly text: string;
}

/**
 * Returns all files of the mapping folder, with schemas beside those of the mapping. project.json, which
 * makes it a mapping, comes last.
 */
export function mappingFiles(
  proposal: Proposal,
  schemas: readonly SchemaFile[] = [],
): MappingFile[] {
  return [
    ...[...schemaFiles(), ...schemas].map(({ name, text }) => ({ name: `schema/${name}`, text })),
    { name: 'DECISIONS.md', text: decisionsMarkdown(proposal) },
    ...proposal.modules.map((module) => ({
      name: `modules/${module.module}.json`,
      text: jsonText(module),
    })),
    { name: 'project.json', text: jsonText(proposal.project) },
  ];
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
