/** `npm run pipelines`: writes `.github/workflows/package-*.yml`. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipelines } from './pipelines.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, '.github', 'workflows');
for (const name of readdirSync(folder)) if (name.startsWith('package-')) rmSync(join(folder, name));
for (const [name, content] of pipelines(root)) writeFileSync(join(folder, name), content);
