export * from './credentials/credential.ts';
export { DockerCredentials, dockerConfigPath } from './credentials/docker-config.ts';
export { readTokenFile, tokenUser } from './credentials/token-file.ts';
export { ImageLayout, LayoutRepository, openLayout } from './layout/layout.ts';
export * from './oci/content.ts';
export * from './oci/copy.ts';
export * from './oci/descriptor.ts';
export { type Digest, digestOf, isDigest, parseDigest, verifyBytes } from './oci/digest.ts';
export {
  effectiveArtifactType,
  encodeManifest,
  type Index,
  type Manifest,
  parseManifest,
  parseUntrustedJson,
  successors,
} from './oci/manifest.ts';
export * from './oci/media-types.ts';
export { MemoryTarget } from './oci/memory.ts';
export * from './oci/reference.ts';
export type * from './oci/target.ts';
export { type ClientOptions, RegistryClient } from './remote/client.ts';
export { Connections, type ConnectionSettings, proxyFromEnvironment } from './remote/connections.ts';
export { MirroredSource } from './remote/mirrored.ts';
export { RemoteRegistry } from './remote/registry.ts';
export { RemoteRepository } from './remote/repository.ts';
export type { UploadOptions } from './remote/upload.ts';
export { gzip } from './archive/gzip.ts';
export { findSecret, maskSecrets } from './archive/secret-scan.ts';
export { readTar } from './archive/tar-reader.ts';
export { tarHeader, tarPadding, writeTar, type TarFile, type TarSymlink } from './archive/tar-writer.ts';
export { unpack, type UnpackLimits } from './archive/unpack.ts';
export { canonicalJson } from './extension/canonical-json.ts';
export { discardAside, type Replacement, stageExtension, swapBack, swapIn } from './extension/install.ts';
export { kindFolder, packageKinds, parsePackageKind, readKind, type PackageKind } from './extension/kind.ts';
export * from './extension/media-types.ts';
export {
  conflictsOf,
  manifestWarnings,
  type PackageManifest,
  parseRange,
  readPackageManifest,
} from './extension/package-manifest.ts';
export {
  describeManifest,
  encodeExtension,
  type ExtensionPackage,
  packExtension,
  type PackOptions,
} from './extension/pack.ts';
export { hostPlatform, inspectArchive, readExtension, type StoredExtension } from './extension/read.ts';
export { ArtifactCache, type CachedSourceOptions, type CacheOptions } from './cache/artifact-cache.ts';
export { installOrder } from './resolve/order.ts';
export { type Root, type Solution, solve, type SolveOptions } from './resolve/solver.ts';
export {
  type CandidateSource,
  type CapabilityProvider,
  type PackageKey,
  type Requirements,
  shortName,
  splitKey,
  Universe,
} from './resolve/universe.ts';
export { signArtifact, signatureTag, type Verification, verifyArtifact } from './signing/cosign.ts';
export { SigningProgram } from './signing/program.ts';
export { signerLookup } from './signing/signed-content.ts';
export { keyId, readSigningKey, readTrustedKeys, type SigningKey, type TrustedKey } from './signing/keys.ts';
export {
  effectivePolicy,
  type GateEvents,
  insecureRefused,
  type Mode,
  type ModeRules,
  modeRules,
  SignatureGate,
  type SignaturePolicy,
  type SigningSettings,
} from './signing/policy.ts';
export * from './artifacts/artifact-name.ts';
export { exportBundle, importBundle } from './artifacts/bundle.ts';
export { deleteArtifact } from './artifacts/delete.ts';
export * from './artifacts/listing.ts';
export { login, type LoginOptions, logout, passwordRequired, readPassword } from './artifacts/login.ts';
export { LayoutPlace, type Place, RemotePlace } from './artifacts/places.ts';
export { pullExtension, type PullOptions, type PullResult } from './artifacts/pull.ts';
export { loadPackage, pushExtension, type PushOptions, type PushResult } from './artifacts/push.ts';
export { ArtifactSession, type Located, type SessionOptions, tagsOrNone } from './artifacts/session.ts';
export { copyArtifact, mirrorArtifacts, type MirrorOptions, type Transfer } from './artifacts/transfer.ts';
export {
  type Namespaces,
  type OciSettings,
  parseSize,
  readOciSettings,
  type SettingsInput,
} from './settings/oci-settings.ts';
export {
  checkUpdates,
  type UpdateInfo,
  validateDependencies,
  type ValidationFinding,
} from './dependencies/checks.ts';
export { installFolder, type InstalledPackage, readInstalled } from './dependencies/installed.ts';
export { type Origin, readOrigin, treeDigest, writeOrigin } from './extension/origin.ts';
export { type LockedPackage, type LockFile, lockPath, readLock } from './dependencies/lock-file.ts';
export type { DependencyAction, PlannedPackage } from './dependencies/plan.ts';
export {
  resolveDependencies,
  type ResolveOptions,
  type ResolveResult,
} from './dependencies/resolve-workspace.ts';
export { dependencyTree, renderTree, type TreeNode } from './dependencies/tree.ts';
export {
  checkCore,
  type DependencyBlock,
  type Module,
  readDependencyBlock,
} from './dependencies/workspace-block.ts';
export { type MigrationRecord, newestMigration, restoreMigration } from './migration/backup.ts';
export {
  type CollectedModules,
  type CollectOptions,
  collectLocalModules,
  type PlannedMigration,
} from './migration/collect.ts';
export { migrateWorkspace, type MigrationPlan, planMigration } from './migration/migrate.ts';
export { type MigrationCheck, migrationReport, validateMigration } from './migration/validate.ts';
export { ExternalTransfers } from './external/transfers.ts';
export { parseAge } from './artifacts/age.ts';
export { extensionFolders, type Published, publishMany } from './artifacts/publish.ts';
export { signReference, verifyReference } from './artifacts/sign.ts';
export { editModule } from './dependencies/edit-module.ts';
export {
  clientOf,
  type LocalRegistry,
  RegistryControl,
  type RegistryType,
  type StartOptions,
} from './server/control.ts';
export { htpasswdLine } from './server/htpasswd.ts';
export { HarborAdministration, refuseDefaultPassword } from './server/harbor.ts';
export { RegistryServer, type RegistryServerOptions } from './server/registry-server.ts';
export {
  collectGarbage,
  type CollectionResult,
  expiredTags,
  namespacePolicies,
  type NamespacePolicy,
} from './server/retention.ts';
export {
  type BundleEntry,
  checkBundle,
  checkPair,
  checkSupport,
  type CompatibilityMatrix,
  type CompatibilityVerdict,
  entryFor,
} from './compatibility/matrix.ts';
export { ownMatrix, rangesOf } from './compatibility/own-matrix.ts';
export {
  cleanPacks,
  type ListedPack,
  listPacks,
  type PackInput,
  type PackMetadata,
  packOne,
  type PackResult,
} from './packs/packs.ts';
export { verifyArchive } from './artifacts/download.ts';
export { buildIndex } from './static-index/build.ts';
export { verifyIndex } from './static-index/verify.ts';
export { findPack, type UnpackedPack, unpackPack } from './packs/unpack-pack.ts';
export { IndexClient } from './static-index/client.ts';
export {
  type IndexExtension,
  type IndexVersion,
  parseIndex,
  type StaticIndex,
} from './static-index/format.ts';
export { collectYoungGarbageWith } from './oci/young-garbage.ts';
export { BlobFolder } from './layout/blobs.ts';
export { rateLimited } from './remote/errors.ts';
export { GitHost, type GitHostKind, type GitHostOptions } from './git/host.ts';
export { type GitExtension, type GitRelease, GitReleases, repositorySuffix } from './git/releases.ts';
export type { Provided, ProvidedExtension } from './dependencies/candidates.ts';
export { identifyExtension } from './lifecycle/identify.ts';
export {
  type InstalledVersion,
  installExtensions,
  type InstallOptions,
  type InstallQuestion,
} from './lifecycle/install.ts';
export {
  type RemovedExtension,
  type RemoveOptions,
  removeUserExtension,
  removeWorkspaceExtension,
} from './lifecycle/remove.ts';
export { updateExtensions } from './lifecycle/update.ts';
export { readUserExtensions, type UserExtension, userFolder } from './lifecycle/user-extensions.ts';
export { publishExtension, type PublishOptions, type PublishReport } from './publish/pipeline.ts';
export { releaseTag, tagRelease } from './publish/tag.ts';
export { type PublishTarget, publishTargets, type TargetResult } from './publish/targets.ts';
export {
  type ComponentName,
  componentFolders,
  componentNames,
  Prefix,
  prefixOf,
} from './installation/prefix.ts';
export { writeCommandFiles } from './installation/command-files.ts';
export { installedVersion, readReceipt, type Receipt } from './installation/receipt.ts';
export {
  newestStable,
  type ReleaseIndex,
  type ReleasedVersion,
  ReleaseSource,
} from './installation/releases.ts';
export { parseChecksums, sha256Of, verifyChecksum, verifySignature } from './installation/verify.ts';
export { releasePlatform, resolveSelection, type Selection } from './installation/plan.ts';
export { checkWritable, install, type InstallResult } from './installation/install.ts';
export {
  rollback,
  type ServiceControl,
  upgrade,
  type UpgradeOptions,
  type UpgradeResult,
} from './installation/upgrade.ts';
export { uninstall, type UninstallOptions, type UninstallResult } from './installation/uninstall.ts';
