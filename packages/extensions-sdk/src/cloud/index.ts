export { configIssues, connectionResult, healthResult, validationResult } from './checks.ts';
export { checkSpec, cloudInit, type MountedVolume } from './cloud-init.ts';
export { clockOf, providerClient } from './connection.ts';
export { findCredential, isAuthError, missingCredential, setting } from './credentials.ts';
export { allowRulesOnly, changedRules, cutsSsh, firewallRules } from './firewall.ts';
export {
  infraTags,
  isOurs,
  managedBy,
  namedTags,
  requestTag,
  resourceName,
  serverTags,
  tagNames,
} from './names.ts';
export { RecentCreations } from './recent.ts';
export { S3, type S3Service } from './s3.ts';
export type { S3Keys } from './s3-signature.ts';
export { addressOf, matchingServers, notOurs, serverNotFound, sshAccess, wrongState } from './servers.ts';
