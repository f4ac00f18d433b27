import { join } from 'node:path';
import { Value } from 'typebox/value';
import { Settings } from './settings.ts';

/** Everything at its default, files below `dataDir`. */
export function defaultSettings(dataDir: string): Settings {
  const settings = skeleton() as Settings;
  settings.paths = { data_dir: dataDir, logs_dir: join(dataDir, 'logs') };
  return settings;
}

/** All sections with their defaults. */
export function skeleton(): Record<string, unknown> {
  const sections: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(Settings.properties)) {
    const { properties } = schema as { properties?: Record<string, { properties?: object }> };
    if (!properties) continue;
    sections[name] = Object.fromEntries(
      Object.entries(properties).flatMap(([key, part]) => (part.properties ? [[key, {}]] : [])),
    );
  }
  Object.assign(sections, { paths: { data_dir: '', logs_dir: '' } });
  return Value.Default(Settings, sections) as Record<string, unknown>;
}
