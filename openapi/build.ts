/** Builds generated/ from the pinned packages and openapi/facts: see README.md beside this file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateTypes } from './types.ts';

const root = process.env.PAPERKUBE_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'node_modules/k8s-api-1.33/dist/gen');

mkdirSync(join(root, 'generated/types'), { recursive: true });
writeFileSync(join(root, 'generated/types/index.ts'), generateTypes(join(source, 'models')));
