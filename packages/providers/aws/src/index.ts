export { AwsConfig, AwsServer } from './config.ts';
export { provider as default } from './provider.ts';
