import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { StateFile } from './state.ts';

test('a server is known when it was recorded, whatever it is called', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-state-'));
  try {
    const state = new StateFile(folder);
    expect((await state.read()).servers['valueof']).toBeUndefined();
    expect((await state.read()).servers['constructor']).toBeUndefined();
    const size = { plan: 'small', zone: 'local', cores: 1, memory: 512, tags: {} };
    await state.recordCreation({ hostname: 'web-01', id: '1', provider: 'local', ...size }, 0);
    await state.update((before) => ({ ...before, scale: { ...before.scale, web: 2 } }));
    const { servers, scale } = await state.read();
    expect([servers['web-01']?.id, servers['constructor'], servers['valueOf']]).toEqual([
      '1',
      undefined,
      undefined,
    ]);
    expect([scale['web'], scale['constructor']]).toEqual([2, undefined]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
