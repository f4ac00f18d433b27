import type { Image } from '@provisioning/extensions-sdk';
import type { LocalConfig } from './schema.ts';

const built = ['debian-12', 'debian-13', 'debian-11', 'ubuntu-22.04', 'ubuntu-24.04'];

/** Operating systems a server can have: those built from a package mirror, and those named in `image_map`. */
export function images(config: LocalConfig): Image[] {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  const names = new Set([...built, ...Object.keys(config.image_map)]);
  return [...names].map((name) => ({
    name,
    arch,
    id: config.image_map[name] ?? name,
    os_family: name.replace(/-.*/, ''),
  }));
}
