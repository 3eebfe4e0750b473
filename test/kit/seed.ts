/**
 * Properties are tried with the day's cases: the same all day, so that what failed can be repeated,
 * and others tomorrow. SEALIFT_LONG_SEED repeats those of another day.
 */

import { configureGlobal, readConfigureGlobal } from 'fast-check';

import { seedOf } from './long.ts';

configureGlobal({ ...readConfigureGlobal(), seed: seedOf(process.env, Date.now()) });
