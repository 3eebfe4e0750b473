/** The seal of a candidate as signed notes. */

/** Name of the key in notes. */
export const NOTE_KEY = 'sealift';
