/**
 * Decisions: choices of init that a person may want to change. They are data about names and counts
 * only, never about a record's value.
 */

type DecisionRule =
  | 'keyless' // no key: ids are made from the content
  | 'key' // another key than the declared one
  | 'legacy-key' // a number, kept as a field beside the new id
  | 'natural-key' // the legacy key is data, perhaps personal
  | 'personal' // declared as personal data
  | 'mixed-values' // a column of type tagged
  | 'no-exact-type' // not even tagged holds every value
  | 'other-type' // the values are not what the column declares
  | 'too-long' // values longer or finer than declared
  | 'digits' // numbers are written with digits that the record does not keep
  | 'null-in-not-null'
  | 'foreign-key' // not expressed in the mapping
  | 'ids' // values that are all among the keys of another table
  | 'unique' // not expressed in the mapping
  | 'looks-like' // texts that could have a better type
  | 'generated'
  | 'no-values' // an empty column: its type is a guess
  | 'empty-table'
  | 'view'
  | 'search-index' // not migrated: its text is elsewhere
  | 'unreadable' // a table or column that the source cannot read
  | 'counter' // AUTOINCREMENT
  | 'json-form' // texts of JSON, written canonically
  | 'read-as' // the form of a file, as determined from its content
  | 'module-name'
  | 'field-name';

export interface Decision {
  readonly rule: DecisionRule;
  /** WARNING: to be reviewed before the mapping is used. INFO: good to know. */
  readonly severity: 'WARNING' | 'INFO';
  readonly table: string;
  readonly column?: string;
  /** The finding and the choice: a clause, in which names are quoted and escaped. */
  readonly what: string;
  /** The recommended action. */
  readonly advice: string;
}
