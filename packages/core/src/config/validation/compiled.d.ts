import type { CompiledValidator } from './schema-issues.ts';

export const Configuration: CompiledValidator;
export const InfrastructureDefinition: CompiledValidator;
export const Server: CompiledValidator;
