import type { CompareCase } from '../case.ts';
import { crud } from './crud.ts';
import { discovery } from './discovery.ts';
import { errors } from './errors.ts';
import { lists } from './lists.ts';
import { patches } from './patches.ts';

export const cases: readonly CompareCase[] = [...discovery, ...crud, ...lists, ...patches, ...errors];
