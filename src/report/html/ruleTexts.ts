/**
 * What the HTML report says of a rule: the title of its page in docs/rules, and the first thing to
 * do. Taken over from there by test/report/html/ruleTexts.test.ts, not written by hand.
 */

export interface RuleText {
  readonly title: string;
  readonly todo: string;
}

export const RULE_TEXTS: Readonly<Partial<Record<string, RuleText>>> = {
  accounting: {
    title: 'The accounting does not add up',
    todo: 'Of a table, view or virtual table, write a module for it, or list it under dropped with the reason.',
  },
  blank: {
    title: 'A text that has to say something is empty',
    todo: 'Fill in the value in the source.',
  },
  checksum: {
    title: 'A file is not the one that was sealed',
    todo: 'Do not use the candidate, and do not repair it: a candidate never changes after its seal.',
  },
  copy: {
    title: 'A copy differs from its original',
    todo: 'Find out which one is right, and correct the other in the source.',
  },
  cycle: {
    title: 'A record leads back to itself',
    todo: 'Decide which of the references on the cycle is wrong, and empty it in the source.',
  },
  'date-ambiguous': {
    title: 'A date may be read in two ways',
    todo: 'Find out in the source what was meant, and write it there as 2021-08-01.',
  },
  determinism: {
    title: 'Two runs over the same input made different bytes',
    todo: 'See whether the source was written to between the two builds: sealift scan-drift tells.',
  },
  drift: {
    title: 'The candidate is not what there is now',
    todo: 'Run migrate again, and all checks over the new candidate. Before a cutover: first make sure that nobody writes to the source any more.',
  },
  drill: {
    title: 'A rehearsed failure did not end as it has to',
    todo: 'A BLOCKER is a defect of Sealift or of the disk below it: do not migrate on that machine until it is understood. The report lists every step with what was expected and what was observed.',
  },
  empty: {
    title: 'There was nothing to verify',
    todo: 'Check that this is the candidate that you meant.',
  },
  encoding: {
    title: 'A text is not valid Unicode',
    todo: 'Often one program wrote Latin-1 into a database of UTF-8. Find out, and correct the cells in the source.',
  },
  enum: {
    title: 'A value is not among those of the list',
    todo: 'Add the value to values, if it is a good one.',
  },
  exactness: {
    title: 'A value cannot be held without changing it',
    todo: 'Use the type that holds it: bigint for large integers, decimal for numbers with many digits, tagged for −0 and infinities.',
  },
  fallback: {
    title: 'A date was read by a fallback pattern',
    todo: 'Look at a few of them and confirm that they were read as they were meant.',
  },
  'file-extra': {
    title: 'A file that does not belong there',
    todo: 'Look at what it is, and who put it there. Editors and file managers leave such files.',
  },
  'file-missing': {
    title: 'A file is missing',
    todo: 'Copy the candidate again, whole, from where it came, or build it again.',
  },
  'filtered-kind': {
    title: 'Rows are in no module because of what kind a cell is',
    todo: 'Correct the cells in the source, or take the rows with a module of their own: a condition may list texts and numbers, and {"column": "age", "isNull": true} holds for null.',
  },
  'filtered-parent': {
    title: 'A reference leads to a row that was filtered',
    todo: 'Nothing, if null is what the new system should see.',
  },
  'filtered-row': {
    title: 'Rows of a table are in no module',
    todo: 'Look at the rows that the conditions leave out. If they are wanted, widen a condition, or add a module.',
  },
  format: {
    title: 'A text does not have the form that it should',
    todo: 'Correct the value in the source, or empty it.',
  },
  freeze: {
    title: 'The mapping is not the one that was frozen',
    todo: 'Look at what has changed, such as with git diff, and restore the file.',
  },
  integrity: {
    title: 'A source was not checked for damage',
    todo: 'Leave the option away; the check runs beside the reading, and takes its time only where it takes longer.',
  },
  invariant: {
    title: 'A condition of the mapping does not hold',
    todo: 'Look at the record and at those that the invariant compares it with, and correct the source.',
  },
  'json-key': {
    title: 'JSON holds a key that is dangerous to JavaScript',
    todo: 'Find out who wrote it: it may be the trace of an attack.',
  },
  'key-duplicate': {
    title: 'Several rows have the same key',
    todo: 'Look at the rows. If one is a left-over, delete it in the source.',
  },
  'key-null': {
    title: 'A part of the key is null',
    todo: 'Fill in the column in the source.',
  },
  'key-similar': {
    title: 'Keys differ in nothing but blanks and case',
    todo: 'Look at the rows. If they are the same thing, merge them in the source, together with what refers to them.',
  },
  'long-text': {
    title: 'A text is unusually long',
    todo: 'Look at it once. If it is right, there is nothing to do.',
  },
  lookup: {
    title: 'The look-up table has no entry for a value',
    todo: 'Add the value to the table.',
  },
  'max-length': {
    title: 'A value is longer than the field allows',
    todo: 'Make room in the new system and raise maxLength, or shorten the value in the source.',
  },
  merkle: {
    title: 'Records and roots disagree',
    todo: 'The same as for checksum. If it comes without a checksum finding, checksums were made again after a change: ask who did, and why.',
  },
  pattern: {
    title: 'A text does not match the pattern of its field',
    todo: 'Correct the value in the source.',
  },
  'pii-undeclared': {
    title: 'Personal data in a field that is not declared for it',
    todo: 'Move the value to where it belongs, or remove it, in the source.',
  },
  'record-changed': {
    title: 'A record has other values in B',
    todo: '--show-values shows both values on a terminal. sed -n 1p on the two files does, too.',
  },
  'record-deleted': {
    title: 'A record is only in A',
    todo: 'Look for its row in the source of B. If it was deleted there on purpose: nothing.',
  },
  'record-inserted': {
    title: 'A record is only in B',
    todo: 'If the source has the row, and should: nothing. B is the newer one.',
  },
  'record-schema': {
    title: 'A record is not as its schema has it',
    todo: 'Find out who sealed the candidate, and with what; build it again with sealift migrate.',
  },
  'reference-missing': {
    title: 'A reference led to no row, and is null now',
    todo: 'Look at a few of the rows in the source: an id that is only spelled differently should be corrected, or be made equal by transforms in the key.',
  },
  'reference-partial': {
    title: 'A reference is null in part',
    todo: 'Fill in or empty the columns in the source.',
  },
  'reference-path': {
    title: 'A path to ids leads nowhere',
    todo: 'Compare the path with a record: /dogs/ means each element of the member dogs of an object, //dogs the member of each element.',
  },
  reference: {
    title: 'A reference leads to no record',
    todo: 'Find the record that is missing: it may have been deleted, filtered, or rejected in this run. A row that lost its key has a finding of its own; which references led to it can only be told once it has one again, so correct it first. Where the finding says that a key differs in nothing but case and blanks, make both alike with transforms (lower, upper, trim) of the key or the field.',
  },
  'registry-duplicate': {
    title: 'A registry gives an id twice',
    todo: 'Find out which of the two is in use already, and give the other another id, or remove it.',
  },
  'registry-similar': {
    title: 'An entry is spelled differently from its row',
    todo: 'Spell the legacy id in the registry as the source does, or mend the source.',
  },
  'registry-unused': {
    title: 'An entry has no row',
    todo: 'Nothing, if rows were deleted or filtered since the registry was made.',
  },
  registry: {
    title: 'The registry has no target id',
    todo: 'Look whether registry-similar was found, too: then the entry is there, spelled otherwise.',
  },
  rejected: {
    title: 'Rows of the source were rejected',
    todo: 'storage_reports/latest-migrate/ names each row, its field and the rule. Correct the rows in the source, or say in the mapping what the value becomes: a transform, such as a sentinel for a text that means "none".',
  },
  required: {
    title: 'A required value is null',
    todo: 'Fill in the value in the source.',
  },
  'row-multiplied': {
    title: 'A query yields several rows for one row of its base',
    todo: 'If each row should become one record, look for the table of the query that holds a key twice, and join with one row of it.',
  },
  scale: {
    title: 'A number or time has more fraction digits than the type',
    todo: 'Give the type as many digits as the data has, such as decimal(4).',
  },
  'schema-changed': {
    title: 'A module or a field is declared in another way',
    todo: 'Compare schema.json of the module in both candidates, and the mapping/ in them.',
  },
  'seal-format': {
    title: 'A file of the seal is not as format 1 has it',
    todo: 'If a newer version of Sealift made the candidate, verify it with that one.',
  },
  'seal-unexpected': {
    title: 'It is another seal than the expected one',
    todo: 'Check that you have the right folder and the right id: each run that published has its own folder in storage_candidate/sealed/, named by its seal id.',
  },
  'self-reference': {
    title: 'A record refers to itself',
    todo: "Find out whether the new system takes such records for roots. If it does, weigh the rule as INFO in the project's severities.",
  },
  sentinel: {
    title: 'A value stands for "none"',
    todo: 'Confirm that null is what the new system should see.',
  },
  'text-control': {
    title: 'A text holds a control character',
    todo: 'Remove it in the source, or find out what wrote it.',
  },
  'text-invisible': {
    title: 'A text holds a character that cannot be seen',
    todo: 'Remove it in the source; copies from web pages and word processors bring them along.',
  },
  'text-mojibake': {
    title: 'A text was decoded wrongly',
    todo: 'Correct it in the source: encode the text in the encoding that is named and decode the bytes as UTF-8. What had been read wrongly twice needs that twice.',
  },
  'text-not-nfc': {
    title: 'A text is not in normal form C',
    todo: 'Give the field the transform nfc, if texts are compared or searched for in the new system.',
  },
  'text-nul': {
    title: 'A text holds U+0000',
    todo: 'Remove the character in the source; the finding says where it is.',
  },
  'text-replacement': {
    title: 'Characters of a text were lost before',
    todo: 'Look for the original in a backup, or in the system that the data came from.',
  },
  'time-gap': {
    title: 'A local time that the clock skipped',
    todo: 'Find out whether the source meant another zone, perhaps UTC, and name that one.',
  },
  'time-overlap': {
    title: 'A local time that the clock showed twice',
    todo: 'Write the time with its offset in the source, such as 2024-10-27T02:30:00+02:00.',
  },
  type: {
    title: "A value is not of the field's type",
    todo: 'Look at the row in the source: the finding names table and row (the rowid in SQLite, otherwise the ordinal from 1).',
  },
  unique: {
    title: 'Values that there should be once are there several times',
    todo: 'Correct the value of one of the records in the source.',
  },
};
