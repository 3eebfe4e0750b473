/** Collects what the readers of all workers tell of the statements that they have run. */

import { hash } from 'node:crypto';

import type { ModuleQueries, Reading, ReadSession } from '../outcome/reading.ts';
import { canonicalJson } from '../record/canonical.ts';
import type { ReadStatements } from '../source/readStatements.ts';

export interface ReadingNotes {
  /** Notes what a reader has run for a module; null of a target without a language. */
  note(module: string, table: string, told: ReadStatements | null): void;
  /** Sums up what was noted; equal readings have equal digests, whichever worker has read what. */
  finish(about: ReadBy): Reading;
}

interface ReadBy {
  readonly tool: { readonly name: string; readonly version: string };
  /** Schema of the tables; '' in a target without schemas. */
  readonly schema: string;
}

export function readingNotes(): ReadingNotes {
  const sessions = new Map<string, ReadSession>();
  const modules = new Map<string, { readonly table: string; readonly statements: Set<string> }>();
  return {
    note(module, table, told) {
      if (told === null) return;
      const { session, reads } = told;
      sessions.set(canonicalJson(session), session);
      const known = modules.get(module) ?? { table, statements: new Set<string>() };
      modules.set(module, known);
      for (const statement of reads) known.statements.add(statement);
    },
    finish({ tool: { name, version }, schema }) {
      const queries = [...modules].map(([module, { table, statements }]): ModuleQueries => {
        return { module, table, statements: [...statements].sort() };
      });
      const tool = `${name} ${version}`;
      const settings = { tool, schema, sessions: [...sessions.values()] };
      const digest = hash('sha256', canonicalJson({ queries, settings }), 'hex');
      return { digest, queries, settings };
    },
  };
}
