export * from './error.ts';
export * from './operation.ts';
export * from './provider-error.ts';
export * from './provider.ts';
export * from './schemas/name.ts';
export * from './schemas/server.ts';
export * from './secret.ts';
export * from './transport.ts';
