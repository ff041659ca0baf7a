import type { CompareCase } from '../case.ts';
import { applies } from './apply.ts';
import { appliedMistakes } from './apply-mistakes.ts';
import { crud } from './crud.ts';
import { deletes } from './deletes.ts';
import { discovery } from './discovery.ts';
import { errors } from './errors.ts';
import { kinds } from './kinds.ts';
import { lists } from './lists.ts';
import { patches } from './patches.ts';

export const cases: readonly CompareCase[] = [...discovery, ...crud, ...kinds, ...lists, ...patches, ...applies, ...appliedMistakes, ...deletes, ...errors];
