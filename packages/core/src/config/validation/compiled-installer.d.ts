import type { CompiledValidator } from './schema-issues.ts';

export const Installer: CompiledValidator;
